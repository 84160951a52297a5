from odoo import SUPERUSER_ID, fields, models

from .clinic_mail_outbox import SENT_BEFORE, STAFF

#: Chosen where the order is confirmed: said in the outbox, not once more in the chatter.
SILENT_REASONS = ("company_off", "order_off")
#: Rows whose mail never left and never will.
NEVER_SENT = ("unsent", "discarded")


class ClinicMailDocumentRules(models.AbstractModel):
    """Whether the confirmation of a document is mailed."""

    _inherit = "clinic.mail.document"

    clinic_mail_send = fields.Selection(
        [("send", "Send"), ("skip", "Do not send")],
        string="Mail on Confirmation",
        copy=False,
        groups=STAFF,
    )
    clinic_mail_sent_by_staff_at = fields.Datetime(
        "Order Sent by Mail On", readonly=True, copy=False, groups=STAFF
    )

    def _clinic_mail_skip_reasons(self):
        """Why no mail shall go out, as a code of the outbox by document id.

        Documents whose mail shall go out are left out.
        """
        before = self._clinic_mail_sent_before()
        reasons = {}
        for document in self:
            reason = document._clinic_mail_skip_reason(document.id in before)
            if reason:
                reasons[document.id] = reason
        return reasons

    def _clinic_mail_skip_reason(self, sent_before):
        """The document's own switch counts first, then what happened, then partner and company."""
        self.ensure_one()
        if self.clinic_mail_send:
            return "order_off" if self.clinic_mail_send == "skip" else None
        if self.env.context.get("import_file"):
            return "imported"
        if sent_before:
            return SENT_BEFORE
        if self.clinic_mail_sent_by_staff_at:
            return "sent_by_staff"
        return self._clinic_mail_switched_off()

    def _clinic_mail_switched_off(self):
        """Code why partner or company wants no mail; None when they want one."""
        raise NotImplementedError

    def _clinic_mail_sent_before(self):
        """Ids of the documents for which a mail was handed over, or waits to be."""
        rows = self.env["clinic.mail.outbox"].search(
            [
                ("res_model", "=", self._name),
                ("res_id", "in", self.ids),
                ("state", "not in", NEVER_SENT),
            ]
        )
        return set(rows.mapped("res_id"))

    def _clinic_mail_after_enqueue(self, rows):
        """Say in the chatter what is not sent, and forget what counted once."""
        self.filtered(lambda document: document.clinic_mail_send == "send").clinic_mail_send = False
        bodies = {}
        # What a customer confirms, in the portal as OdooBot, leaves notes for staff all the same.
        by_staff = self.env.uid != SUPERUSER_ID and self.env.user._is_internal()
        for company, own in rows.grouped("company_id").items():
            language = self.env.lang if by_staff else company.partner_id.lang or self.env.lang
            texts = self.with_context(lang=language).env
            labels = dict(rows._fields["reason_code"]._description_selection(texts))
            bodies |= {
                row.res_id: texts._("No confirmation mail was sent: %s.", labels[row.reason_code])
                for row in own
                if row.state == "unsent" and row.reason_code not in SILENT_REASONS
            }
        documents = self.filtered(lambda document: document.id in bodies)
        if documents:
            author = None if by_staff else self.env.ref("base.partner_root").id
            documents._message_log_batch(bodies, author_id=author)

    # -- sent by staff

    def _clinic_mail_mark_sent(self, template, partners=None):
        """Remember that the partner has the order, by whichever template says that it is one.

        :param template: the one that staff sent
        :param partners: to whom; None: to each document's own
        """
        for document in self:
            partner = document.partner_id.commercial_partner_id
            to_partner = partners is None or partner in partners.commercial_partner_id
            if to_partner and template in document.sudo()._clinic_mail_order_templates():
                document.sudo().clinic_mail_sent_by_staff_at = fields.Datetime.now()

    def _clinic_mail_order_templates(self):
        """Templates of mails that tell the partner of the order, as a confirmation does."""
        raise NotImplementedError
