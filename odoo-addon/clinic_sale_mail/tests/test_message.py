import json

from odoo import Command
from odoo.tests import new_test_user, tagged

from odoo.addons.clinic_purchase_mail.tests.test_job import JobCase

from .common import SaleOutboxCase


@tagged("post_install", "-at_install")
class TestMessage(SaleOutboxCase):
    def message(self, **values):
        return json.loads(self.validated_row(**values).body)

    def test_message_says_what_the_order_says(self):
        order = self.make_sale(client_order_ref="OC-77", note="<p>Gracias</p>")
        order._validate_order()
        message = json.loads(self.sale_rows_of(order).body)
        self.assertEqual(
            (message["source"]["model"], message["source"]["recordId"]), ("sale.order", order.id)
        )
        self.assertEqual(
            message["recipient"],
            {"name": "Farmacia Ñandú", "address": "compras@farmacia.test", "language": "es_ES"},
        )
        self.assertEqual(message["company"]["sender"]["address"], "compras@clinica.test")
        body = message["order"]
        self.assertEqual((body["kind"], body["number"]), ("sale", order.name))
        self.assertEqual((body["reference"], body["notes"]), ("OC-77", "Gracias"))
        self.assertEqual(body["currency"], order.currency_id.name)
        self.assertEqual((body["amountUntaxed"], body["amountTotal"]), ("16.50", "16.50"))
        line = body["lines"][0]
        self.assertEqual((line["code"], line["description"]), ("GUA-M", "Nitrile gloves"))
        self.assertEqual(
            (line["quantity"], line["unitPrice"], line["subtotal"]), ("3", "5.50", "16.50")
        )

    def test_salesperson_answers_for_the_order(self):
        seller = new_test_user(
            self.env, "seller", "sales_team.group_sale_salesman", name="Ana", email="ana@clinica.test"
        )
        self.assertEqual(
            self.message(user_id=seller.id)["buyer"], {"name": "Ana", "address": "ana@clinica.test"}
        )

    def test_without_a_salesperson_the_company_answers(self):
        self.assertEqual(self.message(user_id=False)["buyer"], {"name": "Clínica San Roque"})

    def test_answers_go_to_where_odoo_takes_them_in(self):
        domain = self.env["mail.alias.domain"].create({"name": "odoo.test"})
        self.company.alias_domain_id = domain
        self.assertEqual(
            self.message()["company"]["replyTo"]["address"], domain.catchall_email
        )

    def test_link_opens_the_order_without_signing_in(self):
        order = self.make_sale()
        order._validate_order()
        body = json.loads(self.sale_rows_of(order).body)["order"]
        self.assertEqual(
            body["link"],
            f"{order.get_base_url()}/my/orders/{order.id}?access_token={order.access_token}",
        )
        self.assertNotIn("documentLink", body)

    def test_document_is_linked_where_it_shall_be_attached(self):
        self.env["ir.config_parameter"].set_param("clinic_purchase_mail.document_link", "True")
        self.assertIn("report_type=pdf", self.message()["order"]["documentLink"])

    def test_sections_are_no_lines_and_remarks_are_notes(self):
        order = self.make_sale(note=False)
        order.order_line = [
            Command.create({"display_type": "line_section", "name": "S"}),
            Command.create({"display_type": "line_note", "name": "Frágil"}),
        ]
        order._validate_order()
        body = json.loads(self.sale_rows_of(order).body)["order"]
        self.assertEqual((len(body["lines"]), body["notes"]), (1, "Frágil"))

    def test_down_payments_are_no_lines(self):
        order = self.make_sale()
        order.order_line = [
            Command.create(
                {
                    "name": "Down payment",
                    "is_downpayment": True,
                    "product_uom_qty": 0,
                    "price_unit": 5,
                }
            )
        ]
        order._validate_order()
        self.assertEqual(len(json.loads(self.sale_rows_of(order).body)["order"]["lines"]), 1)

    def test_day_of_delivery_and_address_of_the_goods(self):
        place = self.env["res.partner"].create(
            {"name": "Bodega", "parent_id": self.customer.id, "type": "delivery", "street": "Ruta 5"}
        )
        body = self.message(
            commitment_date="2030-01-02 15:00:00", partner_shipping_id=place.id
        )["order"]
        self.assertEqual(body["plannedDate"], "2030-01-02")
        self.assertIn("Ruta 5", body["deliverTo"])

    def test_mail_goes_to_the_customer_wherever_goods_and_invoice_go(self):
        other = self.env["res.partner"].create({"name": "Payer", "email": "pago@farmacia.test"})
        message = self.message(partner_invoice_id=other.id, partner_shipping_id=other.id)
        self.assertEqual(message["recipient"]["address"], "compras@farmacia.test")


@tagged("post_install", "-at_install")
class TestReadyMail(SaleOutboxCase, JobCase):
    def rendered(self, row):
        return json.loads(row.body)["rendered"]

    def test_template_of_the_company_is_rendered_by_the_job(self):
        template = self.env["mail.template"].create(
            {
                "name": "Confirmation",
                "model_id": self.env.ref("sale.model_sale_order").id,
                "subject": "Order {{ object.name }}",
                "body_html": '<p>Dear <t t-out="object.partner_id.name"/></p>',
            }
        )
        template.with_context(lang="es_ES").subject = "Pedido {{ object.name }}"
        self.company.clinic_sale_mail_template_id = template
        row = self.validated_row()
        self.assertNotIn("rendered", json.loads(row.body))
        self.assertEqual(self.published(), [row.uuid])
        ready = self.rendered(row)
        self.assertEqual(ready["subject"], f"Pedido {row.order_name}")
        self.assertIn("Dear Farmacia Ñandú", ready["html"])
        self.assertIn(f"/my/orders/{row.res_id}?", ready["html"])

    def test_template_of_odoo_can_be_chosen(self):
        self.company.clinic_sale_mail_template_id = self.confirmation
        row = self.validated_row()
        self.assertEqual(self.published(), [row.uuid])
        self.assertIn(row.order_name, self.rendered(row)["html"])

    def test_purchases_keep_a_template_of_their_own(self):
        self.company.clinic_sale_mail_template_id = self.confirmation
        self.assertFalse(self.confirmed_row().template_id)
