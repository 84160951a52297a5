from odoo import api, fields, models


class ResPartner(models.Model):
    _inherit = "res.partner"

    clinic_sale_mail_send = fields.Selection(
        [("always", "Send"), ("never", "Do not send")],
        string="Confirmation Mails of Sales",
        company_dependent=True,
        help="Send: for every confirmation, also by staff. Empty: as the company says. Where "
        "the company leaves these mails to Odoo, it does not count.",
    )

    @api.model
    def _commercial_fields(self):
        return [*super()._commercial_fields(), "clinic_sale_mail_send"]
