import json
import uuid
from datetime import timedelta
from unittest.mock import patch

import psycopg2

from odoo.tests import tagged
from odoo.tools import mute_logger

from ..amqp import outcome as outcomes
from ..amqp.address import Address, SettingsError
from ..amqp.outcome import CONFIRMED, Outcome
from ..models import clinic_mail_results
from .test_job import JobCase

LOGGER = clinic_mail_results.__name__


class ResultsCase(JobCase):
    """The job with a hub that says what the test says."""

    def setUp(self):
        super().setUp()
        self.outbox.search([("state", "=", "published")]).state = "unsent"
        self.database_uuid = self.env["ir.config_parameter"].get_param("database.uuid")
        self.said = []
        self.read = CONFIRMED
        broker = type(self.env["clinic.mail.broker"])
        self.patch(
            broker, "_receive", lambda _self, _connection, *arguments: self.receive(*arguments)
        )
        self.order = self.make_order()
        self.order.button_confirm()
        self.row = self.rows_of(self.order)

    def receive(self, database_uuid, take, idle_s):
        self.calls.append(("receive", database_uuid, idle_s))
        said, self.said = self.said, []
        if said:
            self.calls.append(("goes on", take(said)))
        return self.read

    def result(self, outcome="delivered", second=0, row=None, **changes):
        result = {
            "type": "mail.outcome",
            "version": "1.0",
            "id": (row or self.row).uuid,
            "databaseUuid": self.database_uuid,
            "outcome": outcome,
            "time": f"2026-01-02T03:04:{second:02}.120Z",
            "attempt": 1,
            "messageId": f"<{(row or self.row).uuid}@clinica.test>",
            "recipient": "ventas@insumos.test",
            **changes,
        }
        return json.dumps(result).encode()

    def delivered(self, second=0, **changes):
        smtp = {"code": 250, "response": "250 2.0.0 Ok: queued as 4F"}
        return self.result("delivered", second, **{"smtp": smtp, **changes})

    def parked(self, second=0, **changes):
        reason = {
            "code": "SMTP_PERMANENT",
            "text": "550 5.1.1 No such user",
            "summary": {"en": "The mail server refuses it.", "es": "El servidor lo rechaza."},
        }
        return self.result("parked", second, **{"reason": reason, **changes})

    def hub_says(self, *said):
        self.said = list(said)
        self.calls.clear()
        self.outbox._job_results()
        self.outbox.invalidate_model()
        self.order.invalidate_recordset()

    def lines(self):
        """Chatter lines about the mail, oldest first."""
        messages = self.order.message_ids.sorted("id")
        return messages.filtered(lambda line: "onfirmation mail" in (line.body or ""))


@tagged("post_install", "-at_install")
class TestResults(ResultsCase):
    def setUp(self):
        super().setUp()
        self.run_job()

    def test_delivery_comes_to_the_row_and_the_order(self):
        self.hub_says(self.delivered())
        self.assertEqual((self.row.outcome, self.row.status), ("delivered", "delivered"))
        self.assertEqual(self.row.smtp_response, "250 2.0.0 Ok: queued as 4F")
        self.assertEqual(self.row.mail_recipient, "ventas@insumos.test")
        self.assertEqual(str(self.row.outcome_at), "2026-01-02 03:04:00")
        self.assertEqual(self.order.clinic_mail_status, "delivered")
        self.assertIn("queued as 4F", self.order.clinic_mail_note)

    def test_chatter_line_carries_the_message_id_so_that_an_answer_finds_the_order(self):
        self.hub_says(self.delivered())
        (line,) = self.lines()
        self.assertEqual(line.message_id, f"<{self.row.uuid}@clinica.test>")
        self.assertIn("ventas@insumos.test", line.body)
        self.assertEqual(line.subtype_id, self.env.ref("mail.mt_note"))
        self.env["mail.alias.domain"].create({"name": "clinica.test"})
        answer = f"""From: ventas@insumos.test
To: catchall@clinica.test
Subject: Re: {self.order.name}
Message-ID: <answer@insumos.test>
In-Reply-To: {line.message_id}

Llega el jueves.
"""
        self.env["mail.thread"].message_process(False, answer)
        self.assertIn("Llega el jueves", self.order.message_ids.sorted("id")[-1].body)

    def test_nobody_is_notified_by_mail(self):
        self.order.message_subscribe(self.supplier.ids)
        before = self.env["mail.mail"].search_count([])
        self.hub_says(self.delivered())
        self.assertFalse(self.lines().notified_partner_ids)
        self.assertEqual(self.env["mail.mail"].search_count([]), before)

    def test_same_result_twice_is_one_line(self):
        self.hub_says(self.delivered(), self.delivered())
        self.hub_says(self.delivered())
        self.hub_says(self.delivered(second=9))
        self.assertEqual(len(self.lines()), 1)

    def test_earlier_result_that_comes_later_changes_nothing(self):
        self.hub_says(self.parked(second=5))
        self.hub_says(self.result("retrying", second=1, retryAt="2026-01-02T03:14:00Z"))
        self.assertEqual(self.row.outcome, "parked")
        self.assertEqual(len(self.lines()), 1)

    def test_results_of_one_batch_count_by_their_time(self):
        self.hub_says(self.delivered(second=7), self.result("retrying", second=1))
        self.assertEqual(self.row.outcome, "delivered")
        self.assertEqual(len(self.lines()), 2)

    def test_delivered_stays_so(self):
        self.hub_says(self.delivered(second=1))
        self.hub_says(self.parked(second=8))
        self.assertEqual(self.row.outcome, "delivered")

    def test_delivery_counts_though_another_hubs_clock_is_ahead(self):
        self.hub_says(self.parked(second=8))
        self.hub_says(self.delivered(second=1))
        self.assertEqual(self.row.outcome, "delivered")
        self.assertIn(":08.", self.row.outcome_time)
        self.hub_says(self.parked(second=9))
        self.assertEqual(self.row.outcome, "delivered")
        self.assertEqual(len(self.lines()), 2)

    def test_mail_of_which_the_hub_speaks_was_handed_over_whatever_its_row_says(self):
        other = self.confirmed_row()
        self.run_job()
        for state in ("pending", "held", "unsent", "discarded"):
            with self.subTest(state):
                self.row.write({"state": state, "outcome": False, "outcome_time": False})
                self.hub_says(self.parked(), self.parked(row=other))
                self.assertEqual((self.row.state, self.row.status), ("published", "parked"))
                self.assertEqual(self.published(), [])

    def test_parked_mail_says_why_in_the_readers_language(self):
        self.hub_says(self.parked())
        spanish = self.row.with_context(lang="es_ES")
        self.assertEqual(self.row.with_context(lang="en_US").outcome_reason, "The mail server refuses it.")
        self.assertEqual(spanish.outcome_reason, "El servidor lo rechaza.")
        self.assertEqual(self.row.outcome_text, "550 5.1.1 No such user")
        self.assertIn("The mail server refuses it.", self.order.clinic_mail_note)
        self.assertNotEqual(self.lines().message_id, self.row.mail_message_id)

    def test_parked_mail_that_is_replayed_is_delivered_in_the_end(self):
        self.hub_says(self.parked(second=1))
        self.hub_says(self.delivered(second=9))
        self.assertEqual(self.order.clinic_mail_status, "delivered")
        self.assertEqual(len(self.lines()), 2)
        self.assertEqual(self.lines()[-1].message_id, self.row.mail_message_id)

    def test_later_attempt_shows_when(self):
        self.hub_says(self.result("retrying", retryAt="2026-01-02T03:14:05Z"))
        self.assertEqual(str(self.row.outcome_retry_at), "2026-01-02 03:14:05")

    def test_mail_given_up_in_the_hub_says_by_whom(self):
        self.hub_says(self.result("discarded", by="ana <b>"))
        self.assertEqual(self.row.status, "discarded")
        self.assertIn("ana &lt;b&gt;", self.lines().body)

    def test_words_of_others_are_text(self):
        self.hub_says(self.delivered(smtp={"response": "250 <script>alert(1)</script>"}))
        self.assertIn("&lt;script&gt;", self.lines().body)

    def test_result_of_a_mail_whose_confirmation_was_lost_keeps_it_from_going_out_twice(self):
        self.row.write({"state": "pending", "published_at": False, "reason_code": outcomes.TIMEOUT})
        other = self.confirmed_row()
        self.run_job()
        self.row.write({"state": "pending", "published_at": False})
        self.hub_says(self.delivered(), self.delivered(row=other))
        self.assertEqual((self.row.state, self.row.reason_code), ("published", False))
        self.assertEqual(self.published(), [])

    @mute_logger(LOGGER)
    def test_garbage_and_what_belongs_to_others_is_left_out(self):
        self.hub_says(
            b"\xff",
            b"{}",
            self.delivered(databaseUuid=str(uuid.uuid4())),
            self.delivered(id=str(uuid.uuid4())),
            self.result("probed"),
            self.delivered(),
        )
        self.assertEqual(self.row.outcome, "delivered")

    @mute_logger(LOGGER)
    def test_result_that_cannot_be_recorded_keeps_no_other_back(self):
        other = self.confirmed_row()
        self.run_job()
        write = type(self.outbox).write

        def failing(rows, values):
            written = write(rows, values)
            if rows == self.row and "outcome" in values:
                self.env.cr.execute("SELECT 1 / 0", log_exceptions=False)
            return written

        self.patch(type(self.outbox), "write", failing)
        self.hub_says(self.delivered(), self.delivered(second=1, row=other))
        self.assertEqual((self.row.outcome, other.outcome), (False, "delivered"))
        self.assertIn(("goes on", True), self.calls)

    def test_database_that_fails_takes_no_result_away(self):
        # The second is what a cursor says whose connection is gone.
        for failure in (psycopg2.errors.SerializationFailure, psycopg2.InterfaceError):

            def failing(_rows, _outcome, failure=failure):
                raise failure

            with (
                self.subTest(failure.__name__),
                patch.object(type(self.outbox), "_record_outcome", failing),
                self.assertRaises(failure),
            ):
                self.hub_says(self.delivered())

    def test_what_cannot_be_read_is_said_once_a_batch(self):
        theirs = self.delivered(databaseUuid=str(uuid.uuid4()))
        with self.assertLogs(LOGGER, "WARNING") as logs:
            self.hub_says(b"", b"", b"[]", theirs, theirs, self.delivered())
        self.assertEqual(len(logs.output), 2)
        self.assertIn("3 results of the hub could not be read", logs.output[0])
        self.assertEqual(self.row.outcome, "delivered")

    @mute_logger(LOGGER)
    def test_half_a_character_in_a_result_stops_nothing(self):
        half = {"response": "250 \ud83d"}
        self.hub_says(self.delivered(smtp=half, messageId="<\udc00@clinica.test>"))
        self.assertEqual((self.row.outcome, self.row.smtp_response), ("delivered", "250"))

    def test_message_id_that_is_not_of_the_mail_is_not_given_to_the_order(self):
        self.hub_says(self.delivered(messageId="<other@elsewhere.test>"))
        (line,) = self.lines()
        self.assertNotEqual(line.message_id, "<other@elsewhere.test>")
        self.assertEqual(self.row.mail_message_id, "<other@elsewhere.test>")

    def test_result_for_an_order_that_was_deleted_is_kept_in_the_row(self):
        self.order.button_cancel()
        self.order.unlink()
        self.said = [self.delivered()]
        self.outbox._job_results()
        self.assertEqual(self.row.outcome, "delivered")

    def test_personal_data_of_results_is_forgotten_too(self):
        self.hub_says(self.parked())
        names = self.outbox._forgotten_fields()
        self.assertLessEqual({"mail_recipient", "smtp_response", "outcome_text"}, set(names))


@tagged("post_install", "-at_install")
class TestResultsJob(ResultsCase):
    def received(self):
        return [call for call in self.calls if call[0] == "receive"]

    def test_broker_is_not_asked_while_nothing_is_waited_for(self):
        self.hub_says()
        self.assertEqual(self.received(), [])
        self.run_job()
        self.hub_says(self.delivered())
        self.assertEqual(len(self.received()), 1)
        self.hub_says()
        self.assertEqual(self.received(), [])

    def test_no_transaction_is_open_while_the_broker_is_asked(self):
        self.run_job()
        self.hub_says(self.delivered())
        kinds = [call if isinstance(call, str) else call[0] for call in self.calls]
        self.assertEqual(kinds, ["settings", "commit", "receive", "commit", "goes on", "commit"])

    def test_reading_ends_when_the_last_word_is_said(self):
        self.run_job()
        self.hub_says(self.result("retrying"))
        self.assertIn(("goes on", True), self.calls)
        self.hub_says(self.delivered(second=5))
        self.assertIn(("goes on", False), self.calls)

    def test_neutralised_copy_reads_nothing(self):
        self.run_job()
        self.env["ir.config_parameter"].set_param("database.is_neutralized", "true")
        self.hub_says(self.delivered())
        self.assertEqual(self.received(), [])
        self.assertFalse(self.row.outcome)

    def test_own_queue_is_that_of_the_database(self):
        self.run_job()
        self.hub_says()
        self.assertEqual(self.received()[0][1], self.database_uuid)

    def test_what_was_just_handed_over_is_waited_for_longer(self):
        self.run_job()
        self.hub_says()
        self.assertEqual(self.received()[0][2], clinic_mail_results.RECENT_IDLE_SECONDS)
        self.row.published_at = "2026-01-01 00:00:00"
        self.patch(clinic_mail_results, "AWAITED_DAYS", 36500)
        self.hub_says()
        self.assertEqual(self.received()[0][2], clinic_mail_results.IDLE_SECONDS)

    def test_handing_over_wakes_the_reading(self):
        job = self.env.ref("clinic_purchase_mail.job_results")
        count = [("cron_id", "=", job.id)]
        before = self.env["ir.cron.trigger"].search_count(count)
        self.run_job()
        self.assertEqual(self.env["ir.cron.trigger"].search_count(count), before + 1)

    def test_reading_goes_on_while_results_come_and_rests_when_none_comes(self):
        self.confirmed_row()
        self.run_job()
        job = self.env.ref("clinic_purchase_mail.job_results")
        count = [("cron_id", "=", job.id)]
        before = self.env["ir.cron.trigger"].search_count(count)
        self.hub_says()
        self.assertEqual(self.env["ir.cron.trigger"].search_count(count), before)
        self.hub_says(self.delivered())
        self.assertEqual(self.env["ir.cron.trigger"].search_count(count), before + 1)

    def test_queue_is_made_before_the_first_message_leaves_and_once_only(self):
        parameters = self.env["ir.config_parameter"]
        parameters.set_param(clinic_mail_results.QUEUE_PARAMETER, False)
        self.read = Outcome(outcomes.NOT_FOUND, "no exchange")
        self.run_job()
        kinds = [call[0] for call in self.calls if not isinstance(call, str)]
        self.assertEqual(kinds, ["receive", self.row.uuid])
        self.assertEqual(self.row.state, "published")
        self.read = CONFIRMED
        for expected in (1, 0):
            self.confirmed_row()
            self.run_job()
            self.assertEqual(len(self.received()), expected)

    def test_queue_is_made_again_at_another_broker_and_on_another_day(self):
        def made():
            self.confirmed_row()
            self.run_job()
            return len(self.received())

        self.assertEqual(made(), 0)
        self.connection["address"] = Address("other.test")
        self.assertEqual([made(), made()], [1, 0])
        tomorrow = self.outbox._now() + timedelta(days=1)
        self.patch(type(self.outbox), "_now", lambda _self: tomorrow)
        self.assertEqual([made(), made()], [1, 0])
        parameters = self.env["ir.config_parameter"]
        parameters.set_param("database.uuid", str(uuid.uuid4()))
        self.assertEqual([made(), made()], [1, 0])
        self.assertNotIn("guest:", parameters.get_param(clinic_mail_results.QUEUE_PARAMETER))

    def test_no_transaction_is_open_while_the_queue_is_made(self):
        self.env["ir.config_parameter"].set_param(clinic_mail_results.QUEUE_PARAMETER, False)
        self.run_job()
        kinds = [call if isinstance(call, str) else call[0] for call in self.calls]
        before = ["commit", "settings", "commit", "commit", "receive", "commit"]
        self.assertEqual(kinds[:8], [*before, self.row.uuid, "commit"])

    def test_old_mails_are_not_waited_for_any_more(self):
        self.run_job()
        self.row.published_at = "2020-01-01 00:00:00"
        self.hub_says()
        self.assertEqual(self.received(), [])

    def test_broker_that_cannot_be_read_or_is_not_configured_does_no_harm(self):
        self.run_job()
        self.read = Outcome(outcomes.UNREACHABLE, "broker.test cannot be reached")
        self.hub_says()
        self.connection = {"address": None, "key": None, "name": "Odoo"}
        self.hub_says()
        self.assertEqual(self.received(), [])

        def wrong_settings():
            raise SettingsError("wrong")

        self.read_settings = wrong_settings
        self.hub_says()
        self.assertEqual(self.row.state, "published")
