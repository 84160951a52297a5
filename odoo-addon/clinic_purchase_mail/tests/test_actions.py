from datetime import timedelta

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged

from ..amqp import outcome as outcomes
from .common import OutboxCase


@tagged("post_install", "-at_install")
class TestActions(OutboxCase):
    def setUp(self):
        super().setUp()
        self.manager = new_test_user(self.env, "manager", "purchase.group_purchase_manager")
        self.clerk = new_test_user(self.env, "clerk", "purchase.group_purchase_user")

    def failed_row(self):
        row = self.confirmed_row()
        row.write(
            {
                "reason_code": outcomes.UNREACHABLE,
                "reason": "broker.test",
                "next_try": fields.Datetime.now() + timedelta(hours=1),
            }
        )
        return row

    def test_waiting_mail_is_tried_at_once_and_says_who_asked(self):
        row = self.failed_row()
        row.with_user(self.manager).action_retry()
        self.assertEqual((row.state, row.reason_code), ("pending", False))
        self.assertLessEqual(row.next_try, fields.Datetime.now())
        self.assertEqual(row.retried_by_id, self.manager)
        self.assertTrue(row.retried_at)

    def test_mail_without_address_goes_out_once_there_is_one(self):
        self.supplier.email = False
        row = self.confirmed_row()
        message_id = row.uuid
        row.with_user(self.manager).action_retry()
        self.assertEqual((row.state, row.reason_code), ("unsent", "no_address"))
        self.supplier.email = "ventas@insumos.test"
        row.with_user(self.manager).action_retry()
        self.assertEqual((row.state, row.reason_code), ("pending", False))
        self.assertEqual(row.uuid, message_id)
        self.assertIn(message_id, row.body)

    def test_mail_of_a_cancelled_order_is_not_retried(self):
        order = self.make_order(clinic_mail_send="skip")
        order.button_confirm()
        order.button_cancel()
        with self.assertRaises(UserError):
            self.rows_of(order).with_user(self.manager).action_retry()

    def test_mail_is_not_written_anew_beside_another_one(self):
        self.supplier.email = False
        row = self.confirmed_row()
        self.supplier.email = "ventas@insumos.test"
        order = self.env["purchase.order"].browse(row.res_id)
        order.action_clinic_mail_send_again()
        other = self.rows_of(order) - row
        for state in ("pending", "held", "published"):
            other.state = state
            with self.assertRaises(UserError):
                row.with_user(self.manager).action_retry()
        other.state = "discarded"
        row.with_user(self.manager).action_retry()
        self.assertEqual(row.state, "pending")

    def test_mail_that_was_skipped_because_of_an_earlier_one_is_sent_if_somebody_asks(self):
        row = self.confirmed_row()
        row.state = "published"
        order = self.env["purchase.order"].browse(row.res_id)
        order.button_cancel()
        order.button_draft()
        order.button_confirm()
        skipped = self.rows_of(order) - row
        skipped.with_user(self.manager).action_retry()
        self.assertEqual((skipped.state, skipped.status), ("pending", "pending"))

    def test_discarded_mail_is_given_up_and_says_by_whom(self):
        row = self.failed_row()
        row.with_user(self.manager).action_discard()
        self.assertEqual((row.state, row.discarded_by_id), ("discarded", self.manager))
        self.assertTrue(row.discarded_at)
        _token, claimed = self.outbox._claim(10)
        self.assertNotIn(row.uuid, claimed)
        with self.assertRaises(UserError):
            row.with_user(self.manager).action_retry()

    def test_mail_in_hand_or_handed_over_is_not_discarded(self):
        row = self.confirmed_row()
        self.outbox._claim(10)
        with self.assertRaises(UserError):
            row.with_user(self.manager).action_discard()
        row.write({"state": "published", "lease_until": False})
        with self.assertRaises(UserError):
            row.with_user(self.manager).action_discard()

    def test_clerk_reads_states_and_changes_nothing(self):
        row = self.failed_row()
        self.assertTrue(row.with_user(self.clerk).read(["state", "reason_code"]))
        with self.assertRaises(AccessError):
            row.with_user(self.clerk).read(["body"])
        for action in ("action_retry", "action_discard"):
            with self.assertRaises(AccessError):
                getattr(row.with_user(self.clerk), action)()
        for user in (self.clerk, self.manager):
            with self.assertRaises(AccessError):
                row.with_user(user).write({"state": "published"})
            with self.assertRaises(AccessError):
                row.with_user(user).unlink()

    def test_nobody_acts_on_another_company(self):
        row = self.failed_row()
        row.company_id = self.env["res.company"].create({"name": "Other"})
        for action in ("action_retry", "action_discard"):
            with self.assertRaises(AccessError):
                getattr(row.with_user(self.manager), action)()
        with self.assertRaises(AccessError):
            row.with_user(self.clerk).read(["state"])

    def test_person_without_purchase_sees_nothing(self):
        row = self.confirmed_row()
        with self.assertRaises(AccessError):
            row.with_user(new_test_user(self.env, "nurse")).read(["state"])
