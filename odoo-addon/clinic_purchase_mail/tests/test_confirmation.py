import json
import uuid
from unittest.mock import patch

from odoo import Command
from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from .common import OutboxCase

MODEL = "odoo.addons.clinic_purchase_mail.models.clinic_mail_document_message"


@tagged("post_install", "-at_install")
class TestConfirmation(OutboxCase):
    def test_confirmed_order_leaves_one_waiting_message_of_its_own_id(self):
        order = self.make_order()
        order.button_confirm()
        row = self.rows_of(order)
        self.assertEqual(len(row), 1)
        self.assertEqual(order.state, "purchase")
        self.assertEqual(row.state, "pending")
        self.assertEqual(row.order_name, order.name)
        self.assertEqual(row.company_id, order.company_id)
        self.assertEqual(json.loads(row.body)["id"], str(uuid.UUID(row.uuid)))

    def test_message_says_what_the_order_says(self):
        order = self.make_order(partner_ref="COT-118", notes="<p>Por la mañana</p>")
        order.button_confirm()
        message = json.loads(self.rows_of(order).body)
        self.assertEqual(message["type"], "order.confirmed")
        self.assertEqual(
            message["source"],
            {
                "database": self.env.cr.dbname,
                "databaseUuid": self.env["ir.config_parameter"].get_param("database.uuid"),
                "model": "purchase.order",
                "recordId": order.id,
            },
        )
        self.assertEqual(
            message["recipient"],
            {"name": "Insumos Ñuble", "address": "ventas@insumos.test", "language": "es_ES"},
        )
        self.assertEqual(message["company"]["sender"]["address"], "compras@clinica.test")
        body = message["order"]
        self.assertEqual(body["kind"], "purchase")
        self.assertEqual(body["number"], order.name)
        self.assertEqual(body["reference"], "COT-118")
        self.assertEqual(body["notes"], "Por la mañana")
        self.assertEqual(body["currency"], order.currency_id.name)
        self.assertEqual(body["amountUntaxed"], "16.50")
        self.assertEqual(body["amountTotal"], f"{order.amount_total:.2f}")
        line = body["lines"][0]
        self.assertEqual((line["code"], line["description"]), ("GUA-M", "Nitrile gloves"))
        self.assertEqual(line["quantity"], "3")
        self.assertEqual(line["unitPrice"], "5.50")
        self.assertEqual(line["subtotal"], "16.50")

    def test_link_opens_the_order_without_signing_in(self):
        order = self.make_order()
        order.button_confirm()
        message = json.loads(self.rows_of(order).body)
        self.assertEqual(
            message["order"]["link"],
            f"{order.get_base_url()}/my/purchase/{order.id}?access_token={order.access_token}",
        )
        self.assertNotIn("documentLink", message["order"])

    def test_document_is_linked_where_it_shall_be_attached(self):
        self.env["ir.config_parameter"].set_param("clinic_purchase_mail.document_link", "True")
        message = json.loads(self.confirmed_row().body)
        self.assertIn("report_type=pdf", message["order"]["documentLink"])

    def test_units_are_in_the_language_of_the_supplier(self):
        self.product.uom_po_id.with_context(lang="es_ES").name = "Unidades"
        message = json.loads(self.confirmed_row().body)
        self.assertEqual(message["order"]["lines"][0]["unit"], "Unidades")

    def test_sections_are_no_lines_and_remarks_are_notes(self):
        order = self.make_order()
        order.order_line = [
            Command.create({"display_type": "line_section", "name": "S", "product_qty": 0}),
            Command.create({"display_type": "line_note", "name": "Frágil", "product_qty": 0}),
        ]
        order.button_confirm()
        body = json.loads(self.rows_of(order).body)["order"]
        self.assertEqual(len(body["lines"]), 1)
        self.assertEqual(body["notes"], "Frágil")

    def test_two_step_approval_sends_at_the_approval_only(self):
        self.company.write(
            {"po_double_validation": "two_step", "po_double_validation_amount": 1.0}
        )
        clerk = new_test_user(self.env, "clerk", "purchase.group_purchase_user")
        order = self.make_order()
        order.with_user(clerk).button_confirm()
        self.assertEqual(order.state, "to approve")
        self.assertFalse(self.rows_of(order))
        order.button_approve()
        self.assertEqual(len(self.rows_of(order)), 1)

    def test_approving_what_is_confirmed_sends_nothing_more(self):
        order = self.make_order()
        order.button_confirm()
        order.button_approve()
        order.button_confirm()
        self.assertEqual(len(self.rows_of(order)), 1)

    def test_order_that_locks_itself_is_sent_once(self):
        self.company.po_lock = "lock"
        order = self.make_order()
        order.button_confirm()
        self.assertEqual(order.state, "done")
        order.button_unlock()
        order.button_done()
        self.assertEqual(len(self.rows_of(order)), 1)

    def test_orders_confirmed_together_have_a_message_each(self):
        orders = self.make_order() + self.make_order() + self.make_order()
        orders.button_confirm()
        rows = self.rows_of(orders)
        self.assertEqual(sorted(rows.mapped("res_id")), sorted(orders.ids))
        self.assertEqual(len(set(rows.mapped("uuid"))), 3)

    def test_confirmation_that_is_rolled_back_leaves_no_message(self):
        order = self.make_order()
        with self.assertRaises(RuntimeError), self.env.cr.savepoint():
            order.button_confirm()
            self.assertTrue(self.rows_of(order))
            raise RuntimeError("Something after the confirmation fails")
        self.assertFalse(self.rows_of(order))

    def test_defaults_of_the_callers_context_neither_block_nor_lose_a_mail(self):
        for defaults in (
            {"default_state": "purchase"},
            {"default_state": "discarded", "default_outcome": "delivered"},
            {"default_lease_until": "2999-01-01 00:00:00", "default_reason_code": "order_off"},
            {"default_message_ids": [(0, 0, {"no_such_field": 1})]},
        ):
            with self.subTest(defaults):
                order = self.make_order()
                order.with_context(**defaults).button_confirm()
                row = self.rows_of(order)
                self.assertEqual((row.state, row.status), ("pending", "pending"))
                self.assertFalse(row.lease_until or row.reason_code or row.outcome)

    def test_clerk_confirms_without_a_right_to_the_outbox(self):
        clerk = new_test_user(self.env, "clerk", "purchase.group_purchase_user")
        order = self.make_order()
        order.with_user(clerk).button_confirm()
        row = self.rows_of(order)
        self.assertEqual(row.state, "pending")
        with self.assertRaises(AccessError):
            row.with_user(clerk).read(["body"])

    def test_managers_see_messages_of_their_companies_only(self):
        manager = new_test_user(self.env, "manager", "purchase.group_purchase_manager")
        row = self.confirmed_row()
        self.assertTrue(row.with_user(manager).read(["state"]))
        row.sudo().company_id = self.env["res.company"].create({"name": "Other"})
        with self.assertRaises(AccessError):
            row.with_user(manager).read(["state"])


@tagged("post_install", "-at_install")
class TestUnsendable(OutboxCase):
    def assert_unsent(self, row, code):
        self.assertEqual(row.state, "unsent")
        self.assertEqual(row.reason_code, code)
        self.assertTrue(row.reason)
        self.assertFalse(row.body)

    def test_supplier_without_address_is_confirmed_and_said(self):
        self.supplier.email = False
        self.assert_unsent(self.confirmed_row(), "no_address")

    def test_supplier_with_two_addresses_is_confirmed_and_said(self):
        self.supplier.email = "a@insumos.test, b@insumos.test"
        self.assert_unsent(self.confirmed_row(), "bad_address")

    def test_currency_without_a_code_is_confirmed_and_said(self):
        unit = self.env["res.currency"].create({"name": "UF", "symbol": "UF"})
        self.assert_unsent(self.confirmed_row(currency_id=unit.id), "no_currency")

    def test_order_of_more_lines_than_a_message_takes_is_confirmed_and_said(self):
        line = {"product_id": self.product.id, "product_qty": 1, "price_unit": 1}
        row = self.confirmed_row(order_line=[Command.create(line)] * 600)
        self.assert_unsent(row, "too_large")

    def test_amount_of_too_many_digits_is_confirmed_and_said(self):
        line = {"product_id": self.product.id, "product_qty": 1e9, "price_unit": 1e9}
        with mute_logger(MODEL):
            self.assert_unsent(self.confirmed_row(order_line=[Command.create(line)]), "failed")

    def test_reason_that_the_database_cannot_hold_does_not_stop_the_order(self):
        order = self.make_order()
        with (
            patch(f"{MODEL}.build", side_effect=ValueError("\x00 \ud800 " + "x" * 9999)),
            mute_logger(MODEL),
        ):
            order.button_confirm()
        self.env.flush_all()
        self.assertEqual(order.state, "purchase")
        self.assert_unsent(self.rows_of(order), "failed")

    def test_message_that_cannot_be_written_does_not_stop_the_order(self):
        order = self.make_order()
        with (
            patch(f"{MODEL}.build", side_effect=ValueError("no number")),
            mute_logger(MODEL),
        ):
            order.button_confirm()
        self.assertEqual(order.state, "purchase")
        self.assert_unsent(self.rows_of(order), "failed")


@tagged("post_install", "-at_install")
class TestWeirdPartner(OutboxCase):
    def recipient(self, **values):
        self.supplier.write(values)
        row = self.confirmed_row()
        self.assertEqual(row.state, "pending", row.reason)
        return json.loads(row.body)["recipient"]

    def test_markup_and_marks_of_direction_in_a_name_are_text(self):
        for name in ("<b onclick='x()'>Ñuble</b> {{7*7}}", "\u202eelbuÑ\u202c", "\ufffd\U0001f9ea"):
            with self.subTest(name):
                self.assertEqual(self.recipient(name=name)["name"], name)

    def test_line_ends_in_a_name_become_spaces(self):
        self.assertEqual(self.recipient(name="Ñuble\r\nBcc: x@evil.test")["name"], "Ñuble Bcc: x@evil.test")

    def test_long_name_is_cut(self):
        self.assertEqual(len(self.recipient(name="Ñ" * 10_000)["name"]), 200)

    def test_marks_pasted_around_an_address_do_not_count(self):
        recipient = self.recipient(email="\u202aventas@insumos.test\u202c\xa0")
        self.assertEqual(recipient["address"], "ventas@insumos.test")

    def test_address_of_a_company_without_name_is_that_of_the_company(self):
        warehouse = self.env["res.partner"].create(
            {"parent_id": self.supplier.id, "type": "other", "email": "bodega@insumos.test"}
        )
        recipient = json.loads(self.confirmed_row(partner_id=warehouse.id).body)["recipient"]
        self.assertEqual((recipient["name"], recipient["address"]), ("Insumos Ñuble", "bodega@insumos.test"))

    def test_whatever_stands_for_an_address_the_order_is_confirmed(self):
        for email in (
            "a@insumos.test;b@insumos.test",
            "a@insumos.test\nb@insumos.test",
            "A <a@insumos.test>, B <b@insumos.test>",
            "a@insumos.test\r\nBcc: x@evil.test",
            "<script>alert(1)</script>@insumos.test",
            "ventas@" + "ñ" * 300 + ".test",
            "\u202e",
            "@",
            "x" * 100_000,
        ):
            with self.subTest(email[:40]):
                self.supplier.email = email
                row = self.confirmed_row()
                self.assertEqual(row.state, "unsent")
                self.assertIn(row.reason_code, ("bad_address", "no_address"))


@tagged("post_install", "-at_install")
class TestWaking(OutboxCase):
    def triggers(self):
        job = self.env.ref("clinic_purchase_mail.job_publish")
        return self.env["ir.cron.trigger"].search_count([("cron_id", "=", job.id)])

    def test_job_is_woken_once_a_transaction(self):
        orders = self.make_order() + self.make_order()
        self.env.cr.precommit.run()
        before = self.triggers()
        orders.button_confirm()
        self.assertEqual(self.triggers(), before)
        self.env.cr.precommit.run()
        self.assertEqual(self.triggers(), before + 1)

    def test_nothing_is_woken_for_what_is_not_sent(self):
        self.supplier.email = False
        self.env.cr.precommit.run()
        before = self.triggers()
        self.confirmed_row()
        self.env.cr.precommit.run()
        self.assertEqual(self.triggers(), before)
