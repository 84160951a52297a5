from unittest.mock import patch

from odoo.tests import Form, tagged

from .common import OutboxCase


@tagged("post_install", "-at_install")
class TestRules(OutboxCase):
    def assert_sent(self, order):
        order.button_confirm()
        self.assertEqual(self.rows_of(order)[-1:].state, "pending", order.message_ids[:1].body)

    def assert_skipped(self, order, code, said=True):
        order.button_confirm()
        row = self.rows_of(order)[-1:]
        self.assertEqual((order.state, row.state, row.reason_code), ("purchase", "unsent", code))
        self.assertFalse(row.body)
        label = dict(row._fields["reason_code"]._description_selection(self.env))[code]
        notes = [body for body in order.message_ids.mapped("body") if label in body]
        self.assertEqual(len(notes), int(said))

    def compose(self, order, template, **values):
        """Sends the order's mail by the composer, as its button does."""
        context = order.with_context(send_rfq=template == "rfq").action_rfq_send()["context"]
        composer = Form(self.env["mail.compose.message"].with_context(**context)).save()
        composer.write(values)
        composer._action_send_mail()

    def test_company_that_sends_no_mails(self):
        self.company.clinic_mail_send = False
        self.assert_skipped(self.make_order(), "company_off", said=False)

    def test_vendor_counts_before_the_company(self):
        self.company.clinic_mail_send = False
        self.supplier.clinic_mail_send = "always"
        self.assert_sent(self.make_order())
        self.company.clinic_mail_send = True
        self.supplier.clinic_mail_send = "never"
        self.assert_skipped(self.make_order(), "supplier_off")

    def test_vendor_is_switched_by_company(self):
        other = self.env["res.company"].create({"name": "Other", "email": "o@clinica.test"})
        self.supplier.with_company(other).clinic_mail_send = "never"
        self.assert_sent(self.make_order())
        self.env.user.company_ids += other
        self.assert_skipped(self.make_order(company_id=other.id), "supplier_off")

    def test_contact_of_a_vendor_is_switched_with_it(self):
        self.supplier.clinic_mail_send = "never"
        contact = self.env["res.partner"].create(
            {"name": "Rosa", "email": "rosa@insumos.test", "parent_id": self.supplier.id}
        )
        self.assert_skipped(self.make_order(partner_id=contact.id), "supplier_off")

    def test_order_counts_before_vendor_and_company(self):
        self.assert_skipped(self.make_order(clinic_mail_send="skip"), "order_off", said=False)
        self.company.clinic_mail_send = False
        self.supplier.clinic_mail_send = "never"
        self.assert_sent(self.make_order(clinic_mail_send="send"))

    def test_imported_order(self):
        order = self.make_order().with_context(import_file=True)
        self.assert_skipped(order, "imported")
        asked = self.make_order(clinic_mail_send="send").with_context(import_file=True)
        self.assert_sent(asked)

    def test_order_confirmed_again_is_not_mailed_again_unless_asked_for(self):
        order = self.make_order()
        self.assert_sent(order)
        for choice in (False, "send", False):
            order.button_cancel()
            order.button_draft()
            order.clinic_mail_send = choice
            if choice:
                self.assert_sent(order)
            else:
                order.button_confirm()
                self.assertEqual(self.rows_of(order)[-1:].reason_code, "sent_before")
            self.assertFalse(order.clinic_mail_send)

    def test_order_that_was_not_mailed_is_mailed_when_confirmed_again(self):
        self.supplier.email = False
        order = self.make_order()
        self.assert_skipped(order, "no_address")
        self.supplier.email = "ventas@insumos.test"
        order.button_cancel()
        order.button_draft()
        self.assert_sent(order)

    def test_wrong_address_is_said_in_the_chatter(self):
        self.supplier.email = "a@insumos.test, b@insumos.test"
        self.assert_skipped(self.make_order(), "bad_address")

    def test_order_that_staff_sent_by_mail(self):
        order = self.make_order()
        self.compose(order, "order")
        self.assertEqual(order.state, "sent")
        self.assert_skipped(order, "sent_by_staff")

    def test_request_for_quotation_is_no_order(self):
        order = self.make_order()
        self.compose(order, "rfq")
        self.assertEqual(order.state, "sent")
        self.assert_sent(order)

    def test_order_that_staff_sent_to_somebody_else(self):
        colleague = self.env["res.partner"].create({"name": "Ana", "email": "ana@clinica.test"})
        order = self.make_order()
        self.compose(order, "order", partner_ids=colleague.ids)
        self.assert_sent(order)

    def test_copy_of_an_order_has_no_choice_of_its_own(self):
        order = self.make_order(clinic_mail_send="skip")
        self.assertFalse(order.copy().clinic_mail_send)

    def test_orders_confirmed_together_each_by_its_own_rule(self):
        orders = self.make_order() + self.make_order(clinic_mail_send="skip") + self.make_order()
        with patch.object(type(orders), "_clinic_mail_sent_before", lambda _self: {orders[2].id}):
            orders.button_confirm()
        reasons = [self.rows_of(order).reason_code for order in orders]
        self.assertEqual(reasons, [False, "order_off", "sent_before"])
