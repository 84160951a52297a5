"""The connection test against a real RabbitMQ, whose address is in AMQP_URL."""

import dataclasses
import datetime
import json
import socket
import threading
import time
import uuid

import addon  # noqa: F401 (first: sets the import path)
import pika
import pika.exceptions
from amqp import outcome as outcomes
from amqp.address import Address
from amqp.probe import LISTEN, OPEN, PUBLISH, RETURN, STEPS, ProbeLimits, probe, probe_message
from amqp.publisher import Message
from faulty_proxy import FaultyProxy
from test_publisher import SLACK_S, PublisherCase

SHORT = ProbeLimits(open_s=1.0, listen_s=1.0, confirm_s=1.0, return_s=1.0, close_s=0.3)
#: All deadlines together, with that of cutting.
LONGEST_S = 1.0 * 4 + 0.3 + 1.0 + SLACK_S


class ProbeCase(PublisherCase):
    def setUp(self):
        super().setUp()
        self.results = f"{self.exchange}-results"
        self.database = str(uuid.uuid4())
        self.id = str(uuid.uuid4())
        self.body = probe_message(
            self.id, "clínica", self.database, datetime.datetime(2026, 1, 2, 3, 4, 5, 6)
        ).encode()

    def declare_results(self):
        self.channel.exchange_declare(self.results, "direct", durable=True)
        self.addCleanup(self.channel.exchange_delete, self.results)

    def probe(self, address=None, **options):
        started = time.monotonic()
        steps = probe(
            address or self.address,
            Message(self.id, self.body),
            self.database,
            exchange=options.pop("exchange", self.exchange),
            results_exchange=self.results,
            limits=SHORT,
        )
        self.assertLess(time.monotonic() - started, LONGEST_S)
        self.assertEqual([step.name for step in steps], list(STEPS))
        return {step.name: step for step in steps}

    def codes(self, steps):
        """Of each step: its code, empty when it passed, None when it was not tried."""
        return [step.outcome and step.outcome.code for step in steps.values()]

    def answer_as_hub(self, **changes):
        """Answers the first message of the queue, from another connection."""
        answered = threading.Event()

        def work():
            connection = pika.BlockingConnection(
                pika.ConnectionParameters(
                    host=self.address.host,
                    port=self.address.port,
                    virtual_host=self.address.vhost,
                    credentials=pika.PlainCredentials(self.address.user, self.address.password),
                )
            )
            channel = connection.channel()
            ends = time.monotonic() + 5
            while time.monotonic() < ends and not answered.is_set():
                method, _properties, body = channel.basic_get(self.queue, auto_ack=True)
                if method is None:
                    time.sleep(0.02)
                    continue
                answer = {"id": json.loads(body)["id"], "outcome": "probed", **changes}
                channel.basic_publish(self.results, self.database, json.dumps(answer).encode())
                answered.set()
            connection.close()

        thread = threading.Thread(target=work)
        thread.start()
        self.addCleanup(thread.join)


class TestProbe(ProbeCase):
    def test_probe_fits_the_contract(self):
        self.assertEqual(
            json.loads(self.body),
            {
                "type": "connection.probe",
                "version": "1.0",
                "id": self.id,
                "time": "2026-01-02T03:04:05Z",
                "source": {"database": "clínica", "databaseUuid": self.database},
            },
        )

    def test_with_a_hub_that_answers_every_step_passes(self):
        self.declare_queue()
        self.declare_results()
        self.answer_as_hub()
        self.assertEqual(self.codes(self.probe()), ["", "", "", ""])

    def test_answer_to_another_probe_does_not_count(self):
        self.declare_queue()
        self.declare_results()
        self.answer_as_hub(id=str(uuid.uuid4()))
        self.assertEqual(self.codes(self.probe()), ["", "", "", outcomes.TIMEOUT])

    def test_without_a_worker_the_probe_does_not_return(self):
        self.declare_queue()
        self.declare_results()
        steps = self.probe()
        self.assertEqual(self.codes(steps), ["", "", "", outcomes.TIMEOUT])
        self.assertIn("worker", steps[RETURN].outcome.reason)
        self.assertEqual(self.take()[0].message_id, self.id)

    def test_without_the_exchange_of_results_publishing_is_tested_all_the_same(self):
        self.declare_queue()
        steps = self.probe()
        self.assertEqual(self.codes(steps), ["", outcomes.NOT_FOUND, "", None])
        self.assertIn(self.results, steps[LISTEN].outcome.reason)

    def test_exchange_and_key_are_named_when_no_queue_takes_the_probe(self):
        self.declare_results()
        steps = self.probe()
        self.assertEqual(self.codes(steps), ["", "", outcomes.UNROUTABLE, None])
        self.assertIn(self.exchange, steps[PUBLISH].outcome.reason)
        self.assertIn("purchase.confirmed", steps[PUBLISH].outcome.reason)

    def test_missing_exchange_is_named(self):
        self.declare_results()
        steps = self.probe(exchange="test-missing")
        self.assertEqual(self.codes(steps), ["", "", outcomes.NOT_FOUND, None])

    def test_queue_of_the_answer_is_gone_afterwards(self):
        self.declare_queue()
        self.declare_results()
        self.probe()
        channel = self.channel.connection.channel()
        with self.assertRaises(pika.exceptions.ChannelClosedByBroker) as gone:
            channel.queue_declare(f"{self.results}.probe.{self.id}", passive=True)
        self.assertEqual(gone.exception.reply_code, 404)

    def test_wrong_password_is_said_and_not_repeated(self):
        address = dataclasses.replace(self.address, password="not-the-password")
        steps = self.probe(address)
        self.assertEqual(self.codes(steps), [outcomes.CREDENTIALS, None, None, None])
        self.assertNotIn("not-the-password", steps[OPEN].outcome.reason)

    def test_closed_port_and_unknown_host_are_said(self):
        with socket.create_server(("127.0.0.1", 0)) as server:
            port = server.getsockname()[1]
        for address in (Address("127.0.0.1", port=port), Address("broker.invalid")):
            steps = self.probe(address)
            self.assertEqual(self.codes(steps), [outcomes.UNREACHABLE, None, None, None])
            self.assertIn(address.host, steps[OPEN].outcome.reason)

    def test_authority_that_cannot_be_read_is_said(self):
        steps = self.probe(dataclasses.replace(self.address, tls=True, ca_file="/missing.pem"))
        self.assertEqual(self.codes(steps), [outcomes.UNREACHABLE, None, None, None])

    def test_server_that_accepts_and_stays_silent_is_given_up(self):
        with socket.create_server(("127.0.0.1", 0)) as server:
            steps = self.probe(Address("127.0.0.1", port=server.getsockname()[1]))
        self.assertEqual(self.codes(steps), [outcomes.TIMEOUT, None, None, None])

    def test_broker_that_falls_silent_at_any_step_is_given_up(self):
        self.declare_queue()
        self.declare_results()
        markers = {
            LISTEN: self.results.encode() + b".probe.",
            PUBLISH: self.body,
        }
        for name, marker in markers.items():
            with (
                self.subTest(name),
                FaultyProxy(self.address.host, self.address.port, marker, "mute") as proxy,
            ):
                steps = self.probe(self.through(proxy))
                self.assertTrue(proxy.happened.is_set())
                self.assertEqual(steps[name].outcome.code, outcomes.TIMEOUT)
                later = STEPS[STEPS.index(name) + 1 :]
                self.assertTrue(all(steps[each].outcome is None for each in later))
                self.assertTrue(proxy.client_left.wait(SLACK_S))
