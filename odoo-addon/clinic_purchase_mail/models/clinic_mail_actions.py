from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from .clinic_mail_outbox import UNDECIDED

#: May act on every row.
ADMINISTRATORS = "base.group_system"
#: Two people who send a mail again within so many seconds, or one who presses twice, mean one mail.
AGAIN_SECONDS = 60
#: Statuses of mails that did not leave the hub: another one is no second mail.
NOT_LEFT = ("unsent", "skipped", "discarded", "parked")


class ClinicMailActions(models.Model):
    """What people do to rows of the outbox; who did it stays in the row."""

    _inherit = "clinic.mail.outbox"

    requested_at = fields.Datetime("Sent Again On", readonly=True, copy=False)
    requested_by_id = fields.Many2one(
        "res.users",
        "Sent Again By",
        readonly=True,
        copy=False,
        help="Empty: the mail of the confirmation itself.",
    )
    retried_at = fields.Datetime("Retried On", readonly=True, copy=False)
    retried_by_id = fields.Many2one("res.users", readonly=True, copy=False)
    discarded_at = fields.Datetime("Discarded On", readonly=True, copy=False)
    discarded_by_id = fields.Many2one("res.users", readonly=True, copy=False)

    def action_retry(self):
        """Try again at once what waits, and write anew what could not be written.

        A row that was not sent by a rule is sent: whoever asks overrides the rule.

        :raises UserError: when a row was handed over or discarded already
        """
        rows = self._clinic_mail_to_act_on()
        if any(row.state not in ("pending", "unsent") for row in rows):
            raise UserError(self.env._("Only mails that wait or were not sent can be retried."))
        audit = {"retried_at": fields.Datetime.now(), "retried_by_id": self.env.uid}
        waiting = rows.filtered(lambda row: row.state == "pending")
        waiting.write(
            {
                "next_try": fields.Datetime.now(),
                "reason_code": False,
                "reason": False,
                **audit,
            }
        )
        for row in rows - waiting:
            row.write(row._clinic_mail_written_anew() | audit)
        rows._wake_at_commit()

    def action_discard(self):
        """Give up mails that were not handed over.

        :raises UserError: when a row was handed over already, or is just being so
        """
        rows = self._clinic_mail_to_act_on()
        rows._check_undecided(("pending", "held", "unsent"))
        now = fields.Datetime.now()
        rows.write(
            {"state": "discarded", "discarded_at": now, "discarded_by_id": self.env.uid}
        )

    def action_hold(self):
        """Keep mails that wait from leaving until somebody releases them.

        :raises UserError: when a row was handed over already, or is just being so
        """
        rows = self._clinic_mail_to_act_on()
        rows._check_undecided(("pending",))
        rows.write({"state": "held"})

    def action_release(self):
        """Let mails go that were held."""
        rows = self._clinic_mail_to_act_on()
        if any(row.state != "held" for row in rows):
            raise UserError(self.env._("Only mails that are held can be released."))
        rows.write({"state": "pending", "next_try": fields.Datetime.now()})
        rows._wake_at_commit()

    @api.model
    def hold_pending(self):
        """Hold whatever waits: for the one who restores a database, before its jobs run.

        The hub knows by their ids the mails that left before; but what the restored
        database still wants to send, a person shall look through.

        :return: how many are held now
        """
        if not self.env.is_system():
            raise AccessError(self.env._("Only an administrator holds all confirmation mails."))
        rows = self.sudo().search([("state", "=", "pending")])
        rows.write({"state": "held", "lease_token": False, "lease_until": False})
        return len(rows)

    def _check_undecided(self, states):
        now = fields.Datetime.now()
        for row in self:
            if row.state not in states:
                raise UserError(
                    self.env._("The mail of %s was handed over or discarded already.", row.order_name)
                )
            if row.lease_until and row.lease_until > now:
                raise UserError(
                    self.env._(
                        "The mail of %s is being handed over. Try again in two minutes.",
                        row.order_name,
                    )
                )

    def _requested_just_now(self):
        self.ensure_one()
        since = fields.Datetime.now() - timedelta(seconds=AGAIN_SECONDS)
        return bool(
            self.requested_at and self.requested_at > since and self.status not in NOT_LEFT
        )

    def _clinic_mail_to_act_on(self):
        """The rows with rights to change them, once the person's own are checked."""
        if not self.env.su and not self.env.user.has_group(ADMINISTRATORS):
            self._check_acting_group()
        self.check_access("read")
        return self.sudo()

    def _check_acting_group(self):
        """Each kind of document has administrators of its own, who act on its mails only.

        :raises AccessError: when the person is none of them for one of the rows
        """
        groups = self._acting_groups()
        for model in set(self.sudo().mapped("res_model")):
            group, refusal = groups.get(model) or (None, None)
            if not group or not self.env.user.has_group(group):
                raise AccessError(
                    refusal or self.env._("Only an administrator acts on these mails.")
                )

    @api.model
    def _acting_groups(self):
        """By model of the document: the group of its administrators, and what others are told."""
        return {
            "purchase.order": (
                "purchase.group_purchase_manager",
                self.env._("Only purchase administrators retry or discard confirmation mails."),
            )
        }

    def _clinic_mail_written_anew(self):
        """Values of a row that was never sent, by the order as it is now, under its own ID."""
        self.ensure_one()
        order = self._document()
        if not order or not order._clinic_mail_confirmed():
            raise UserError(
                self.env._("%s is not confirmed any more: nothing to mail.", self.order_name)
            )
        order._clinic_mail_one_at_a_time()
        others = order._clinic_mail_rows() - self
        if any(row.state in UNDECIDED for row in others):
            raise UserError(
                self.env._(
                    "Another mail of %s has not left yet: it goes out once.", self.order_name
                )
            )
        if any(row.id > self.id and row.state == "published" for row in others):
            raise UserError(
                self.env._(
                    "A newer mail of %s was handed over. Send it again from the order, "
                    "if it shall go out once more.",
                    self.order_name,
                )
            )
        values = {
            "state": "pending",
            "reason_code": False,
            "reason": False,
            "lease_token": False,
            "lease_until": False,
        }
        return values | order._clinic_mail_row(message_id=self.uuid)
