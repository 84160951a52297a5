from datetime import timedelta

from odoo import fields
from odoo.exceptions import ValidationError
from odoo.tests import new_test_user, tagged

from ..amqp import outcome as outcomes
from ..models import clinic_mail_watch
from .common import OutboxCase


class AgedCase(OutboxCase):
    def setUp(self):
        super().setUp()
        self.outbox.search([("state", "=", "pending")]).state = "unsent"

    def aged_row(self, company=None, **age):
        row = self.confirmed_row()
        if company:
            row.company_id = company
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE clinic_mail_outbox SET create_date = %s WHERE id = %s",
            [fields.Datetime.now() - timedelta(**age), row.id],
        )
        row.invalidate_recordset()
        return row


@tagged("post_install", "-at_install")
class TestAlarm(AgedCase):
    def failing_row(self, company=None, **age):
        row = self.aged_row(company, **age)
        row.reason_code = outcomes.UNREACHABLE
        return row

    def activities(self):
        kind = self.env.ref("clinic_purchase_mail.mail_activity_failure")
        return self.env["mail.activity"].search([("activity_type_id", "=", kind.id)])

    def watch(self):
        self.outbox._job_watch()
        return self.activities()

    def test_failure_is_told_once_after_its_time(self):
        self.failing_row(minutes=59)
        self.assertFalse(self.watch())
        row = self.failing_row(minutes=61)
        self.failing_row(minutes=61)
        activity = self.watch()
        self.assertEqual(len(activity), 1)
        self.assertEqual((activity.res_model, activity.res_id), (row._name, row.id))
        self.assertEqual(activity.user_id, self.env.ref("base.user_admin"))
        self.assertIn(row.order_name, activity.note)
        self.assertEqual(self.watch(), activity)

    def test_activity_that_was_marked_done_does_not_come_again(self):
        self.failing_row(hours=2)
        self.watch().with_user(self.env.ref("base.user_admin")).action_done()
        self.assertFalse(self.watch())

    def test_rows_have_no_followers_and_no_notes_of_their_own(self):
        row = self.confirmed_row()
        self.assertFalse(row.message_ids)
        self.assertFalse(row.message_follower_ids)

    def test_activity_is_closed_when_it_works_again_and_a_new_failure_is_told(self):
        row = self.failing_row(hours=2)
        self.assertTrue(self.watch())
        row.write({"state": "published", "reason_code": False})
        self.assertFalse(self.watch())
        self.assertFalse(self.company.clinic_mail_alarm_since)
        self.failing_row(hours=2)
        self.assertEqual(len(self.watch()), 1)

    def test_mail_that_only_waits_is_no_failure(self):
        self.aged_row(hours=5)
        self.assertFalse(self.watch())

    def test_without_a_time_there_is_no_alarm(self):
        self.company.clinic_mail_alarm_minutes = 0
        self.failing_row(hours=5)
        self.assertFalse(self.watch())

    def test_each_company_tells_its_own_person(self):
        other = self.env["res.company"].create({"name": "Other", "clinic_mail_alarm_minutes": 30})
        person = new_test_user(
            self.env,
            "person",
            "purchase.group_purchase_user",
            company_id=other.id,
            company_ids=other.ids,
        )
        other.clinic_mail_alarm_user_id = person
        row = self.failing_row(other, minutes=40)
        self.failing_row(minutes=40)
        activity = self.watch()
        self.assertEqual((activity.user_id, activity.res_id), (person, row.id))
        self.failing_row(hours=2)
        self.assertEqual(len(self.watch()), 2)
        row.write({"state": "published", "reason_code": False})
        self.assertEqual(self.watch().user_id, self.env.ref("base.user_admin"))


@tagged("post_install", "-at_install")
class TestForget(AgedCase):
    def test_old_messages_lose_their_text_and_keep_id_and_state(self):
        row = self.aged_row(days=181)
        row.write({"state": "published", "reason": "250 for ventas@insumos.test"})
        message_id = row.uuid
        self.outbox._job_forget()
        self.assertEqual((row.body, row.reason), (False, False))
        self.assertEqual((row.uuid, row.state), (message_id, "published"))

    def test_younger_messages_and_what_still_waits_keep_theirs(self):
        young, waiting = self.aged_row(days=179), self.aged_row(days=500)
        young.state = "published"
        self.outbox._job_forget()
        self.assertTrue(young.body)
        self.assertTrue(waiting.body)

    def test_each_company_has_its_own_age(self):
        other = self.env["res.company"].create({"name": "Other", "clinic_mail_keep_days": 10})
        self.company.clinic_mail_keep_days = 0
        kept, forgotten = self.aged_row(days=500), self.aged_row(other, days=11)
        (kept + forgotten).state = "published"
        self.outbox._job_forget()
        self.assertTrue(kept.body)
        self.assertFalse(forgotten.body)

    def test_what_does_not_fit_into_one_run_calls_for_another(self):
        self.patch(clinic_mail_watch, "FORGET_ROWS", 1)
        rows = self.aged_row(days=500) + self.aged_row(days=500)
        rows.state = "published"
        job = self.env.ref("clinic_purchase_mail.job_forget")
        count = [("cron_id", "=", job.id)]
        before = self.env["ir.cron.trigger"].search_count(count)
        self.outbox._job_forget()
        self.assertEqual(len(rows.filtered("body")), 1)
        self.assertEqual(self.env["ir.cron.trigger"].search_count(count), before + 1)

    def test_negative_ages_are_refused(self):
        for name in ("clinic_mail_keep_days", "clinic_mail_alarm_minutes"):
            with self.assertRaises(ValidationError), self.env.cr.savepoint():
                self.company[name] = -1
