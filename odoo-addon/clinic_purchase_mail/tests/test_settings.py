import json
from unittest.mock import patch

from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged

from ..amqp import outcome as outcomes
from ..amqp import probe as probes
from ..amqp.outcome import CONFIRMED, Outcome
from ..wizards import clinic_mail_test
from .test_broker import BrokerCase

SECRET = "pass%40word"
PASSED = [probes.Step(name, CONFIRMED) for name in probes.STEPS]


@tagged("post_install", "-at_install")
class TestConnectionTest(BrokerCase):
    def press(self, steps=PASSED, **values):
        settings = self.env["res.config.settings"].create(values)
        with patch.object(clinic_mail_test.probes, "probe", return_value=steps) as self.probe:
            action = settings.action_clinic_mail_test()
        return self.env[action["res_model"]].browse(action["res_id"])

    def test_values_on_the_screen_are_tested_before_they_are_saved(self):
        test = self.press(clinic_mail_amqp_url=f"amqp://odoo:{SECRET}@screen.test/v")
        address, message, database_uuid = self.probe.call_args.args
        self.assertEqual((address.host, address.password), ("screen.test", "pass@word"))
        self.assertEqual(json.loads(message.body)["source"]["databaseUuid"], database_uuid)
        self.assertTrue(test.passed)
        self.assertEqual(test.address, "amqp://odoo@screen.test:5672/v")
        self.assertEqual((test.exchange, test.routing_key), ("email_exchange", "purchase.confirmed"))
        self.assertFalse(self.parameters.get_param("clinic_purchase_mail.amqp_url"))

    def test_probe_is_signed_with_the_key_on_the_screen(self):
        self.press(
            clinic_mail_amqp_url="amqp://screen.test",
            clinic_mail_signing_key_id="a",
            clinic_mail_signing_key="a-key-shared-with-the-hub",
        )
        self.assertIn("x-hub-signature", self.probe.call_args.args[1].headers)

    def test_broker_of_the_environment_is_tested_whatever_is_on_the_screen(self):
        with patch.dict("os.environ", {"AMQP_HOST": "environment.test"}):
            self.press(clinic_mail_amqp_url="amqp://screen.test")
        self.assertEqual(self.probe.call_args.args[0].host, "environment.test")

    def test_each_step_says_what_became_of_it(self):
        steps = [
            probes.Step(probes.OPEN, CONFIRMED),
            probes.Step(probes.LISTEN, CONFIRMED),
            probes.Step(probes.PUBLISH, Outcome(outcomes.UNROUTABLE, "No queue takes it")),
            probes.Step(probes.RETURN),
        ]
        test = self.press(steps, clinic_mail_amqp_url="amqp://screen.test")
        self.assertFalse(test.passed)
        self.assertEqual(
            test.step_ids.mapped("state"), ["passed", "passed", "failed", "skipped"]
        )
        self.assertEqual(test.step_ids[2].reason_code, outcomes.UNROUTABLE)
        self.assertEqual(test.step_ids[2].details, "No queue takes it")

    def test_every_code_can_be_shown(self):
        test = self.press(clinic_mail_amqp_url="amqp://screen.test")
        for code in outcomes.CODES:
            test._add(probes.OPEN, code)
            self.assertTrue(test.step_ids[-1].reason)

    def test_missing_and_wrong_settings_are_said_without_a_connection(self):
        for url, code in (
            (False, "not_configured"),
            (f"http://odoo:{SECRET}@x.test", "configuration"),
        ):
            test = self.press(clinic_mail_amqp_url=url)
            self.probe.assert_not_called()
            self.assertFalse(test.passed)
            self.assertEqual(test.step_ids.reason_code, code)
            self.assertNotIn(SECRET, test.step_ids.details or "")

    def test_only_system_administrators_test_and_configure(self):
        manager = new_test_user(self.env, "manager", "purchase.group_purchase_manager")
        for model in ("res.config.settings", "clinic.mail.test"):
            with self.assertRaises(AccessError):
                self.env[model].with_user(manager).create({})
        with self.assertRaises(AccessError):
            self.env.company.with_user(manager).clinic_mail_send = False


@tagged("post_install", "-at_install")
class TestSettings(BrokerCase):
    def shown(self):
        settings = self.env["res.config.settings"].create({})
        return settings.clinic_mail_broker_place, settings.clinic_mail_broker_address

    def test_place_that_names_the_broker_is_shown_without_the_password(self):
        self.parameters.set_param(
            "clinic_purchase_mail.amqp_url", f"amqp://odoo:{SECRET}@database.test"
        )
        self.assertEqual(self.shown(), ("database", "amqp://odoo@database.test:5672/"))
        with patch.dict("os.environ", {"AMQP_URL": f"amqp://o:{SECRET}@environment.test"}):
            self.assertEqual(self.shown(), ("environment", "amqp://o@environment.test:5672/"))

    def test_wrong_broker_of_the_environment_does_not_close_the_settings(self):
        with patch.dict("os.environ", {"AMQP_HOST": "x.test", "AMQP_PORT": "many"}):
            place, said = self.shown()
        self.assertEqual(place, "environment")
        self.assertIn("port", said)

    def test_switches_belong_to_the_company(self):
        other = self.env["res.company"].create({"name": "Other"})
        settings = self.env["res.config.settings"].create({})
        settings.write({"clinic_mail_send": False, "clinic_mail_keep_days": 7})
        settings.execute()
        self.assertEqual(
            (self.env.company.clinic_mail_send, self.env.company.clinic_mail_keep_days),
            (False, 7),
        )
        self.assertEqual((other.clinic_mail_send, other.clinic_mail_keep_days), (True, 180))


@tagged("post_install", "-at_install")
class TestSecrets(BrokerCase):
    def test_only_administrators_read_address_and_key_however_they_ask(self):
        names = ["clinic_mail_amqp_url", "clinic_mail_signing_key"]
        for name in ("amqp_url", "signing_key"):
            self.env["ir.config_parameter"].set_param(f"clinic_purchase_mail.{name}", SECRET)
        settings = self.env["res.config.settings"]
        groups = ("base.group_portal", "base.group_user", "purchase.group_purchase_manager")
        for number, group in enumerate((*groups, "base.group_erp_manager")):
            asking = settings.with_user(new_test_user(self.env, f"asking{number}", group))
            with self.subTest(group):
                for ask in (
                    lambda model: model.default_get(names),
                    lambda model: model.onchange({}, [], {name: {} for name in names}),
                ):
                    try:
                        answer = ask(asking)
                    except AccessError:
                        continue
                    self.assertNotIn(SECRET, str(answer))
        administrator = settings.with_user(self.env.ref("base.user_admin"))
        found = administrator.default_get(names)
        self.assertEqual([found[name] for name in names], [SECRET, SECRET])
