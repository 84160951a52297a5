from odoo import fields, models

#: Odoo's own mails, as though this addon were not there.
OFF = "off"
#: A mail where Odoo would send one, and only there.
AS_ODOO = "odoo"
#: A mail for confirmations by staff too.
EVERY = "every"


class ResCompany(models.Model):
    _inherit = "res.company"

    clinic_sale_mail = fields.Selection(
        [
            (OFF, "Off: Odoo sends them itself"),
            (AS_ODOO, "As Odoo would"),
            (EVERY, "For every confirmation"),
        ],
        string="Confirmation Mails of Sales",
        required=True,
        default=AS_ODOO,
        help="As Odoo would: when a customer signs, pays or orders in the web shop, and where "
        "the quotation template has a mail of its own. For every confirmation: also when staff "
        "confirm. Off: Odoo sends its own mails while the confirmation waits.",
    )
    clinic_sale_mail_template_id = fields.Many2one(
        "mail.template",
        "Sales Confirmation Mail Template",
        domain=[("model", "=", "sale.order")],
        help="Odoo renders it in the customer's language. Empty: the hub's own templates. "
        "The mail of a quotation template counts before it. Attachments of the template are "
        "not sent.",
    )
