from odoo import api, fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    clinic_mail_amqp_url = fields.Char(
        "Message Broker",
        config_parameter="clinic_purchase_mail.amqp_url",
        help="amqp://user:password@host:5672/vhost, special characters percent-encoded. "
        "The server's configuration and environment count before it.",
    )
    clinic_mail_signing_key_id = fields.Char(
        "Signing Key ID", config_parameter="clinic_purchase_mail.signing_key_id"
    )
    clinic_mail_signing_key = fields.Char(
        "Signing Key",
        config_parameter="clinic_purchase_mail.signing_key",
        help="Shared with the hub. Empty: messages are not signed.",
    )
    clinic_mail_document_link = fields.Boolean(
        "Attach the Order",
        config_parameter="clinic_purchase_mail.document_link",
        help="The hub fetches the order as PDF and attaches it to the mail.",
    )
    clinic_mail_overdue_since = fields.Datetime(
        "Scheduled Action Overdue Since", compute="_compute_clinic_mail_overdue_since"
    )

    @api.depends("company_id")
    def _compute_clinic_mail_overdue_since(self):
        self.clinic_mail_overdue_since = self.env["clinic.mail.outbox"]._job_overdue_since()
