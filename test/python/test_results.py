"""Reading results from a real RabbitMQ, whose address is in AMQP_URL."""

import dataclasses
import socket
import time
import uuid

import addon  # noqa: F401 (first: sets the import path)
import pika.exceptions
from amqp import outcome as outcomes
from amqp.address import Address
from amqp.results import BATCH, MAX_BODY_BYTES, QUEUE_ARGUMENTS, ResultLimits, queue_name, receive
from faulty_proxy import FaultyProxy
from test_publisher import SLACK_S, PublisherCase

SHORT = ResultLimits(open_s=1.0, listen_s=1.0, idle_s=0.2, read_s=1.0, close_s=0.3)
#: All deadlines together, with that of cutting.
LONGEST_S = 3.0 + 0.3 + 1.0 + SLACK_S


class ResultsCase(PublisherCase):
    def setUp(self):
        super().setUp()
        self.database = str(uuid.uuid4())
        self.queue = queue_name(self.database, self.exchange)
        self.addCleanup(self.channel.queue_delete, self.queue)
        self.taken = []

    def say(self, *bodies):
        for body in bodies:
            self.channel.basic_publish(self.exchange, self.database, body)

    def receive(self, address=None, take=None, **options):
        started = time.monotonic()
        try:
            return receive(
                address or self.address,
                self.database,
                take or self.take_all,
                exchange=options.pop("exchange", self.exchange),
                limits=options.pop("limits", SHORT),
            )
        finally:
            self.assertLess(time.monotonic() - started, LONGEST_S)

    def take_all(self, bodies):
        self.taken.append(list(bodies))
        return True

    def left(self):
        """Messages in the queue once the broker has put back what was not acknowledged."""
        ends = time.monotonic() + 5
        while True:
            method = self.channel.queue_declare(self.queue, passive=True).method
            if method.message_count or time.monotonic() > ends:
                return method.message_count
            time.sleep(0.05)

    def through(self, proxy):
        return dataclasses.replace(self.address, host="127.0.0.1", port=proxy.port)


class TestReceiving(ResultsCase):
    def test_first_reading_makes_the_queue_and_later_ones_bring_what_came(self):
        self.assertEqual(self.receive(), outcomes.CONFIRMED)
        self.assertEqual(self.taken, [])
        self.say(b"1", b"2")
        self.assertEqual(self.receive(), outcomes.CONFIRMED)
        self.assertEqual(self.taken, [[b"1", b"2"]])
        self.assertEqual(self.receive(), outcomes.CONFIRMED)
        self.assertEqual(self.taken, [[b"1", b"2"]])

    def test_queue_survives_the_broker_and_is_bounded(self):
        self.receive()
        channel = self.channel.connection.channel()
        with self.assertRaises(pika.exceptions.ChannelClosedByBroker) as other:
            channel.queue_declare(self.queue, durable=True, arguments={"x-queue-type": "quorum"})
        self.assertEqual(other.exception.reply_code, 406)
        self.assertRegex(other.exception.reply_text, "x-expires|x-max-length")
        self.channel.queue_declare(self.queue, durable=True, arguments=QUEUE_ARGUMENTS)
        self.assertLessEqual(QUEUE_ARGUMENTS["x-max-length-bytes"], 1 << 28)

    def test_queue_that_exists_otherwise_is_read_as_it_is(self):
        self.channel.queue_declare(self.queue, durable=True)
        self.receive()
        self.say(b"1")
        self.assertEqual(self.receive(), outcomes.CONFIRMED)
        self.assertEqual(self.taken, [[b"1"]])

    def test_queue_made_with_older_bounds_is_read_as_it_is(self):
        bounds = {"x-queue-type": "quorum", "x-expires": 2_592_000_000, "x-max-length": 200_000}
        self.channel.queue_declare(self.queue, durable=True, arguments=bounds)
        self.assertEqual(self.receive(), outcomes.CONFIRMED)
        self.say(b"1")
        self.assertEqual(self.receive(), outcomes.CONFIRMED)
        self.assertEqual(self.taken, [[b"1"]])

    def test_text_that_is_too_large_for_a_result_is_not_kept(self):
        self.receive()
        self.say(b"1", b"x" * MAX_BODY_BYTES, b"x" * (MAX_BODY_BYTES + 1), b"2")
        self.assertEqual(self.receive(), outcomes.CONFIRMED)
        self.assertEqual(self.taken, [[b"1", b"x" * MAX_BODY_BYTES, b"", b"2"]])

    def test_many_come_in_order_and_in_bounded_batches(self):
        self.receive()
        bodies = [str(n).encode() for n in range(2 * BATCH + 50)]
        self.say(*bodies)
        self.receive(limits=dataclasses.replace(SHORT, read_s=3.0))
        self.assertEqual([body for batch in self.taken for body in batch], bodies)
        self.assertLessEqual(max(map(len, self.taken)), BATCH)

    def test_reading_ends_when_no_more_is_waited_for(self):
        self.receive()
        self.say(*[b"x"] * (BATCH + 1))
        outcome = self.receive(take=lambda bodies: bool(self.take_all(bodies)) and False)
        self.assertEqual(outcome, outcomes.CONFIRMED)
        self.assertEqual([len(batch) for batch in self.taken], [BATCH])
        self.assertEqual(self.left(), 1)

    def test_results_of_another_database_do_not_come(self):
        self.receive()
        self.channel.basic_publish(self.exchange, str(uuid.uuid4()), b"theirs")
        self.receive()
        self.assertEqual(self.taken, [])

    def test_batch_that_cannot_be_kept_stays_in_the_queue(self):
        self.receive()
        self.say(b"1")

        def take(_bodies):
            raise LookupError("the database is gone")

        with self.assertRaisesRegex(LookupError, "the database is gone"):
            self.receive(take=take)
        self.assertEqual(self.left(), 1)
        self.receive()
        self.assertEqual(self.taken, [[b"1"]])

    def test_reading_that_does_not_end_by_itself_is_bounded(self):
        self.receive()

        def take(bodies):
            self.say(b"more")
            return self.take_all(bodies)

        self.say(b"first")
        self.assertEqual(self.receive(take=take), outcomes.CONFIRMED)
        self.assertGreater(len(self.taken), 1)


class TestFailures(ResultsCase):
    def test_missing_exchange_is_named(self):
        outcome = self.receive(exchange="test-missing")
        self.assertEqual(outcome.code, outcomes.NOT_FOUND)
        self.assertIn("test-missing", outcome.reason)

    def test_wrong_password_is_said_and_not_repeated(self):
        outcome = self.receive(dataclasses.replace(self.address, password="not-the-password"))
        self.assertEqual(outcome.code, outcomes.CREDENTIALS)
        self.assertNotIn("not-the-password", outcome.reason)

    def test_closed_port_is_said(self):
        with socket.create_server(("127.0.0.1", 0)) as server:
            port = server.getsockname()[1]
        self.assertEqual(
            self.receive(Address("127.0.0.1", port=port)).code, outcomes.UNREACHABLE
        )

    def test_authority_that_cannot_be_read_is_said(self):
        outcome = self.receive(dataclasses.replace(self.address, tls=True, ca_file="/missing.pem"))
        self.assertEqual(outcome.code, outcomes.UNREACHABLE)

    def test_server_that_accepts_and_stays_silent_is_given_up(self):
        with socket.create_server(("127.0.0.1", 0)) as server:
            outcome = self.receive(Address("127.0.0.1", port=server.getsockname()[1]))
        self.assertEqual(outcome.code, outcomes.TIMEOUT)

    def test_broker_that_falls_silent_while_the_queue_is_made_is_given_up(self):
        proxy = FaultyProxy(self.address.host, self.address.port, self.queue.encode(), "mute")
        with proxy:
            self.assertEqual(self.receive(self.through(proxy)).code, outcomes.TIMEOUT)
            self.assertTrue(proxy.happened.is_set())
            self.assertTrue(proxy.client_left.wait(SLACK_S))

    def test_what_was_taken_and_not_acknowledged_comes_again(self):
        self.receive()
        self.say(b"1")

        def take(bodies):
            proxy.cut_now()
            return self.take_all(bodies)

        with FaultyProxy(self.address.host, self.address.port, b"\x00never\x00", "cut") as proxy:
            self.receive(self.through(proxy), take)
        self.assertEqual(self.taken, [[b"1"]])
        self.assertEqual(self.left(), 1)
        self.receive()
        self.assertEqual(self.taken, [[b"1"], [b"1"]])
