import uuid

from lxml import etree

from odoo.modules.neutralize import get_neutralization_queries
from odoo.tests import tagged

from .test_job import JobCase


@tagged("post_install", "-at_install")
class TestCopy(JobCase):
    def setUp(self):
        super().setUp()
        self.parameters = self.env["ir.config_parameter"]
        self.row = self.confirmed_row()

    def test_neutralised_copy_publishes_nothing_though_a_broker_is_configured(self):
        self.parameters.set_param("database.is_neutralized", "true")
        self.assertEqual(self.published(), [])
        self.assertEqual((self.row.state, self.row.attempts), ("pending", 0))

    def test_settings_say_that_a_neutralised_copy_sends_nothing(self):
        settings = self.env["res.config.settings"]
        self.assertFalse(settings.create({}).clinic_mail_neutralized)
        self.parameters.set_param("database.is_neutralized", "true")
        self.assertTrue(settings.create({}).clinic_mail_neutralized)
        form = etree.fromstring(settings.get_view(view_type="form")["arch"])
        (said,) = form.xpath("//div[field/@name='clinic_mail_neutralized']")
        self.assertEqual(said.get("invisible"), "not clinic_mail_neutralized")

    def test_database_with_a_new_uuid_publishes_only_what_it_wrote_itself(self):
        self.parameters.set_param("database.uuid", str(uuid.uuid1()))
        own = self.confirmed_row()
        self.assertEqual(self.published(), [own.uuid])
        self.assertEqual((self.row.state, self.row.attempts), ("pending", 0))

    def test_neutralisation_forgets_the_broker_and_the_key(self):
        names = ("amqp_url", "signing_key_id", "signing_key")
        for name in names:
            self.parameters.set_param(f"clinic_purchase_mail.{name}", "secret")
        self.env.flush_all()
        for query in get_neutralization_queries(["clinic_purchase_mail"]):
            self.env.cr.execute(query)
        self.env.registry.clear_cache()
        self.env.invalidate_all()
        for name in names:
            self.assertFalse(self.parameters.get_param(f"clinic_purchase_mail.{name}"))
