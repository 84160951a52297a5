from unittest import SkipTest
from unittest.mock import patch

from odoo.tests import tagged

from .common import SaleOutboxCase
from .test_paths import NOTIFY


@tagged("post_install", "-at_install")
class TestWebShop(SaleOutboxCase):
    """An order of nothing to pay, which the shop confirms itself; others by their payment."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        if "website_id" not in cls.env["sale.order"]._fields:
            raise SkipTest("website_sale is not installed")
        cls.website = cls.env["website"].search([], limit=1)
        cls.website.company_id = cls.company
        cls.product.write({"type": "service", "list_price": 0, "sale_ok": True})

    def check_out(self):
        # Importing it where the shop is not installed would register its pages.
        from odoo.addons.website.tools import MockRequest
        from odoo.addons.website_sale.controllers.main import WebsiteSale

        order = self.make_sale(website_id=self.website.id)
        order.order_line.price_unit = 0
        with (
            MockRequest(self.env, website=self.website, sale_order_id=order.id),
            patch(NOTIFY) as by_odoo,
        ):
            WebsiteSale().shop_payment_validate()
        self.assertEqual(order.state, "sale")
        return order, by_odoo

    def test_order_hands_the_mail_over(self):
        order, by_odoo = self.check_out()
        self.assertEqual(self.sale_rows_of(order).mapped("state"), ["pending"])
        by_odoo.assert_not_called()

    def test_switched_off_odoo_sends_its_mail(self):
        self.company.clinic_sale_mail = "off"
        order, by_odoo = self.check_out()
        self.assertFalse(self.sale_rows_of(order))
        by_odoo.assert_called_once_with(self.confirmation)
