from odoo import api, fields, models
from odoo.exceptions import ValidationError


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
