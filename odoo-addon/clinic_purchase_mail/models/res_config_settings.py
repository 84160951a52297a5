from odoo import api, fields, models

from ..amqp.address import SettingsError, read_address


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
    clinic_mail_neutralized = fields.Boolean(
        "Neutralised Copy", compute="_compute_clinic_mail_neutralized"
    )
    clinic_mail_broker_place = fields.Selection(
        [
            ("configuration", "The server's configuration"),
            ("environment", "The server's environment"),
            ("database", "These settings"),
        ],
        string="Broker Named By",
        compute="_compute_clinic_mail_broker",
    )
    clinic_mail_broker_address = fields.Char(
        "Broker in Use", compute="_compute_clinic_mail_broker", help="Without its password."
    )
    clinic_mail_send = fields.Boolean(related="company_id.clinic_mail_send", readonly=False)
    clinic_mail_template_id = fields.Many2one(
        related="company_id.clinic_mail_template_id", readonly=False
    )
    clinic_mail_alarm_minutes = fields.Integer(
        related="company_id.clinic_mail_alarm_minutes", readonly=False
    )
    clinic_mail_alarm_user_id = fields.Many2one(
        related="company_id.clinic_mail_alarm_user_id", readonly=False
    )
    clinic_mail_keep_days = fields.Integer(
        related="company_id.clinic_mail_keep_days", readonly=False
    )

    @api.model
    def default_get(self, fields):
        """Odoo reads the parameters behind its settings for whoever asks, portal users too."""
        secret = {"clinic_mail_amqp_url", "clinic_mail_signing_key_id", "clinic_mail_signing_key"}
        if not self.has_access("create"):
            fields = [name for name in fields if name not in secret]
        return super().default_get(fields)

    @api.depends("company_id")
    def _compute_clinic_mail_overdue_since(self):
        self.clinic_mail_overdue_since = self.env["clinic.mail.outbox"]._job_overdue_since()

    @api.depends("company_id")
    def _compute_clinic_mail_neutralized(self):
        parameters = self.env["ir.config_parameter"].sudo()
        self.clinic_mail_neutralized = bool(parameters.get_param("database.is_neutralized"))

    @api.depends("company_id")
    def _compute_clinic_mail_broker(self):
        settings, place = self.env["clinic.mail.broker"]._settings_and_place()
        try:
            address = str(read_address(settings) or "")
        except SettingsError as error:
            address = str(error)
        self.clinic_mail_broker_place = place
        self.clinic_mail_broker_address = address

    def action_clinic_mail_test(self):
        """Test the connection by the values on the screen, saved or not."""
        self.ensure_one()
        settings, place = self.env["clinic.mail.broker"]._settings_and_place()
        if place == "database":
            settings = {
                "url": self.clinic_mail_amqp_url or "",
                "signing_key_id": self.clinic_mail_signing_key_id or "",
                "signing_key": self.clinic_mail_signing_key or "",
            }
        test = self.env["clinic.mail.test"]._run(settings)
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Connection Test"),
            "res_model": test._name,
            "res_id": test.id,
            "view_mode": "form",
            "target": "new",
        }
