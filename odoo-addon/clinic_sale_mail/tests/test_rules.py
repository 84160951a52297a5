from odoo.tests import Form, tagged

from .common import SaleOutboxCase


@tagged("post_install", "-at_install")
class TestRules(SaleOutboxCase):
    def assert_skipped(self, order, code, said=True):
        order._validate_order()
        row = self.sale_rows_of(order)[-1:]
        self.assertEqual((order.state, row.state, row.reason_code), ("sale", "unsent", code))
        self.assertFalse(row.body)
        self.assertFalse(self.mails_to_customer(order))
        label = dict(row._fields["reason_code"]._description_selection(self.env))[code]
        notes = [body for body in order.message_ids.mapped("body") if label in body]
        self.assertEqual(len(notes), int(said))

    def again(self, order):
        order.with_context(disable_cancel_warning=True).action_cancel()
        order.action_draft()

    def test_customer_who_gets_none(self):
        self.customer.clinic_sale_mail_send = "never"
        self.assert_skipped(self.make_sale(), "customer_off")

    def test_customer_who_always_gets_one(self):
        self.customer.clinic_sale_mail_send = "always"
        order = self.make_sale()
        order.action_confirm()
        self.assert_handed_over(order)

    def test_contact_is_switched_with_its_customer(self):
        self.customer.clinic_sale_mail_send = "never"
        contact = self.env["res.partner"].create(
            {"name": "Rosa", "email": "rosa@farmacia.test", "parent_id": self.customer.id}
        )
        self.assert_skipped(self.make_sale(partner_id=contact.id), "customer_off")

    def test_customer_is_switched_by_company(self):
        other = self.env["res.company"].create({"name": "Other", "email": "o@clinica.test"})
        self.customer.with_company(other).clinic_sale_mail_send = "never"
        order = self.make_sale()
        order._validate_order()
        self.assert_handed_over(order)
        self.env.user.company_ids += other
        self.assert_skipped(self.make_sale(company_id=other.id), "customer_off")

    def test_vendor_and_customer_are_switched_apart(self):
        self.customer.clinic_mail_send = "never"
        order = self.make_sale()
        order._validate_order()
        self.assert_handed_over(order)
        self.supplier.clinic_sale_mail_send = "never"
        self.assertEqual(self.confirmed_row().state, "pending")

    def test_order_that_shall_not_be_mailed(self):
        self.customer.clinic_sale_mail_send = "always"
        self.assert_skipped(self.make_sale(clinic_mail_send="skip"), "order_off", said=False)

    def test_order_that_shall_be_mailed_though_staff_confirm(self):
        self.customer.clinic_sale_mail_send = "never"
        order = self.make_sale(clinic_mail_send="send")
        order.action_confirm()
        self.assert_handed_over(order)
        self.assertFalse(order.clinic_mail_send)

    def test_imported_order(self):
        self.assert_skipped(self.make_sale().with_context(import_file=True), "imported")

    def test_order_confirmed_again_is_not_mailed_again_unless_asked_for(self):
        order = self.make_sale()
        order._validate_order()
        self.again(order)
        self.assert_skipped(order, "sent_before")
        self.again(order)
        order.clinic_mail_send = "send"
        order._validate_order()
        self.assertEqual(
            self.sale_rows_of(order).mapped("state"), ["pending", "unsent", "pending"]
        )

    def test_purchase_of_the_same_number_is_another_document(self):
        order = self.make_sale()
        self.confirmed_row().res_id = order.id
        order._validate_order()
        self.assert_handed_over(order)

    def test_customer_without_address_is_said(self):
        self.customer.email = False
        order = self.make_sale()
        self.assert_skipped(order, "no_address")
        self.assertEqual(order.clinic_mail_status, "unsent")
        self.assertEqual(order.clinic_mail_note, "The partner has no e-mail address")

    def test_address_that_is_none_is_said(self):
        self.customer.email = "a@farmacia.test; b@farmacia.test"
        self.assert_skipped(self.make_sale(), "bad_address")

    def compose(self, order, template, **values):
        context = order.action_quotation_send()["context"]
        composer = Form(
            self.env["mail.compose.message"].with_context(
                **context | {"default_template_id": template.id}
            )
        ).save()
        composer.write(values)
        composer._action_send_mail()

    def test_order_that_staff_sent_by_mail(self):
        order = self.make_sale()
        self.compose(order, self.confirmation)
        self.assertTrue(order.clinic_mail_sent_by_staff_at)
        order._validate_order()
        self.assertEqual(self.sale_rows_of(order).reason_code, "sent_by_staff")

    def test_order_that_staff_sent_by_the_template_of_the_company(self):
        self.company.clinic_sale_mail_template_id = self.confirmation.copy()
        order = self.make_sale()
        self.compose(order, self.company.clinic_sale_mail_template_id)
        self.assertTrue(order.clinic_mail_sent_by_staff_at)

    def test_quotation_is_no_order(self):
        order = self.make_sale()
        self.compose(order, self.env.ref("sale.email_template_edi_sale"))
        self.assertFalse(order.clinic_mail_sent_by_staff_at)

    def test_order_that_staff_sent_to_somebody_else(self):
        colleague = self.env["res.partner"].create({"name": "Ana", "email": "ana@clinica.test"})
        order = self.make_sale()
        self.compose(order, self.confirmation, partner_ids=colleague.ids)
        self.assertFalse(order.clinic_mail_sent_by_staff_at)

    def test_copy_of_an_order_has_no_choice_of_its_own(self):
        self.assertFalse(self.make_sale(clinic_mail_send="skip").copy().clinic_mail_send)
