from odoo import api, fields, models


class ResPartner(models.Model):
    _inherit = "res.partner"

    clinic_mail_send = fields.Selection(
        [("always", "Send"), ("never", "Do not send")],
        string="Confirmation Mails",
        company_dependent=True,
        help="Empty: as the company says.",
    )

    @api.model
    def _commercial_fields(self):
        return [*super()._commercial_fields(), "clinic_mail_send"]
