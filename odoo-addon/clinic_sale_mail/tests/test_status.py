from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, new_test_user, tagged

from odoo.addons.clinic_purchase_mail.tests.test_job import JobCase

from .common import SaleOutboxCase


@tagged("post_install", "-at_install")
class TestStatus(SaleOutboxCase):
    def setUp(self):
        super().setUp()
        self.order = self.make_sale()

    def found(self, operator, value):
        domain = [("id", "=", self.order.id), ("clinic_mail_status", operator, value)]
        return bool(self.env["sale.order"].search_count(domain))

    def test_order_shows_its_latest_mail_and_is_found_by_it(self):
        self.assertFalse(self.order.clinic_mail_status)
        self.assertTrue(self.found("=", False))
        self.order._validate_order()
        self.order.invalidate_recordset()
        self.assertEqual(self.order.clinic_mail_status, "pending")
        row = self.sale_rows_of(self.order)
        row.write({"state": "published", "outcome": "parked"})
        self.order.invalidate_recordset()
        self.assertEqual(self.order.clinic_mail_status, "parked")
        self.assertTrue(self.found("in", ["parked", "unknown"]))
        self.assertFalse(self.found("=", False))

    def test_mail_that_a_rule_keeps_back_is_skipped(self):
        self.company.clinic_sale_mail = "every"
        self.customer.clinic_sale_mail_send = "never"
        self.order.action_confirm()
        self.order._clinic_mail_enqueue()
        self.assertEqual(self.sale_rows_of(self.order)[-1:].reason_code, "customer_off")
        self.order.invalidate_recordset()
        self.assertEqual(self.order.clinic_mail_status, "skipped")

    def test_customer_in_the_portal_reads_nothing_of_it(self):
        guest = new_test_user(self.env, "guest", "base.group_portal")
        self.order.partner_id = guest.partner_id
        self.order._validate_order()
        self.order.message_subscribe(guest.partner_id.ids)
        order = self.order.with_user(guest)
        self.assertTrue(order.read(["name"]))
        for name in ("clinic_mail_status", "clinic_mail_note", "clinic_mail_send", "clinic_mail_policy"):
            with self.subTest(name), self.assertRaises(AccessError):
                order.read([name])

    def test_mail_of_a_purchase_of_the_same_number_is_not_shown(self):
        self.confirmed_row().res_id = self.order.id
        self.assertFalse(self.order.clinic_mail_status)
        self.assertTrue(self.found("=", False))

    def test_form_opens_with_the_status_and_the_button_with_the_views_of_sales(self):
        self.order._validate_order()
        self.order.invalidate_recordset()
        with Form(self.order) as form:
            self.assertEqual(form.clinic_mail_status, "pending")
        action = self.order.action_clinic_mail_open()
        view = self.env.ref("clinic_sale_mail.clinic_mail_outbox_view_form")
        self.assertEqual(action["res_id"], self.sale_rows_of(self.order).id)
        self.assertEqual(action["views"], [(view.id, "form")])

    def test_views_of_the_outbox_open_for_each_kind_of_manager(self):
        for group in ("sales_team.group_sale_manager", "purchase.group_purchase_manager"):
            user = new_test_user(self.env, group, group)
            for module in ("clinic_purchase_mail", "clinic_sale_mail"):
                for kind in ("list", "form"):
                    view = self.env.ref(f"{module}.clinic_mail_outbox_view_{kind}")
                    self.outbox.with_user(user).get_view(view.id, kind)

    def test_switch_of_an_order_is_shown_where_it_counts(self):
        form = Form(self.make_sale())
        self.assertFalse(form._get_modifier("clinic_mail_send", "invisible"))
        self.company.clinic_sale_mail = "off"
        form = Form(self.make_sale())
        self.assertTrue(form._get_modifier("clinic_mail_send", "invisible"))

    def test_status_and_choices_are_said_in_spanish(self):
        self.env["ir.module.module"]._load_module_terms(["clinic_sale_mail"], ["es_ES"])
        spanish = self.env["sale.order"].with_context(lang="es_ES")
        for name in ("clinic_mail_status", "clinic_mail_send"):
            field = spanish._fields[name]
            for said, (_value, label) in zip(
                field._description_selection(spanish.env), field.selection, strict=True
            ):
                self.assertNotEqual(said[1], label)

    def test_settings_are_those_of_the_company(self):
        other = self.env["res.company"].create({"name": "Other"})
        settings = self.env["res.config.settings"].create({})
        settings.clinic_sale_mail = "every"
        settings.execute()
        self.assertEqual(
            (self.company.clinic_sale_mail, other.clinic_sale_mail), ("every", "odoo")
        )


@tagged("post_install", "-at_install")
class TestSendAgain(SaleOutboxCase, JobCase):
    def setUp(self):
        super().setUp()
        self.order = self.make_sale()
        self.order._validate_order()

    def test_new_message_has_an_id_of_its_own(self):
        self.run_job()
        first = self.sale_rows_of(self.order)
        self.order.action_clinic_mail_send_again()
        second = self.sale_rows_of(self.order) - first
        self.assertEqual((second.state, second.sale_order_id), ("pending", self.order))
        self.assertNotEqual(second.uuid, first.uuid)
        self.assertEqual(self.published(), [second.uuid])

    def test_mail_that_has_not_left_yet_is_not_sent_again(self):
        with self.assertRaises(UserError):
            self.order.action_clinic_mail_send_again()

    def test_order_that_is_not_confirmed_is_not_mailed(self):
        self.run_job()
        self.order.with_context(disable_cancel_warning=True).action_cancel()
        with self.assertRaises(UserError):
            self.order.action_clinic_mail_send_again()

    def test_only_who_may_change_the_order_sends_it_again(self):
        self.run_job()
        salesman = new_test_user(self.env, "salesman", "sales_team.group_sale_salesman")
        other = new_test_user(self.env, "other", "sales_team.group_sale_salesman")
        self.order.user_id = salesman
        with self.assertRaises(AccessError):
            self.order.with_user(other).action_clinic_mail_send_again()
        self.order.with_user(salesman).action_clinic_mail_send_again()
        self.assertEqual(self.order.clinic_mail_status, "pending")

    def test_held_mail_leaves_when_it_is_released(self):
        row = self.sale_rows_of(self.order)
        row.action_hold()
        self.assertEqual(self.published(), [])
        row.action_release()
        self.assertEqual(self.published(), [row.uuid])

    def test_result_is_told_on_the_order(self):
        row = self.sale_rows_of(self.order)
        row.write({"state": "published", "outcome": "parked", "outcome_text": "Mailbox full"})
        self.order._clinic_mail_tell(row)
        self.assertIn("the customer", self.order.message_ids[:1].body)
        self.assertIn("Mailbox full", self.order.message_ids[:1].body)
