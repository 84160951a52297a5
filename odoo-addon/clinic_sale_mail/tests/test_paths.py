from unittest.mock import patch

from odoo import Command
from odoo.tests import HttpCase, tagged

from odoo.addons.account_payment.tests.common import AccountPaymentCommon
from odoo.addons.sale.tests.common import SaleCommon

from .common import SaleOutboxCase

#: A picture of one pixel.
SIGNATURE = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk"
    "+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
NOTIFY = "odoo.addons.sale.models.sale_order.SaleOrder._send_order_notification_mail"


@tagged("post_install", "-at_install")
class TestPortal(SaleOutboxCase, HttpCase):
    """A customer who signs in the portal, without signing in."""

    def sign(self, order):
        answer = self.make_jsonrpc_request(
            f"/my/orders/{order.id}/accept",
            {
                "access_token": order._portal_ensure_token(),
                "name": "Rosa",
                "signature": SIGNATURE,
            },
        )
        self.assertTrue(answer.get("force_refresh"), answer)
        order.invalidate_recordset()

    def quotation(self, **values):
        return self.make_sale(
            require_signature=True, require_payment=False, state="sent", **values
        )

    def test_signature_hands_the_mail_over(self):
        order = self.quotation()
        with patch(NOTIFY) as by_odoo:
            self.sign(order)
        self.assertEqual((order.state, order.signed_by), ("sale", "Rosa"))
        self.assertEqual(self.sale_rows_of(order).mapped("state"), ["pending"])
        by_odoo.assert_not_called()

    def test_switched_off_odoo_sends_its_mail(self):
        self.company.clinic_sale_mail = "off"
        order = self.quotation()
        with patch(NOTIFY) as by_odoo:
            self.sign(order)
        self.assertEqual(order.state, "sale")
        self.assertFalse(self.sale_rows_of(order))
        by_odoo.assert_called_once_with(self.confirmation)

    def test_customer_without_address_confirms_and_the_note_is_not_theirs(self):
        self.customer.email = False
        order = self.quotation()
        self.company.partner_id.lang = "en_US"
        self.sign(order)
        self.assertEqual((order.state, order.clinic_mail_status), ("sale", "unsent"))
        note = order.message_ids.filtered(lambda each: "no e-mail address" in each.body)
        self.assertEqual(note.author_id, self.env.ref("base.partner_root"))
        self.assertTrue(note.is_internal)


@tagged("post_install", "-at_install")
class TestPayment(AccountPaymentCommon, SaleCommon):
    """A customer who pays."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.currency = cls.sale_order.currency_id
        cls.partner = cls.sale_order.partner_id
        cls.partner.email = "compras@farmacia.test"
        cls.sale_order.company_id.email = "ventas@clinica.test"
        cls.amount = cls.sale_order.amount_total

    def pay(self, amount, state="done", **values):
        transaction = self._create_transaction(
            flow="direct",
            sale_order_ids=[Command.set(self.sale_order.ids)],
            state=state,
            amount=amount,
            **values,
        )
        with patch(NOTIFY) as by_odoo:
            transaction._post_process()
        return by_odoo

    def rows(self):
        return self.env["clinic.mail.outbox"].search(
            [("res_model", "=", "sale.order"), ("res_id", "=", self.sale_order.id)]
        )

    def test_payment_hands_the_mail_over(self):
        by_odoo = self.pay(self.amount)
        self.assertEqual(self.sale_order.state, "sale")
        self.assertEqual(self.rows().mapped("state"), ["pending"])
        by_odoo.assert_not_called()

    def test_authorized_payment_hands_the_mail_over(self):
        self.provider.support_manual_capture = "full_only"
        by_odoo = self.pay(self.amount, "authorized")
        self.assertEqual(self.sale_order.state, "sale")
        self.assertEqual(self.rows().mapped("state"), ["pending"])
        by_odoo.assert_not_called()

    def test_amount_that_confirms_is_all_that_a_transaction_needs(self):
        transaction = self._create_transaction(
            flow="direct",
            sale_order_ids=[Command.set(self.sale_order.ids)],
            state="done",
            amount=self.amount,
        )
        self.assertEqual(transaction._check_amount_and_confirm_order(), self.sale_order)
        self.assertEqual(self.rows().mapped("state"), ["pending"])

    def test_mail_of_a_part_payment_stays_with_odoo(self):
        self.sale_order.prepayment_percent = 1
        by_odoo = self.pay(self.amount / 2)
        self.assertEqual(self.sale_order.state, "draft")
        self.assertFalse(self.rows())
        by_odoo.assert_called_once_with(self.env.ref("sale.mail_template_sale_payment_executed"))

    def test_switched_off_odoo_sends_its_mail(self):
        self.sale_order.company_id.clinic_sale_mail = "off"
        by_odoo = self.pay(self.amount)
        self.assertEqual(self.sale_order.state, "sale")
        self.assertFalse(self.rows())
        by_odoo.assert_called_once_with(self.env.ref("sale.mail_template_sale_confirmation"))

    def test_payment_of_an_order_that_cannot_be_mailed_confirms_it(self):
        self.partner.email = "a@farmacia.test, b@farmacia.test"
        self.pay(self.amount)
        self.assertEqual(self.sale_order.state, "sale")
        self.assertEqual(self.rows().reason_code, "bad_address")
