from odoo import fields, models


class MailComposeMessage(models.TransientModel):
    _inherit = "mail.compose.message"

    def _action_send_mail(self, auto_commit=False):
        result = super()._action_send_mail(auto_commit=auto_commit)
        for composer in self:
            composer._clinic_mail_mark_sent()
        return result

    def _clinic_mail_mark_sent(self):
        """Remember that the vendor has the order, by whichever template says that it is one.

        A request for quotation is none: after it the confirmation is still news.
        """
        if self.model != "purchase.order" or not self.template_id:
            return
        orders = self.env["purchase.order"].browse(self._evaluate_res_ids())
        stock = self.env.ref("purchase.email_template_edi_purchase_done", raise_if_not_found=False)
        for order in orders.exists():
            template = order.company_id.sudo().clinic_mail_template_id
            vendor = order.partner_id.commercial_partner_id
            to_vendor = (
                self.composition_mode == "mass_mail"
                or vendor in self.partner_ids.commercial_partner_id
            )
            if self.template_id in (stock, template) and to_vendor:
                order.sudo().clinic_mail_sent_by_staff_at = fields.Datetime.now()
