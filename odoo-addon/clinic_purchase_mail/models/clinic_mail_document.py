from odoo import fields, models
from odoo.exceptions import UserError
from odoo.osv import expression
from odoo.tools import SQL, format_datetime

from ..contract import mail_outcome
from .clinic_mail_outbox import SENT_BEFORE, STAFF, STATUS, UNDECIDED


class ClinicMailDocument(models.AbstractModel):
    """A document whose confirmation is mailed, and what became of that mail."""

    _name = "clinic.mail.document"
    _description = "Document with a Confirmation Mail"

    #: The list of the outbox that those see who work with such documents.
    _clinic_mail_action = "clinic_purchase_mail.clinic_mail_outbox_action"

    clinic_mail_status = fields.Selection(
        STATUS,
        string="Confirmation Mail",
        compute="_compute_clinic_mail",
        search="_search_clinic_mail_status",
        compute_sudo=True,
        groups=STAFF,
    )
    clinic_mail_note = fields.Char(
        "About the Confirmation Mail",
        compute="_compute_clinic_mail",
        compute_sudo=True,
        groups=STAFF,
    )

    def _compute_clinic_mail(self):
        rows = self._clinic_mail_rows()
        latest = {
            row.res_id: row
            for row in rows.sorted("id")
            if (row.state, row.reason_code) != ("unsent", SENT_BEFORE)
        }
        for document in self:
            row = latest.get(document.id)
            document.clinic_mail_status = row.status if row else False
            document.clinic_mail_note = row._about() if row else False

    def _search_clinic_mail_status(self, operator, value):
        if operator not in ("=", "!=", "in", "not in"):
            raise NotImplementedError(operator)
        wanted = list(value) if isinstance(value, list | tuple | set) else [value]
        known = [name for name, _label in STATUS]
        if any(each and each not in known for each in wanted):
            raise UserError(
                self.env._(
                    "%(value)s is no status of a confirmation mail. There are: %(known)s.",
                    value=", ".join(str(each) for each in wanted),
                    known=", ".join(known),
                )
            )
        self.env["clinic.mail.outbox"].flush_model(
            ["res_model", "res_id", "state", "reason_code", "status"]
        )
        latest = SQL(
            "SELECT DISTINCT ON (res_id) res_id, status FROM clinic_mail_outbox"
            " WHERE res_model = %s AND NOT (state = 'unsent' AND COALESCE(reason_code, '') = %s)"
            " ORDER BY res_id, id DESC",
            self._name,
            SENT_BEFORE,
        )
        named = tuple(each for each in wanted if each)
        domain = [
            (
                "id",
                "in",
                SQL("(SELECT res_id FROM (%s) latest WHERE status IN %s)", latest, named or ("",)),
            )
        ]
        if not all(wanted):
            none = [("id", "not in", SQL("(SELECT res_id FROM (%s) latest)", latest))]
            domain = expression.OR([domain, none])
        if operator in ("!=", "not in"):
            domain = ["!", *expression.normalize_domain(domain)]
        return domain

    def _clinic_mail_rows(self):
        return (
            self.env["clinic.mail.outbox"]
            .sudo()
            .search([("res_model", "=", self._name), ("res_id", "in", self.ids)], order="id desc")
        )

    def action_clinic_mail_open(self):
        """The document's mails: the one, or the list of them."""
        self.ensure_one()
        self.check_access("read")
        rows = self._clinic_mail_rows()
        action = self.env["ir.actions.actions"]._for_xml_id(self._clinic_mail_action)
        action["domain"] = [("id", "in", rows.ids)]
        if len(rows) == 1:
            forms = [view for view in action["views"] if view[1] == "form"]
            action |= {"res_id": rows.id, "views": forms}
        return action

    def action_clinic_mail_send_again(self):
        """A new message with its own id, whatever the rules and the earlier ones say.

        :raises UserError: when the document is not confirmed, when a mail of it still waits, or
            when somebody sent it again just now
        """
        self.ensure_one()
        self.check_access("write")
        self._clinic_mail_one_at_a_time()
        if not self._clinic_mail_confirmed():
            raise UserError(self.env._("%s is not confirmed: nothing to mail.", self.display_name))
        rows = self._clinic_mail_rows()
        if any(row.state in UNDECIDED for row in rows):
            raise UserError(
                self.env._("The mail of %s has not left yet: it goes out once.", self.display_name)
            )
        again = rows.filtered(lambda row: row._requested_just_now())[:1]
        if again:
            raise UserError(
                self.env._(
                    "The mail of %(order)s was sent again just now, by %(person)s. "
                    "If it shall go out once more, wait a minute.",
                    order=self.display_name,
                    person=again.requested_by_id.name,
                )
            )
        document = self.sudo()
        audit = {"requested_at": fields.Datetime.now(), "requested_by_id": self.env.uid}
        row = self.env["clinic.mail.outbox"].sudo().create(document._clinic_mail_row() | audit)
        if row.state == "pending":
            document._message_log(body=self.env._("The confirmation mail is sent again."))
        else:
            document._clinic_mail_after_enqueue(row)

    def _clinic_mail_one_at_a_time(self):
        """Let nobody else decide on the document's mails before this transaction ends.

        Whoever comes second waits, and fails to serialize: Odoo runs their request once more,
        which then sees what the first one did.
        """
        query = SQL(
            "UPDATE %s SET write_date = write_date WHERE id IN %s",
            SQL.identifier(self._table),
            tuple(self.ids),
        )
        self.env.cr.execute(query, log_exceptions=False)

    def _clinic_mail_confirmed(self):
        """Whether the document is in a state of which its partner may hear."""
        raise NotImplementedError

    def _clinic_mail_tell(self, row):
        """Say in the chatter what became of the mail.

        The line carries the mail's Message-ID, so that an answer to the mail comes to this
        document; one line only, for an answer is looked up by it.
        """
        self.ensure_one()
        company = self.company_id or self.env.company
        texts = self.with_context(lang=company.partner_id.lang or self.env.lang)
        options = {}
        message_id = row.mail_message_id
        sent = row.outcome in (mail_outcome.DELIVERED, mail_outcome.UNKNOWN)
        # The hub makes it of the row's ID; another one would draw a stranger's answers here.
        own = message_id and row.uuid in message_id
        known = [("message_id", "=", message_id)]
        if own and sent and not self.env["mail.message"].sudo().search_count(known, limit=1):
            options["message_id"] = message_id
        texts.message_post(
            body=row.with_context(lang=texts.env.lang)._story(),
            author_id=self.env.ref("base.partner_root").id,
            subtype_xmlid="mail.mt_note",
            **options,
        )


class ClinicMailOutboxStory(models.Model):
    """A row in words."""

    _inherit = "clinic.mail.outbox"

    def _document(self):
        """The document; None when it was deleted, or its kind's module uninstalled."""
        self.ensure_one()
        if self.res_model not in self.env:
            return None
        document = self.env[self.res_model].browse(self.res_id)
        if not isinstance(document, self.env.registry["clinic.mail.document"]):
            return None
        return document.exists() or None

    def _about(self):
        """One short line beside the status: when, and why."""
        self.ensure_one()
        if self.state == "published":
            moment = self.outcome_retry_at if self.outcome == mail_outcome.RETRYING else None
            moment = moment or self.outcome_at or self.published_at
            reason = self.smtp_response if self.outcome == mail_outcome.DELIVERED else None
            reason = reason or self.outcome_reason
        else:
            moment = None
            labels = dict(self._fields["reason_code"]._description_selection(self.env))
            reason = labels.get(self.reason_code)
        when = format_datetime(self.env, moment, dt_format="short") if moment else None
        return " · ".join(filter(None, [when, reason])) or False

    def _story_partner(self):
        """Who gets the mail, where its address is not known."""
        return self.env._("the vendor")

    def _story(self):
        self.ensure_one()
        texts = self.env
        recipient = self.mail_recipient or self._story_partner()
        reason = self.outcome_reason or self.smtp_response or texts._("no reason given")
        if self.outcome == mail_outcome.DELIVERED:
            return texts._(
                "Confirmation mail delivered to %(recipient)s. The mail server's answer: %(answer)s",
                recipient=recipient,
                answer=self.smtp_response or texts._("none"),
            )
        if self.outcome == mail_outcome.RETRYING and self.outcome_person:
            return texts._(
                "Confirmation mail to %(recipient)s let go again in the hub by %(person)s.",
                recipient=recipient,
                person=self.outcome_person,
            )
        if self.outcome == mail_outcome.RETRYING:
            return texts._(
                "Confirmation mail to %(recipient)s not taken yet, it is tried again: %(reason)s",
                recipient=recipient,
                reason=reason,
            )
        if self.outcome == mail_outcome.UNKNOWN:
            return texts._(
                "Confirmation mail to %(recipient)s may or may not have arrived; "
                "ask before it is sent again: %(reason)s",
                recipient=recipient,
                reason=reason,
            )
        if self.outcome == mail_outcome.DISCARDED:
            return texts._(
                "Confirmation mail to %(recipient)s given up in the hub by %(person)s.",
                recipient=recipient,
                person=self.outcome_person or texts._("a person"),
            )
        return texts._(
            "Confirmation mail to %(recipient)s parked in the hub until a person decides: %(reason)s",
            recipient=recipient,
            reason=reason,
        )
