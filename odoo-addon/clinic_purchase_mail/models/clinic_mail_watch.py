from datetime import timedelta

from odoo import api, models
from odoo.tools import clean_context

from .clinic_mail_outbox import UNDECIDED

#: Rows whose personal data is removed in one transaction; a full batch calls for another run.
FORGET_ROWS = 1000


class ClinicMailWatch(models.Model):
    """Tells an administrator of lasting failure, and forgets what became old."""

    _name = "clinic.mail.outbox"
    _inherit = ["clinic.mail.outbox", "mail.thread", "mail.activity.mixin"]
    # Nobody writes rows by hand; marking an activity as done leaves a note.
    _mail_post_access = "read"

    @api.model_create_multi
    def create(self, vals_list):
        # A note "created" and a follower each would cost more than the row itself.
        # Defaults of the caller's context are for what it creates itself, not for rows.
        quiet = self.with_context(
            clean_context(self.env.context), tracking_disable=True, mail_create_nosubscribe=True
        )
        return super(ClinicMailWatch, quiet).create(vals_list).with_env(self.env)

    # -- alarm

    @api.model
    def _job_watch(self):
        # A handful of companies, each with a time of its own.
        for company in self.env["res.company"].sudo().search([]):  # pylint: disable=no-search-all
            company._clinic_mail_watch()

    @api.model
    def _oldest_failing(self, company):
        """The row that waits longest of those that were tried in vain."""
        return self.sudo().search(
            [
                ("state", "=", "pending"),
                ("reason_code", "!=", False),
                ("company_id", "=", company.id),
            ],
            order="create_date, id",
            limit=1,
        )

    # -- personal data

    @api.model
    def _forgotten_fields(self):
        """Fields that hold personal data: the message, and words of servers that may quote it."""
        return ["body", "reason"]

    @api.model
    def _job_forget(self):
        for company in self.env["res.company"].sudo().search([("clinic_mail_keep_days", ">", 0)]):
            rows = self.sudo().search(self._to_forget_domain(company), limit=FORGET_ROWS)
            rows.write(dict.fromkeys(self._forgotten_fields(), False) | {"to_render": False})
            if len(rows) == FORGET_ROWS:
                self.env.ref("clinic_purchase_mail.job_forget").sudo()._trigger()

    @api.model
    def _to_forget_domain(self, company):
        names = self._forgotten_fields()
        anything = ["|"] * (len(names) - 1) + [(name, "!=", False) for name in names]
        before = self._now() - timedelta(days=company.clinic_mail_keep_days)
        return [
            ("company_id", "=", company.id),
            ("state", "not in", UNDECIDED),
            ("create_date", "<", before),
            *anything,
        ]
