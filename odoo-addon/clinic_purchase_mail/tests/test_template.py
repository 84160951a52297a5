import json

from odoo.tests import tagged
from odoo.tools import mute_logger

from ..models import clinic_mail_template
from .test_job import JobCase

LOGGER = clinic_mail_template.__name__
RENDERING = ("odoo.addons.mail.models.mail_render_mixin", LOGGER)


@tagged("post_install", "-at_install")
class TestTemplate(JobCase):
    def setUp(self):
        super().setUp()
        self.template = self.env["mail.template"].create(
            {
                "name": "Confirmation",
                "model_id": self.env.ref("purchase.model_purchase_order").id,
                "subject": "Order {{ object.name }}",
                "body_html": '<p>Dear <t t-out="object.partner_id.name"/>, we order.</p>',
            }
        )
        self.template.with_context(lang="es_ES").write(
            {
                "subject": "Pedido {{ object.name }}",
                "body_html": '<p>Estimados <t t-out="object.partner_id.name"/>, pedimos.</p>',
            }
        )
        self.company.clinic_mail_template_id = self.template

    def rendered(self, row):
        return json.loads(row.body).get("rendered")

    def test_mail_is_rendered_by_the_job_in_the_language_of_the_vendor(self):
        row = self.confirmed_row()
        self.assertIsNone(self.rendered(row))
        self.assertEqual(self.published(), [row.uuid])
        ready = self.rendered(row)
        self.assertEqual(ready["subject"], f"Pedido {row.order_name}")
        self.assertIn("Estimados Insumos Ñuble, pedimos.", ready["html"])
        self.assertTrue(ready["text"].startswith("Estimados Insumos Ñuble, pedimos."))
        order = self.env["purchase.order"].browse(row.res_id)
        self.assertIn(f'<a href="{order.get_base_url()}/my/purchase/{order.id}?', ready["html"])
        self.assertIn("Ver el pedido", ready["text"])
        self.assertEqual(row.state, "published")

    def test_stock_template_of_purchase_can_be_chosen(self):
        self.company.clinic_mail_template_id = self.env.ref(
            "purchase.email_template_edi_purchase_done"
        )
        row = self.confirmed_row()
        self.assertEqual(self.published(), [row.uuid])
        self.assertIn(row.order_name, self.rendered(row)["html"])

    def test_mail_that_was_rendered_stays_as_it_is_when_it_is_tried_again(self):
        row = self.confirmed_row()
        self.outbox._claim(10)
        before = row.body
        self.template.subject = "Changed"
        row.lease_until = False
        self.published()
        self.assertEqual(row.body, before)

    def test_broken_template_stops_its_mail_and_no_other(self):
        broken = self.confirmed_row()
        broken.template_id = self.template.copy(
            {"body_html": '<p t-out="object.no_such_field"/>'}
        )
        good = self.confirmed_row()
        self.company.clinic_mail_template_id = False
        plain = self.confirmed_row()
        with mute_logger(*RENDERING):
            self.assertEqual(self.published(), [good.uuid, plain.uuid])
        self.assertEqual((broken.state, broken.reason_code), ("unsent", "template"))
        self.assertIn("no_such_field", broken.reason)
        self.assertFalse(broken.lease_token)
        self.assertIsNone(self.rendered(plain))

    def test_when_a_whole_batch_is_broken_the_next_goes_out(self):
        self.patch(clinic_mail_template, "BROKEN_BATCHES", 3)
        broken = self.confirmed_row()
        broken.template_id = False
        good = self.confirmed_row()
        with mute_logger(*RENDERING):
            _token, claimed = self.outbox._claim(1)
        self.assertEqual(list(claimed), [good.uuid])
        self.assertEqual((broken.state, broken.reason_code), ("unsent", "template"))

    def test_repaired_template_renders_at_a_retry(self):
        row = self.confirmed_row()
        self.template.with_context(lang="es_ES").body_html = "<p></p>"
        with mute_logger(*RENDERING):
            self.assertEqual(self.published(), [])
        self.assertEqual(row.reason_code, "template")
        self.template.with_context(lang="es_ES").body_html = "<p>Hola</p>"
        row.action_retry()
        self.assertEqual(self.published(), [row.uuid])
        self.assertTrue(self.rendered(row)["text"].startswith("Hola"))

    def test_what_acts_in_a_mail_is_taken_out(self):
        # The field takes it out when it is written; what was stored otherwise it does not see.
        active = (
            '<p onclick="x()">Hola<script>x()</script></p>'
            '<form action="/x"><a href="javascript:x()">y</a></form>'
        )
        self.patch(
            self.registry["mail.template"],
            "_render_field",
            lambda _self, _field, ids, **_options: dict.fromkeys(ids, active),
        )
        row = self.confirmed_row()
        self.published()
        html = self.rendered(row)["html"]
        for part in ("onclick", "<script", "<form", "javascript:"):
            self.assertNotIn(part, html)

    def test_mail_that_is_too_long_is_said(self):
        self.template.with_context(lang="es_ES").body_html = f"<p>{'x' * 100_001}</p>"
        row = self.confirmed_row()
        with mute_logger(*RENDERING):
            self.published()
        self.assertEqual((row.state, row.reason_code), ("unsent", "template"))
        self.assertIn("100000", row.reason)

    def test_line_ends_in_a_subject_become_spaces(self):
        self.template.with_context(lang="es_ES").subject = "{{ 'a\\r\\nBcc: x@evil.test' }}"
        row = self.confirmed_row()
        self.published()
        self.assertEqual(self.rendered(row)["subject"], "a Bcc: x@evil.test")
