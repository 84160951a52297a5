import hashlib
import hmac
from unittest.mock import patch

from odoo.tests import TransactionCase, tagged
from odoo.tools import config

from ..amqp.address import Address
from ..models import clinic_mail_broker

SECRET = "a-key-shared-with-the-hub"


class BrokerCase(TransactionCase):
    """Without any broker but the one that a test names."""

    def setUp(self):
        super().setUp()
        self.broker = self.env["clinic.mail.broker"]
        self.parameters = self.env["ir.config_parameter"]
        for key in clinic_mail_broker.PARAMETERS.values():
            self.parameters.set_param(key, False)
        environment = patch.dict("os.environ", clear=True)
        environment.start()
        self.addCleanup(environment.stop)
        configuration = patch.dict(config.misc, {clinic_mail_broker.CONFIG_SECTION: {}})
        configuration.start()
        self.addCleanup(configuration.stop)


@tagged("post_install", "-at_install")
class TestBroker(BrokerCase):
    def address(self):
        return self.broker._connection()["address"]

    def test_without_settings_there_is_no_broker(self):
        self.assertIsNone(self.address())

    def test_environment_counts_before_the_database_and_the_configuration_before_both(self):
        self.parameters.set_param("clinic_purchase_mail.amqp_url", "amqp://database.test")
        self.assertEqual(self.address().host, "database.test")
        with patch.dict("os.environ", {"AMQP_HOST": "environment.test", "AMQP_USER": "odoo"}):
            self.assertEqual(self.address(), Address("environment.test", user="odoo"))
            section = {clinic_mail_broker.CONFIG_SECTION: {"amqp_url": "amqp://file.test"}}
            with patch.dict(config.misc, section):
                self.assertEqual(self.address(), Address("file.test"))

    def test_settings_of_two_places_are_not_mixed(self):
        self.parameters.set_param("clinic_purchase_mail.signing_key_id", "a")
        self.parameters.set_param("clinic_purchase_mail.signing_key", SECRET)
        with patch.dict("os.environ", {"AMQP_URL": "amqp://environment.test"}):
            self.assertIsNone(self.broker._connection()["key"])

    def test_messages_are_signed_where_there_is_a_key(self):
        self.parameters.set_param("clinic_purchase_mail.amqp_url", "amqp://database.test")
        self.parameters.set_param("clinic_purchase_mail.signing_key_id", "a")
        self.parameters.set_param("clinic_purchase_mail.signing_key", SECRET)
        with patch.object(clinic_mail_broker, "publish") as publish:
            self.broker._publish(self.broker._connection(), {"1": "{}"})
        message = publish.call_args.args[1][0]
        digest = hmac.new(SECRET.encode(), b"{}", hashlib.sha256).hexdigest()
        self.assertEqual(message.headers, {"x-hub-signature": f"v1;kid=a;{digest}"})
        self.assertEqual(message.body, b"{}")
