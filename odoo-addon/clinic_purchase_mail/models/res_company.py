from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import format_datetime


class ResCompany(models.Model):
    _inherit = "res.company"

    clinic_mail_send = fields.Boolean(
        "Send Confirmation Mails",
        default=True,
        help="A vendor or an order can be excepted.",
    )
    clinic_mail_template_id = fields.Many2one(
        "mail.template",
        "Confirmation Mail Template",
        domain=[("model", "=", "purchase.order")],
        help="Odoo renders it in the vendor's language. Empty: the hub's own templates. "
        "Attachments of the template are not sent.",
    )
    clinic_mail_alarm_minutes = fields.Integer(
        "Alarm After",
        default=60,
        help="Minutes that a mail may fail to be handed over until an activity tells an "
        "administrator. 0: never.",
    )
    clinic_mail_alarm_user_id = fields.Many2one(
        "res.users",
        "Alarm To",
        domain=[("share", "=", False)],
        help="Empty: an administrator of Odoo.",
    )
    clinic_mail_alarm_since = fields.Datetime(
        "Alarm Since", readonly=True, help="When the alarm was raised that still holds."
    )
    clinic_mail_keep_days = fields.Integer(
        "Keep Messages For",
        default=180,
        help="Days after which text and reasons are removed from what was sent or given up; "
        "IDs and states stay. 0: never.",
    )

    @api.constrains("clinic_mail_alarm_minutes", "clinic_mail_keep_days")
    def _check_clinic_mail_ages(self):
        for company in self:
            if company.clinic_mail_alarm_minutes < 0 or company.clinic_mail_keep_days < 0:
                raise ValidationError(
                    self.env._("Ages of confirmation mails cannot be negative; 0 means never.")
                )

    def _clinic_mail_watch(self):
        """Raise the alarm once when mails fail for too long; end it when none fails any more."""
        self.ensure_one()
        outbox = self.env["clinic.mail.outbox"].sudo()
        row = outbox._oldest_failing(self)
        if not row:
            self._clinic_mail_end_alarm()
            return
        minutes = self.clinic_mail_alarm_minutes
        late = row.create_date <= fields.Datetime.now() - timedelta(minutes=minutes)
        if minutes and late and not self.clinic_mail_alarm_since:
            self._clinic_mail_raise_alarm(row)

    def _clinic_mail_raise_alarm(self, row):
        self.clinic_mail_alarm_since = fields.Datetime.now()
        user = self.clinic_mail_alarm_user_id or self._clinic_mail_administrator()
        texts = self.with_context(lang=user.lang)
        labels = dict(row._fields["reason_code"]._description_selection(texts.env))
        row.with_context(lang=user.lang).activity_schedule(
            "clinic_purchase_mail.mail_activity_failure",
            summary=texts.env._("Confirmation mails are not handed over"),
            note=texts.env._(
                "The mail of %(order)s waits since %(since)s UTC: %(reason)s.",
                order=row.order_name,
                since=format_datetime(texts.env, row.create_date, tz="UTC"),
                reason=labels[row.reason_code],
            ),
            user_id=user.id,
        )

    def _clinic_mail_end_alarm(self):
        if not self.clinic_mail_alarm_since:
            return
        self.clinic_mail_alarm_since = False
        outbox = self.env["clinic.mail.outbox"].sudo()
        kind = self.env.ref("clinic_purchase_mail.mail_activity_failure")
        activities = (
            self.env["mail.activity"]
            .sudo()
            .search([("activity_type_id", "=", kind.id), ("res_model", "=", outbox._name)])
        )
        rows = outbox.browse(activities.mapped("res_id")).exists()
        own = rows.filtered(lambda row: row.company_id == self)
        activities.filtered(lambda activity: activity.res_id in own.ids).unlink()

    def _clinic_mail_administrator(self):
        """An administrator of Odoo who may see this company."""
        administrators = self.env.ref("base.group_system").users.filtered(
            lambda user: user.active and not user.share and self in user.company_ids
        )
        first = self.env.ref("base.user_admin", raise_if_not_found=False)
        if first and first in administrators:
            return first
        return administrators.sorted("id")[:1] or self.env.ref("base.user_root")
