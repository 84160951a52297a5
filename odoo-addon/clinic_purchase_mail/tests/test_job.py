from datetime import timedelta

from odoo import fields
from odoo.tests import tagged
from odoo.tools import mute_logger

from ..amqp import outcome as outcomes
from ..amqp.address import Address, SettingsError
from ..amqp.outcome import CONFIRMED, Outcome
from ..models import clinic_mail_job
from ..models.clinic_mail_results import QUEUE_PARAMETER
from .common import OutboxCase

LOGGER = clinic_mail_job.__name__


@tagged("post_install", "-at_install")
class JobCase(OutboxCase):
    """The job with a broker that answers as the test says."""

    def setUp(self):
        super().setUp()
        # Whatever lay in the database's outbox before is not this test's business.
        self.outbox.search([("state", "=", "pending")]).state = "unsent"
        self.outcome = CONFIRMED
        self.calls = []
        broker = type(self.env["clinic.mail.broker"])
        self.connection = {"address": Address("broker.test"), "key": None, "name": "Odoo"}
        self.patch(broker, "_connection", lambda _self: self.read_settings())
        self.patch(broker, "_publish", lambda _self, _connection, bodies: self.publish(bodies))
        self.patch(broker, "_receive", lambda _self, *_arguments: CONFIRMED)
        mark = self.outbox._results_queue_mark(self.connection)
        self.env["ir.config_parameter"].set_param(QUEUE_PARAMETER, mark)
        # A test's cursor cannot commit; that the job does is part of what is tested.
        self.patch(type(self.outbox), "_commit", lambda model: self.commit(model))

    def read_settings(self):
        self.calls.append("settings")
        return self.connection

    def publish(self, bodies):
        self.calls.append(list(bodies))
        return dict.fromkeys(bodies, self.outcome)

    def commit(self, model):
        model.env.flush_all()
        self.calls.append("commit")

    def run_job(self):
        self.calls.clear()
        self.outbox._job_publish()
        self.outbox.invalidate_model()
        return [call for call in self.calls if isinstance(call, list)]

    def published(self):
        return [message_id for call in self.run_job() for message_id in call]


@tagged("post_install", "-at_install")
class TestPublishing(JobCase):
    def test_waiting_messages_are_published_oldest_first_and_recorded(self):
        rows = self.confirmed_row() + self.confirmed_row()
        self.assertEqual(self.published(), rows.mapped("uuid"))
        self.assertEqual(set(rows.mapped("state")), {"published"})
        self.assertTrue(all(rows.mapped("published_at")))
        self.assertEqual(rows.mapped("attempts"), [1, 1])
        self.assertFalse(any(rows.mapped("lease_token")))
        self.assertEqual(self.published(), [])

    def test_claim_settings_and_result_are_committed_around_the_call_to_the_broker(self):
        row = self.confirmed_row()
        self.run_job()
        # One more beside the settings: whether the queue of results was made is read, too.
        before = ["commit", "settings", "commit", "commit"]
        self.assertEqual(self.calls[:6], [*before, [row.uuid], "commit"])

    def test_rows_are_found_by_document_and_by_id_and_texts_are_read_when_asked_for(self):
        self.env.cr.execute(
            "SELECT indexname FROM pg_indexes WHERE tablename = 'clinic_mail_outbox'"
        )
        names = {name for (name,) in self.env.cr.fetchall()}
        self.assertLess(
            {"clinic_mail_outbox_document_index", "clinic_mail_outbox_uuid_unique"}, names
        )
        self.assertNotIn("clinic_mail_outbox__uuid_index", names)
        row = self.confirmed_row()
        self.env.invalidate_all()
        self.assertTrue(row.state)
        self.assertFalse(self.env.cache.contains(row, row._fields["body"]))

    def test_text_is_published_exactly_as_it_is_stored(self):
        row = self.confirmed_row()
        _token, claimed = self.outbox._claim(10)
        self.assertEqual(claimed, {row.uuid: row.body})

    def test_run_ends_at_its_bound_and_calls_for_another(self):
        for _each in range(3):
            self.confirmed_row()
        job = self.env.ref("clinic_purchase_mail.job_publish")
        count = [("cron_id", "=", job.id)]
        before = self.env["ir.cron.trigger"].search_count(count)
        self.patch(clinic_mail_job, "RUN_ROWS", 2)
        self.patch(clinic_mail_job, "BATCH_ROWS", 1)
        self.assertEqual(len(self.published()), 2)
        self.assertEqual(self.env["ir.cron.trigger"].search_count(count), before + 1)
        self.assertEqual(len(self.published()), 1)

    def test_run_ends_when_its_time_is_up(self):
        self.confirmed_row()
        self.patch(clinic_mail_job, "RUN_SECONDS", 0)
        self.assertEqual(self.published(), [])


@tagged("post_install", "-at_install")
class TestLease(JobCase):
    def test_row_that_another_job_holds_is_left_alone(self):
        row = self.confirmed_row()
        token, claimed = self.outbox._claim(10)
        self.assertEqual(list(claimed), [row.uuid])
        self.assertEqual(self.published(), [])
        self.outbox._record(token, {row.uuid: CONFIRMED})
        self.assertEqual(row.state, "published")

    def test_row_of_a_job_that_died_is_published_again_under_its_id(self):
        row = self.confirmed_row()
        self.outbox._claim(10)
        row.lease_until = fields.Datetime.now() - timedelta(seconds=1)
        self.assertEqual(self.published(), [row.uuid])
        self.assertEqual(row.attempts, 2)

    def test_job_whose_lease_ran_out_changes_nothing_any_more(self):
        row = self.confirmed_row()
        late, _claimed = self.outbox._claim(10)
        row.lease_until = fields.Datetime.now() - timedelta(seconds=1)
        self.assertEqual(self.published(), [row.uuid])
        with mute_logger(LOGGER):
            self.outbox._record(late, {row.uuid: Outcome(outcomes.TIMEOUT)})
        self.assertEqual(row.state, "published")
        self.assertFalse(row.reason_code)

    def test_job_whose_lease_ran_out_leaves_its_successor_the_lease(self):
        row = self.confirmed_row()
        late, _claimed = self.outbox._claim(10)
        row.lease_until = fields.Datetime.now() - timedelta(seconds=1)
        token, _claimed = self.outbox._claim(10)
        with mute_logger(LOGGER):
            self.outbox._record(late, {row.uuid: Outcome(outcomes.TIMEOUT)})
        self.assertEqual(row.lease_token, token)
        self.assertFalse(row.reason_code)


@tagged("post_install", "-at_install")
class TestFailure(JobCase):
    def run_failing(self, outcome):
        self.outcome = outcome
        with mute_logger(LOGGER):
            return self.published()

    def test_reason_and_next_attempt_are_on_the_row(self):
        row = self.confirmed_row()
        self.run_failing(Outcome(outcomes.UNREACHABLE, "broker.test:5672 cannot be reached"))
        self.assertEqual(row.state, "pending")
        self.assertEqual(row.reason_code, outcomes.UNREACHABLE)
        self.assertEqual(row.reason, "broker.test:5672 cannot be reached")
        self.assertGreater(row.next_try, fields.Datetime.now())
        self.assertFalse(row.lease_token)

    def test_every_code_of_the_publisher_can_be_kept(self):
        row = self.confirmed_row()
        for code in outcomes.CODES:
            row.reason_code = code

    def test_every_message_waits_while_the_broker_is_given_time(self):
        self.confirmed_row()
        self.run_failing(Outcome(outcomes.TIMEOUT))
        self.confirmed_row()
        self.assertEqual(self.run_failing(Outcome(outcomes.TIMEOUT)), [])

    def test_all_go_out_when_the_broker_is_back(self):
        first = self.confirmed_row()
        self.run_failing(Outcome(outcomes.TIMEOUT))
        second = self.confirmed_row()
        first.next_try = fields.Datetime.now()
        self.outcome = CONFIRMED
        self.assertEqual(self.published(), [first.uuid, second.uuid])
        self.assertFalse(first.reason_code)

    def test_delays_grow_to_a_bound(self):
        spread = clinic_mail_job.JITTER
        for attempts, step in ((1, 15), (2, 60), (3, 120), (4, 300), (99, 300)):
            delay = self.outbox._delay(attempts)
            self.assertGreaterEqual(delay, step * (1 - spread))
            self.assertLessEqual(delay, step * (1 + spread))

    def test_run_stops_at_the_first_failure(self):
        for _each in range(2):
            self.confirmed_row()
        self.patch(clinic_mail_job, "BATCH_ROWS", 1)
        self.assertEqual(len(self.run_failing(Outcome(outcomes.UNROUTABLE))), 1)

    def test_only_what_failed_is_tried_again(self):
        good, bad = self.confirmed_row(), self.confirmed_row()
        results = {good.uuid: CONFIRMED, bad.uuid: Outcome(outcomes.NOT_CONFIRMED)}
        self.patch(type(self.env["clinic.mail.broker"]), "_publish", lambda *_args: results)
        with mute_logger(LOGGER):
            self.outbox._job_publish()
        self.assertEqual([good.state, bad.state], ["published", "pending"])

    def test_without_a_broker_messages_wait_and_say_so(self):
        row = self.confirmed_row()
        self.connection["address"] = None
        with mute_logger(LOGGER):
            self.assertEqual(self.published(), [])
        self.assertEqual((row.state, row.reason_code), ("pending", "not_configured"))

    def test_wrong_settings_are_said_on_the_row(self):
        row = self.confirmed_row()

        def wrong(_model):
            raise SettingsError("The broker's port must be a number from 1 to 65535")

        self.patch(type(self.env["clinic.mail.broker"]), "_connection", wrong)
        with mute_logger(LOGGER):
            self.outbox._job_publish()
        self.assertEqual((row.state, row.reason_code), ("pending", "configuration"))
        self.assertIn("port", row.reason)


@tagged("post_install", "-at_install")
class TestOverdue(JobCase):
    def setUp(self):
        super().setUp()
        self.job = self.env.ref("clinic_purchase_mail.job_publish")
        self.patch(clinic_mail_job, "_LOADED_AT", -clinic_mail_job.OVERDUE_SECONDS)
        self.env.cr.precommit.run()

    def confirm(self):
        self.confirmed_row()
        self.env.cr.precommit.run()

    def overdue(self):
        return self.env["res.config.settings"].new().clinic_mail_overdue_since

    def test_job_that_nobody_runs_is_said_in_the_log_and_in_the_settings(self):
        self.job.nextcall = fields.Datetime.now() - timedelta(minutes=20)
        with self.assertLogs(LOGGER, "ERROR") as logs:
            self.confirm()
        self.assertIn(self.job.name, logs.output[0])
        self.assertEqual(self.overdue(), self.job.nextcall)

    def test_job_that_runs_is_not_complained_about(self):
        with self.assertNoLogs(LOGGER, "ERROR"):
            self.confirm()
        self.assertFalse(self.overdue())

    def test_what_was_due_before_a_start_is_not_complained_about(self):
        self.job.nextcall = fields.Datetime.now() - timedelta(days=1)
        self.patch(clinic_mail_job, "_LOADED_AT", clinic_mail_job.time.monotonic())
        with self.assertNoLogs(LOGGER, "ERROR"):
            self.confirm()

    def test_an_order_is_confirmed_without_the_job(self):
        self.job.unlink()
        self.confirm()
        self.assertFalse(self.overdue())
