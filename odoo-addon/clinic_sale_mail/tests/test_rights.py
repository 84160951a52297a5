from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged

from .common import SaleOutboxCase

SALESMAN = "sales_team.group_sale_salesman"
ALL_SALES = "sales_team.group_sale_salesman_all_leads"
SALE_MANAGER = "sales_team.group_sale_manager"
PURCHASER = "purchase.group_purchase_user"
PURCHASE_MANAGER = "purchase.group_purchase_manager"
ACTIONS = ("action_retry", "action_hold", "action_release", "action_discard")


@tagged("post_install", "-at_install")
class TestRights(SaleOutboxCase):
    def setUp(self):
        super().setUp()
        self.seller = new_test_user(self.env, "seller", SALESMAN)
        self.sale = self.validated_row(user_id=self.seller.id)
        self.purchase = self.confirmed_row()

    def user(self, *groups):
        login = f"user of {' '.join(groups)}"
        known = self.env["res.users"].search([("login", "=", login)])
        return known or new_test_user(self.env, login, ",".join(groups))

    def seen(self, user):
        both = self.sale + self.purchase
        return self.outbox.with_user(user).search([("id", "in", both.ids)]).sudo()

    def assert_acts(self, user, row):
        for action in ACTIONS:
            getattr(row.with_user(user), action)()
        self.assertEqual((row.state, row.discarded_by_id), ("discarded", user))

    def assert_does_not_act(self, user, row):
        for action in ACTIONS:
            row.state = "held" if action == "action_release" else "pending"
            with self.assertRaises(AccessError, msg=action):
                getattr(row.with_user(user), action)()

    def test_each_reads_the_mails_of_their_kind(self):
        for groups, seen in (
            ((SALESMAN,), self.outbox),
            ((ALL_SALES,), self.sale),
            ((SALE_MANAGER,), self.sale),
            ((PURCHASER,), self.purchase),
            ((PURCHASE_MANAGER,), self.purchase),
            ((ALL_SALES, PURCHASER), self.sale + self.purchase),
            (("base.group_system",), self.sale + self.purchase),
            (("base.group_system", PURCHASER), self.sale + self.purchase),
        ):
            with self.subTest(groups):
                self.assertEqual(self.seen(self.user(*groups)), seen.sorted("id", reverse=True))

    def test_salesman_reads_the_mails_of_the_orders_that_are_theirs(self):
        self.assertEqual(self.seen(self.seller), self.sale)
        self.sale.sale_order_id.user_id = False
        self.assertEqual(self.seen(self.user(SALESMAN)), self.sale)

    def test_other_people_read_none(self):
        with self.assertRaises(AccessError):
            self.seen(self.user("base.group_user"))
        with self.assertRaises(AccessError):
            self.seen(self.user("base.group_portal"))

    def test_messages_are_for_managers_of_their_kind(self):
        for user in (self.seller, self.user(ALL_SALES)):
            with self.assertRaises(AccessError):
                self.sale.with_user(user).read(["body"])
        for user in (self.user(SALE_MANAGER), self.user("base.group_system")):
            self.assertTrue(self.sale.with_user(user).read(["body"]))
        with self.assertRaises(AccessError):
            self.purchase.with_user(self.user(SALE_MANAGER)).read(["body"])
        with self.assertRaises(AccessError):
            self.sale.with_user(self.user(PURCHASE_MANAGER)).read(["body"])

    def test_managers_act_on_their_own_kind(self):
        self.assert_acts(self.user(SALE_MANAGER), self.sale)
        self.assert_acts(self.user(PURCHASE_MANAGER), self.purchase)

    def test_managers_do_not_act_on_the_other_kind(self):
        self.assert_does_not_act(self.user(SALE_MANAGER), self.purchase)
        self.assert_does_not_act(self.user(PURCHASE_MANAGER), self.sale)

    def test_manager_of_one_kind_who_sees_the_other_does_not_act_on_it(self):
        self.assert_does_not_act(self.user(PURCHASE_MANAGER, ALL_SALES), self.sale)
        self.assert_does_not_act(self.user(SALE_MANAGER, PURCHASER), self.purchase)
        both = self.sale + self.purchase
        both.state = "pending"
        with self.assertRaises(AccessError):
            both.with_user(self.user(PURCHASE_MANAGER, "sales_team.group_sale_salesman_all_leads", PURCHASER)).action_hold()
        self.assertEqual(set(both.mapped("state")), {"pending"})

    def test_manager_of_both_acts_on_both(self):
        user = self.user(PURCHASE_MANAGER, SALE_MANAGER)
        (self.sale + self.purchase).with_user(user).action_hold()
        self.assertEqual(set((self.sale + self.purchase).mapped("state")), {"held"})

    def test_salesmen_and_purchasers_act_on_none(self):
        self.assert_does_not_act(self.seller, self.sale)
        self.assert_does_not_act(self.user(ALL_SALES), self.sale)
        self.assert_does_not_act(self.user(PURCHASER), self.purchase)

    def test_administrators_act_on_all(self):
        user = self.user("base.group_system")
        self.assert_acts(user, self.sale)
        self.assert_acts(user, self.purchase)

    def test_nobody_acts_on_another_company(self):
        self.sale.company_id = self.env["res.company"].create({"name": "Other"})
        self.assertFalse(self.seen(self.user(ALL_SALES)) & self.sale)
        self.assert_does_not_act(self.user(SALE_MANAGER), self.sale)

    def test_nobody_writes_rows_by_hand(self):
        for user in (self.seller, self.user(SALE_MANAGER), self.user("base.group_system")):
            with self.assertRaises(AccessError):
                self.sale.with_user(user).write({"state": "published"})
            with self.assertRaises(AccessError):
                self.sale.with_user(user).unlink()
            with self.assertRaises(AccessError):
                self.outbox.with_user(user).create({"order_name": "x"})

    def test_sales_managers_do_not_switch_the_company(self):
        with self.assertRaises(AccessError):
            self.company.with_user(self.user(SALE_MANAGER)).clinic_sale_mail = "off"
