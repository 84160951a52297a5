from odoo import models


class MailComposeMessage(models.TransientModel):
    _inherit = "mail.compose.message"

    def _action_send_mail(self, auto_commit=False):
        result = super()._action_send_mail(auto_commit=auto_commit)
        for composer in self:
            composer._clinic_mail_mark_sent()
        return result

    def _clinic_mail_mark_sent(self):
        """Tell documents with a confirmation mail of a mail that staff sent by a template.

        A request for quotation is no order: after it the confirmation is still news.
        """
        documents = self.env.get(self.model) if self.model else None
        if documents is None or not self.template_id:
            return
        if not isinstance(documents, self.env.registry["clinic.mail.document"]):
            return
        partners = None if self.composition_mode == "mass_mail" else self.partner_ids
        orders = documents.browse(self._evaluate_res_ids()).exists()
        orders._clinic_mail_mark_sent(self.template_id, partners)
