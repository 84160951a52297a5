from unittest import SkipTest
from unittest.mock import patch

from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from odoo.addons.clinic_purchase_mail.models import clinic_mail_document_message

from .common import SaleOutboxCase

BUILDING = clinic_mail_document_message.__name__


@tagged("post_install", "-at_install")
class TestConfirmation(SaleOutboxCase):
    def test_confirmation_for_which_odoo_would_send_a_mail_leaves_a_row_instead(self):
        order = self.make_sale()
        order.with_context(send_email=True).action_confirm()
        self.assert_handed_over(order)
        row = self.sale_rows_of(order)
        self.assertEqual((row.order_name, row.sale_order_id), (order.name, order))

    def test_confirmation_by_staff_sends_nothing_as_in_odoo(self):
        order = self.make_sale()
        order.action_confirm()
        self.assert_no_mail(order)

    def test_company_that_mails_every_confirmation(self):
        self.company.clinic_sale_mail = "every"
        order = self.make_sale()
        order.action_confirm()
        self.assert_handed_over(order)

    def test_every_confirmation_is_mailed_once(self):
        self.company.clinic_sale_mail = "every"
        order = self.make_sale()
        order.with_context(send_email=True).action_confirm()
        self.assert_handed_over(order)

    def test_switched_off_odoo_sends_its_mail(self):
        self.company.clinic_sale_mail = "off"
        order = self.make_sale()
        order.with_context(send_email=True).action_confirm()
        self.assert_left_to_odoo(order)

    def test_switched_off_a_confirmation_by_staff_sends_nothing(self):
        self.company.clinic_sale_mail = "off"
        self.customer.clinic_sale_mail_send = "always"
        order = self.make_sale(clinic_mail_send="send")
        order.action_confirm()
        self.assert_no_mail(order)

    def test_companies_are_switched_each_for_itself(self):
        other = self.env["res.company"].create(
            {"name": "Other", "email": "o@clinica.test", "clinic_sale_mail": "off"}
        )
        self.env.user.company_ids += other
        self.company.clinic_sale_mail = "every"
        own, foreign = self.make_sale(), self.make_sale(company_id=other.id)
        (own + foreign).action_confirm()
        self.assertEqual((own.state, foreign.state), ("sale", "sale"))
        self.assertTrue(self.sale_rows_of(own))
        self.assertFalse(self.sale_rows_of(foreign))
        more, foreign = self.make_sale(), self.make_sale(company_id=other.id)
        (more + foreign).with_context(send_email=True).action_confirm()
        self.assertTrue(self.sale_rows_of(more))
        self.assert_left_to_odoo(foreign)

    def test_new_company_mails_as_odoo_would(self):
        self.assertEqual(self.env["res.company"].create({"name": "New"}).clinic_sale_mail, "odoo")

    def test_where_odoo_has_no_template_nothing_is_sent(self):
        with patch.object(
            self.registry["sale.order"],
            "_get_confirmation_template",
            lambda order: order.env["mail.template"],
        ):
            order = self.make_sale()
            order.with_context(send_email=True).action_confirm()
            self.assert_no_mail(order)

    def test_mail_of_a_payment_stays_with_odoo(self):
        order = self.make_sale()
        order._send_payment_succeeded_for_order_mail()
        self.assertFalse(self.sale_rows_of(order))
        self.assertEqual(len(self.mails_to_customer(order)), 1)
        order = self.make_sale(state="sale")
        order._send_payment_succeeded_for_order_mail()
        self.assertFalse(self.sale_rows_of(order))
        self.assertEqual(len(self.mails_to_customer(order)), 1)

    def test_orders_confirmed_together_have_a_row_each(self):
        orders = self.make_sale() + self.make_sale() + self.make_sale()
        orders.with_context(send_email=True).action_confirm()
        self.assertEqual(sorted(self.sale_rows_of(orders).mapped("res_id")), sorted(orders.ids))

    def test_confirmation_that_is_rolled_back_leaves_no_row(self):
        order = self.make_sale()
        with self.assertRaises(RuntimeError), self.env.cr.savepoint():
            order._validate_order()
            self.assertTrue(self.sale_rows_of(order))
            raise RuntimeError("Something after the confirmation fails")
        self.assertEqual(order.state, "draft")
        self.assertFalse(self.sale_rows_of(order))

    def test_message_that_cannot_be_written_does_not_block(self):
        order = self.make_sale()
        with (
            patch.object(clinic_mail_document_message, "build", side_effect=ValueError("x")),
            mute_logger(BUILDING),
        ):
            order._validate_order()
        row = self.sale_rows_of(order)
        self.assertEqual((order.state, row.state, row.reason_code), ("sale", "unsent", "failed"))

    def test_salesman_confirms_without_a_right_to_the_outbox(self):
        salesman = new_test_user(self.env, "salesman", "sales_team.group_sale_salesman")
        self.company.clinic_sale_mail = "every"
        order = self.make_sale(user_id=salesman.id)
        self.sent.reset_mock()  # Odoo invites the new user
        order.with_user(salesman).action_confirm()
        self.assert_handed_over(order)


@tagged("post_install", "-at_install")
class TestPostponed(SaleOutboxCase):
    """Beside Odoo's own way of sending later, `sale_async_emails`."""

    def setUp(self):
        super().setUp()
        self.env["ir.config_parameter"].set_param("sale.async_emails", "True")

    def test_confirmation_is_handed_over_at_once(self):
        order = self.make_sale()
        order._validate_order()
        self.assert_handed_over(order)
        self.assertFalse(order.pending_email_template_id)

    def test_switched_off_odoo_sends_later(self):
        self.company.clinic_sale_mail = "off"
        order = self.make_sale()
        order._validate_order()
        self.assert_no_mail(order)
        order._cron_send_pending_emails(auto_commit=False)
        self.assert_left_to_odoo(order)

    def test_what_odoo_postponed_before_is_sent_by_odoo(self):
        order = self.make_sale(state="sale")
        order.pending_email_template_id = self.confirmation
        order._cron_send_pending_emails(auto_commit=False)
        self.assert_left_to_odoo(order)


@tagged("post_install", "-at_install")
class TestQuotationTemplate(SaleOutboxCase):
    """A quotation template with a mail of its own, which Odoo sends when staff confirm."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        if "sale.order.template" not in cls.env:
            raise SkipTest("sale_management is not installed")
        cls.mail = cls.confirmation.copy({"name": "With instructions"})
        cls.quotation = cls.env["sale.order.template"].create(
            {"name": "Treatment", "mail_template_id": cls.mail.id}
        )

    def sale(self, **values):
        return self.make_sale(sale_order_template_id=self.quotation.id, **values)

    def test_staff_who_confirm_hand_it_over(self):
        order = self.sale()
        order.action_confirm()
        self.assert_handed_over(order)
        row = self.sale_rows_of(order)
        self.assertEqual((row.template_id, row.to_render), (self.mail, True))

    def test_customer_who_confirms_gets_it_once(self):
        self.company.clinic_sale_mail_template_id = self.confirmation
        order = self.sale()
        order._validate_order()
        self.assert_handed_over(order)
        self.assertEqual(self.sale_rows_of(order).template_id, self.mail)

    def test_every_confirmation_hands_it_over_once(self):
        self.company.clinic_sale_mail = "every"
        order = self.sale()
        order.action_confirm()
        self.assert_handed_over(order)

    def test_postponing_odoo_does_not_take_it(self):
        self.env["ir.config_parameter"].set_param("sale.async_emails", "True")
        order = self.sale()
        order.action_confirm()
        self.assert_handed_over(order)
        self.assertFalse(order.pending_email_template_id)

    def test_switched_off_odoo_sends_it(self):
        self.company.clinic_sale_mail = "off"
        order = self.sale()
        order.action_confirm()
        self.assert_left_to_odoo(order)

    def test_order_that_shall_not_be_mailed(self):
        order = self.sale(clinic_mail_send="skip")
        order.action_confirm()
        self.assertEqual(self.sale_rows_of(order).reason_code, "order_off")
        self.assertFalse(self.mails_to_customer(order))
