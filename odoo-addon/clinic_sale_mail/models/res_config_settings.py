from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    clinic_sale_mail = fields.Selection(
        related="company_id.clinic_sale_mail", readonly=False, required=True
    )
    clinic_sale_mail_template_id = fields.Many2one(
        related="company_id.clinic_sale_mail_template_id", readonly=False
    )
