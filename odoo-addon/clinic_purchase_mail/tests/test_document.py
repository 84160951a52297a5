from ast import literal_eval
from datetime import timedelta

from lxml import etree

from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, new_test_user, tagged

from ..models import clinic_mail_actions
from .common import OutboxCase
from .test_job import JobCase

PRIVATE = (
    *("clinic_mail_status", "clinic_mail_note", "clinic_mail_send"),
    "clinic_mail_sent_by_staff_at",
)


@tagged("post_install", "-at_install")
class TestStatus(OutboxCase):
    def setUp(self):
        super().setUp()
        self.order = self.make_order()
        self.orders = self.env["purchase.order"]

    def found(self, operator, value):
        domain = [("id", "=", self.order.id), ("clinic_mail_status", operator, value)]
        return bool(self.orders.search_count(domain))

    def test_order_that_was_not_confirmed_has_none(self):
        self.assertFalse(self.order.clinic_mail_status)
        self.assertTrue(self.found("=", False))
        self.assertTrue(self.found("!=", "pending"))
        self.assertFalse(self.found("=", "pending"))

    def test_status_that_does_not_exist_is_refused_in_words(self):
        for operator, value in (("=", "delivred"), ("in", ["delivered", "x"]), ("!=", 5)):
            with self.assertRaisesRegex(UserError, "delivered"):
                self.found(operator, value)

    def test_order_shows_its_latest_mail_and_is_found_by_it(self):
        self.order.button_confirm()
        self.assertEqual(self.order.clinic_mail_status, "pending")
        row = self.rows_of(self.order)
        row.write({"state": "published", "outcome": "parked"})
        self.order.invalidate_recordset()
        self.assertEqual(self.order.clinic_mail_status, "parked")
        self.assertTrue(self.found("in", ["parked", "unknown"]))
        self.assertFalse(self.found("not in", ["parked", "unknown"]))
        self.assertFalse(self.found("=", False))
        self.order.action_clinic_mail_send_again()
        self.order.invalidate_recordset()
        self.assertEqual(self.order.clinic_mail_status, "pending")
        self.assertFalse(self.found("=", "parked"))

    def test_reason_of_a_mail_that_is_not_sent_stands_beside_the_status(self):
        self.supplier.email = False
        self.order.button_confirm()
        self.assertEqual(self.order.clinic_mail_status, "unsent")
        self.assertEqual(self.order.clinic_mail_note, "The partner has no e-mail address")

    def assert_not_in_the_filter(self):
        view = etree.fromstring(self.orders.get_view(view_type="search")["arch"])
        (shown,) = view.xpath("//filter[@name='clinic_mail_not_delivered']/@domain")
        self.assertNotIn(self.order, self.orders.search(literal_eval(shown)))

    def test_mail_that_a_rule_or_a_choice_keeps_back_is_skipped(self):
        self.order.clinic_mail_send = "skip"
        self.order.button_confirm()
        self.assertEqual(self.order.clinic_mail_status, "skipped")
        self.assertTrue(self.found("=", "skipped"))
        self.assert_not_in_the_filter()
        row = self.rows_of(self.order)
        self.assertEqual(self.outbox.search([("status", "=", "skipped")]) & row, row)

    def test_order_that_is_confirmed_again_shows_what_became_of_its_mail(self):
        self.order.button_confirm()
        self.rows_of(self.order).write({"state": "published", "outcome": "delivered"})
        self.order.button_cancel()
        self.order.button_draft()
        self.order.button_confirm()
        self.assertEqual(self.rows_of(self.order).mapped("status"), ["delivered", "skipped"])
        self.order.invalidate_recordset()
        self.assertEqual(self.order.clinic_mail_status, "delivered")
        self.assertTrue(self.found("=", "delivered"))
        self.assert_not_in_the_filter()

    def test_portal_users_read_nothing_of_it(self):
        self.order.button_confirm()
        guest = new_test_user(self.env, "guest", "base.group_portal")
        self.order.message_subscribe(guest.partner_id.ids)
        order = self.order.with_user(guest)
        self.assertTrue(order.read(["name"]))
        for name in PRIVATE:
            with self.subTest(name), self.assertRaises(AccessError):
                order.read([name])
            self.assertNotIn(name, order.fields_get())
        stranger = self.order.with_user(new_test_user(self.env, "guest2", "base.group_portal"))
        with self.assertRaises(AccessError):
            stranger.action_clinic_mail_open()

    def test_form_and_list_open_with_the_status(self):
        self.order.button_confirm()
        with Form(self.order) as form:
            self.assertEqual(form.clinic_mail_status, "pending")
        action = self.order.action_clinic_mail_open()
        self.assertEqual(action["res_id"], self.rows_of(self.order).id)


@tagged("post_install", "-at_install")
class TestSendAgain(JobCase):
    def setUp(self):
        super().setUp()
        self.none = self.env["res.users"]
        self.order = self.make_order()
        self.order.button_confirm()

    def test_new_message_has_an_id_of_its_own(self):
        self.run_job()
        first = self.rows_of(self.order)
        self.order.action_clinic_mail_send_again()
        second = self.rows_of(self.order) - first
        self.assertEqual(second.state, "pending")
        self.assertNotEqual(second.uuid, first.uuid)
        self.assertIn(second.uuid, second.body)
        self.assertEqual(self.published(), [second.uuid])

    def test_rules_do_not_count_for_whoever_asks(self):
        order = self.make_order(clinic_mail_send="skip")
        order.button_confirm()
        order.action_clinic_mail_send_again()
        self.assertEqual(order.clinic_mail_status, "pending")

    def test_mail_that_has_not_left_yet_is_not_sent_again(self):
        with self.assertRaises(UserError):
            self.order.action_clinic_mail_send_again()
        self.rows_of(self.order).state = "held"
        with self.assertRaises(UserError):
            self.order.action_clinic_mail_send_again()

    def test_earlier_mail_that_waits_or_is_held_counts_too(self):
        self.run_job()
        self.order.action_clinic_mail_send_again()
        earlier, later = self.rows_of(self.order)
        later.state = "discarded"
        for state in ("pending", "held"):
            earlier.state = state
            with self.assertRaises(UserError):
                self.order.action_clinic_mail_send_again()

    def test_pressed_twice_it_is_one_mail_and_the_row_says_who_pressed(self):
        self.run_job()
        clerk = new_test_user(self.env, "clerk4", "purchase.group_purchase_user")
        self.order.with_user(clerk).action_clinic_mail_send_again()
        self.run_job()
        first, second = self.rows_of(self.order)
        self.assertEqual((first.requested_by_id, second.requested_by_id), (self.none, clerk))
        self.assertEqual(second.state, "published")
        with self.assertRaisesRegex(UserError, "clerk4"):
            self.order.action_clinic_mail_send_again()
        second.requested_at -= timedelta(seconds=clinic_mail_actions.AGAIN_SECONDS)
        self.order.action_clinic_mail_send_again()
        self.assertEqual(len(self.rows_of(self.order)), 3)

    def test_mail_that_did_not_leave_can_be_sent_again_at_once(self):
        self.run_job()
        self.supplier.email = False
        self.order.action_clinic_mail_send_again()
        self.supplier.email = "ventas@insumos.test"
        self.order.action_clinic_mail_send_again()
        self.run_job()
        self.rows_of(self.order)[-1:].outcome = "parked"
        self.order.action_clinic_mail_send_again()
        self.assertEqual(len(self.published()), 1)

    def test_order_that_is_not_confirmed_is_not_mailed(self):
        self.run_job()
        self.order.button_cancel()
        with self.assertRaises(UserError):
            self.order.action_clinic_mail_send_again()

    def test_vendor_without_address_is_said_in_the_chatter(self):
        self.run_job()
        self.supplier.email = False
        self.order.action_clinic_mail_send_again()
        self.assertEqual(self.order.clinic_mail_status, "unsent")
        self.assertIn("no e-mail address", self.order.message_ids.sorted("id")[-1].body)

    def test_only_who_may_change_the_order_sends_it_again(self):
        self.run_job()
        clerk = new_test_user(self.env, "clerk2", "purchase.group_purchase_user")
        stranger = new_test_user(self.env, "stranger", "base.group_user")
        self.order.with_user(clerk).action_clinic_mail_send_again()
        self.run_job()
        with self.assertRaises(AccessError):
            self.order.with_user(stranger).action_clinic_mail_send_again()


@tagged("post_install", "-at_install")
class TestHeld(JobCase):
    def setUp(self):
        super().setUp()
        self.manager = new_test_user(self.env, "manager2", "purchase.group_purchase_manager")
        self.clerk = new_test_user(self.env, "clerk3", "purchase.group_purchase_user")

    def test_held_mail_leaves_when_it_is_released(self):
        row = self.confirmed_row()
        row.with_user(self.manager).action_hold()
        self.assertEqual((row.status, self.published()), ("held", []))
        row.with_user(self.manager).action_release()
        self.assertEqual(self.published(), [row.uuid])

    def test_held_mail_can_be_discarded(self):
        row = self.confirmed_row()
        row.with_user(self.manager).action_hold()
        row.with_user(self.manager).action_discard()
        self.assertEqual(row.status, "discarded")

    def test_restored_database_holds_whatever_waits(self):
        rows = self.confirmed_row() + self.confirmed_row()
        self.assertEqual(self.outbox.hold_pending(), 2)
        self.assertEqual(set(rows.mapped("state")), {"held"})
        self.assertEqual(self.published(), [])
        self.assertEqual(self.outbox.hold_pending(), 0)

    def test_only_the_right_people_hold_and_release(self):
        row = self.confirmed_row()
        with self.assertRaises(AccessError):
            row.with_user(self.clerk).action_hold()
        with self.assertRaises(AccessError):
            row.with_user(self.clerk).action_release()
        officer = new_test_user(self.env, "officer", "base.group_erp_manager")
        for user in (self.manager, officer):
            with self.assertRaises(AccessError):
                self.outbox.with_user(user).hold_pending()
        administrator = self.env.ref("base.user_admin")
        self.assertEqual(self.outbox.with_user(administrator).hold_pending(), 1)
        row.state = "pending"

    def test_mail_that_left_is_neither_held_nor_released(self):
        row = self.confirmed_row()
        self.run_job()
        with self.assertRaises(UserError):
            row.with_user(self.manager).action_hold()
        with self.assertRaises(UserError):
            row.with_user(self.manager).action_release()
