import uuid

from odoo import api, fields, models
from odoo.tools import clean_context

from ..amqp import outcome as outcomes
from ..amqp import probe as probes
from ..amqp.address import SettingsError, read_address
from ..amqp.publisher import EXCHANGE, ROUTING_KEY, Message
from ..amqp.signature import headers, read_signing_key
from ..models.clinic_mail_outbox import CONFIGURATION, NOT_CONFIGURED


class ClinicMailTest(models.TransientModel):
    """What the connection test found, shown once."""

    _name = "clinic.mail.test"
    _description = "Connection Test of Confirmation Mails"

    address = fields.Char("Message Broker", readonly=True)
    exchange = fields.Char(readonly=True)
    routing_key = fields.Char(readonly=True)
    passed = fields.Boolean(readonly=True)
    step_ids = fields.One2many("clinic.mail.test.step", "test_id", readonly=True)

    @api.model
    def _run(self, settings):
        """Test the way to the hub; takes at most half a minute, whatever the broker does.

        :param dict settings: as ``read_address`` takes them
        :return: the test with its steps
        """
        # Defaults of the caller's context are for what it creates itself.
        tests = self.with_context(clean_context(self.env.context))
        test = tests.create({"exchange": EXCHANGE, "routing_key": ROUTING_KEY})
        try:
            address, key = read_address(settings), read_signing_key(settings)
        except SettingsError as error:
            test._add("settings", CONFIGURATION, str(error))
            return test
        if address is None:
            test._add("settings", NOT_CONFIGURED)
            return test
        test.address = str(address)
        for step in test._probe(address, key):
            if step.outcome is None:
                test._add(step.name, state="skipped")
            else:
                test._add(step.name, step.outcome.code, step.outcome.reason)
        test.passed = all(step.state == "passed" for step in test.step_ids)
        return test

    def _probe(self, address, key):
        database_uuid = self.env["ir.config_parameter"].sudo().get_param("database.uuid")
        message_id = str(uuid.uuid4())
        body = probes.probe_message(
            message_id, self.env.cr.dbname, database_uuid, fields.Datetime.now()
        ).encode()
        message = Message(message_id, body, headers(body, key))
        return probes.probe(address, message, database_uuid)

    def _add(self, name, code="", details="", state=None):
        reasons = self.env["clinic.mail.outbox"]._fields["reason_code"]
        reason = dict(reasons._description_selection(self.env)).get(code, "")
        if (name, code) == (probes.RETURN, outcomes.TIMEOUT):
            # Nobody's words: the broker did its part, and the hub said nothing.
            reason, details = self.env._("No hub answered. Does its flow run?"), ""
        self.step_ids.create(
            {
                "test_id": self.id,
                "name": name,
                "state": state or ("failed" if code else "passed"),
                "reason_code": code,
                "reason": reason,
                "details": details,
            }
        )


class ClinicMailTestStep(models.TransientModel):
    _name = "clinic.mail.test.step"
    _description = "Step of a Connection Test"
    _order = "id"

    test_id = fields.Many2one("clinic.mail.test", required=True, ondelete="cascade")
    name = fields.Selection(
        [
            ("settings", "The settings name a broker"),
            (probes.OPEN, "The broker is reached and lets Odoo in"),
            (probes.LISTEN, "Odoo may read what the hub answers"),
            (probes.PUBLISH, "The exchange takes messages, and a queue has them"),
            (probes.RETURN, "The hub answers"),
        ],
        string="Step",
        readonly=True,
    )
    state = fields.Selection(
        [("passed", "Passed"), ("failed", "Failed"), ("skipped", "Not tried")], readonly=True
    )
    reason_code = fields.Char(readonly=True)
    reason = fields.Char(readonly=True, help="What the code means, in the person's language.")
    details = fields.Char(readonly=True, help="In the words of the server.")
