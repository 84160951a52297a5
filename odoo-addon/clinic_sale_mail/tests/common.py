from unittest.mock import patch

from odoo import Command

from odoo.addons.clinic_purchase_mail.tests.common import OutboxCase


class SaleOutboxCase(OutboxCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.customer = cls.env["res.partner"].create(
            {"name": "Farmacia Ñandú", "email": "compras@farmacia.test", "lang": "es_ES"}
        )
        cls.product.list_price = 5.5
        cls.product.taxes_id = False
        cls.confirmation = cls.env.ref("sale.mail_template_sale_confirmation")

    def setUp(self):
        super().setUp()
        # Both belong to a mail that Odoo sends while the confirmation waits.
        self.sent = self.start(patch.object(self.registry["mail.mail"], "send"))
        self.printed = self.start(
            patch.object(
                self.registry["ir.actions.report"],
                "_render_qweb_pdf",
                return_value=(b"%PDF-1.4", "pdf"),
            )
        )

    def start(self, patcher):
        self.addCleanup(patcher.stop)
        return patcher.start()

    @classmethod
    def make_sale(cls, **values):
        # Odoo would tell a salesperson by mail that the order is theirs.
        orders = cls.env["sale.order"].with_context(mail_auto_subscribe_no_notify=True)
        return orders.create(
            {
                "partner_id": cls.customer.id,
                "order_line": [
                    Command.create(
                        {"product_id": cls.product.id, "product_uom_qty": 3, "price_unit": 5.5}
                    )
                ],
                **values,
            }
        ).with_env(cls.env)

    @classmethod
    def sale_rows_of(cls, orders):
        return cls.outbox.search(
            [("res_model", "=", "sale.order"), ("res_id", "in", orders.ids)], order="id"
        )

    @classmethod
    def validated_row(cls, **values):
        """The row of an order that a customer confirmed."""
        order = cls.make_sale(**values)
        order._validate_order()
        return cls.sale_rows_of(order)

    def mails_to_customer(self, order):
        """Messages of Odoo of which the customer is notified by mail."""
        return order.message_ids.filtered(
            lambda message: order.partner_id in message.notification_ids.res_partner_id
        )

    def assert_handed_over(self, order):
        """One row waits, and Odoo itself neither wrote, printed nor sent anything."""
        self.assertEqual(order.state, "sale")
        self.assertEqual(self.sale_rows_of(order).mapped("state"), ["pending"])
        self.assertFalse(self.mails_to_customer(order))
        self.sent.assert_not_called()
        self.printed.assert_not_called()

    def assert_left_to_odoo(self, order):
        """Odoo sent its mail, and there is no row."""
        self.assertEqual(order.state, "sale")
        self.assertFalse(self.sale_rows_of(order))
        self.assertEqual(len(self.mails_to_customer(order)), 1)
        self.sent.assert_called_once()
        self.printed.assert_called_once()

    def assert_no_mail(self, order):
        self.assertEqual(order.state, "sale")
        self.assertFalse(self.sale_rows_of(order))
        self.assertFalse(self.mails_to_customer(order))
        self.sent.assert_not_called()
