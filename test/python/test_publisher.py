"""The publisher against a real RabbitMQ, whose address is in AMQP_URL."""

import dataclasses
import os
import socket
import threading
import time
import unittest
import uuid

import addon  # noqa: F401 (first: sets the import path)
import pika
from amqp import outcome as outcomes
from amqp.address import Address, read_address
from amqp.publisher import Limits, Message, publish
from faulty_proxy import FaultyProxy

#: Short deadlines, so that the tests of silence are over soon.
SHORT = Limits(open_s=1.0, confirm_s=1.0, close_s=0.3)

#: What scheduling on a busy machine may add to a deadline, in seconds.
SLACK_S = 2.0


def some_message(**changes):
    message = Message(str(uuid.uuid4()), '{"número": "P00042"}'.encode(), {})
    return dataclasses.replace(message, **changes)


class PublisherCase(unittest.TestCase):
    """Each test has an exchange and a queue of its own."""

    def setUp(self):
        self.address = read_address({"url": os.environ["AMQP_URL"]})
        self.exchange = f"test-{uuid.uuid4()}"
        self.queue = f"{self.exchange}-queue"
        connection = pika.BlockingConnection(
            pika.ConnectionParameters(
                host=self.address.host,
                port=self.address.port,
                virtual_host=self.address.vhost,
                credentials=pika.PlainCredentials(self.address.user, self.address.password),
            )
        )
        self.addCleanup(connection.close)
        self.channel = connection.channel()
        self.channel.exchange_declare(self.exchange, "direct", durable=True)
        self.addCleanup(self.channel.exchange_delete, self.exchange)

    def declare_queue(self, **arguments):
        self.channel.queue_declare(self.queue, durable=True, arguments=arguments)
        self.addCleanup(self.channel.queue_delete, self.queue)
        self.channel.queue_bind(self.queue, self.exchange, "purchase.confirmed")

    def publish(self, *messages, address=None, exchange=None, limits=SHORT):
        result = publish(
            address or self.address,
            messages,
            exchange=exchange or self.exchange,
            limits=limits,
        )
        self.assertEqual(list(result), [message.id for message in messages])
        return result

    def publish_one(self, message=None, **options):
        message = message or some_message()
        return self.publish(message, **options)[message.id]

    def take(self):
        """The next message of the queue: (properties, body); (None, None) when empty."""
        method, properties, body = self.channel.basic_get(self.queue, auto_ack=True)
        return (None, None) if method is None else (properties, body)

    def through(self, proxy):
        return dataclasses.replace(self.address, host="127.0.0.1", port=proxy.port)


class TestDelivery(PublisherCase):
    def test_confirmed_message_lies_in_the_queue_as_it_was_given(self):
        self.declare_queue()
        message = some_message(headers={"x-hub-signature": "v1;kid=a;00"})
        self.assertEqual(self.publish_one(message), outcomes.CONFIRMED)
        properties, body = self.take()
        self.assertEqual(body, message.body)
        self.assertEqual(properties.message_id, message.id)
        self.assertEqual(properties.content_type, "application/json")
        self.assertEqual(properties.delivery_mode, 2)
        self.assertEqual(properties.headers, {"x-hub-signature": "v1;kid=a;00"})

    def test_hundred_messages_arrive_in_order_over_one_connection(self):
        self.declare_queue()
        messages = [some_message() for _ in range(100)]
        result = self.publish(*messages, limits=Limits())
        self.assertEqual(set(result.values()), {outcomes.CONFIRMED})
        self.assertEqual([self.take()[0].message_id for _ in messages], [m.id for m in messages])
        self.assertEqual(self.take(), (None, None))

    def test_nothing_to_publish_needs_no_broker(self):
        self.assertEqual(publish(Address("127.0.0.1", port=1), []), {})

    def test_two_messages_of_one_id_are_refused(self):
        message = some_message()
        with self.assertRaises(ValueError):
            publish(self.address, [message, message])


class TestRefusals(PublisherCase):
    def test_message_that_no_queue_takes_is_unroutable(self):
        outcome = self.publish_one()
        self.assertEqual(outcome.code, outcomes.UNROUTABLE)
        self.assertIn("purchase.confirmed", outcome.reason)

    def test_full_queue_refuses_only_what_does_not_fit(self):
        self.declare_queue(**{"x-max-length": 1, "x-overflow": "reject-publish"})
        self.assertTrue(self.publish_one().confirmed)
        self.assertEqual(self.publish_one().code, outcomes.NOT_CONFIRMED)

    def test_missing_exchange_is_named(self):
        outcome = self.publish_one(exchange="test-missing")
        self.assertEqual(outcome.code, outcomes.NOT_FOUND)
        self.assertIn("test-missing", outcome.reason)

    def test_exchange_that_may_not_be_written_is_forbidden(self):
        outcome = self.publish_one(exchange="amq.rabbitmq.trace")
        self.assertEqual(outcome.code, outcomes.FORBIDDEN)

    def test_wrong_password_is_told_apart_and_not_repeated_in_the_reason(self):
        address = dataclasses.replace(self.address, password="not-the-password")
        outcome = self.publish_one(address=address)
        self.assertEqual(outcome.code, outcomes.CREDENTIALS)
        self.assertNotIn("not-the-password", outcome.reason)

    def test_unknown_virtual_host_is_named(self):
        address = dataclasses.replace(self.address, vhost="nowhere")
        outcome = self.publish_one(address=address)
        self.assertEqual(outcome.code, outcomes.CREDENTIALS)
        self.assertIn("nowhere", outcome.reason)


class TestUnreachable(PublisherCase):
    def test_closed_port_fails_at_once(self):
        with socket.create_server(("127.0.0.1", 0)) as server:
            port = server.getsockname()[1]
        started = time.monotonic()
        outcome = self.publish_one(address=Address("127.0.0.1", port=port))
        self.assertEqual(outcome.code, outcomes.UNREACHABLE)
        self.assertLess(time.monotonic() - started, SLACK_S)

    def test_unknown_host_is_named(self):
        outcome = self.publish_one(address=Address("broker.invalid"))
        self.assertEqual(outcome.code, outcomes.UNREACHABLE)
        self.assertIn("broker.invalid", outcome.reason)

    def test_server_that_accepts_and_stays_silent_is_given_up_and_hung_up(self):
        with socket.create_server(("127.0.0.1", 0)) as server:
            started = time.monotonic()
            address = Address("127.0.0.1", port=server.getsockname()[1])
            outcome = self.publish_one(address=address)
            elapsed = time.monotonic() - started
            self.assertEqual(outcome.code, outcomes.TIMEOUT)
            self.assertLess(elapsed, SHORT.open_s + SHORT.close_s + SLACK_S)
            client, _address = server.accept()
            with client:
                client.settimeout(SLACK_S)
                while client.recv(1024):  # the greeting, then the end
                    pass

    def test_broker_that_falls_silent_before_confirming_is_given_up_and_hung_up(self):
        self.declare_queue()
        message = some_message()
        with FaultyProxy(self.address.host, self.address.port, message.body, "mute") as proxy:
            started = time.monotonic()
            outcome = self.publish_one(message, address=self.through(proxy))
            elapsed = time.monotonic() - started
            self.assertTrue(proxy.happened.is_set())
            self.assertEqual(outcome.code, outcomes.TIMEOUT)
            self.assertLess(elapsed, SHORT.confirm_s + SHORT.close_s + SLACK_S)
            self.assertTrue(proxy.client_left.wait(SLACK_S))
        self.assertTrue(self.publish_one(message).confirmed)
        self.assertEqual(self.take()[0].message_id, message.id)

    def test_message_whose_confirmation_was_cut_off_arrives_again_under_its_id(self):
        self.declare_queue()
        message = some_message()
        with FaultyProxy(self.address.host, self.address.port, message.body, "cut") as proxy:
            outcome = self.publish_one(message, address=self.through(proxy))
            self.assertTrue(proxy.happened.is_set())
        self.assertEqual(outcome.code, outcomes.UNREACHABLE)
        self.assertTrue(self.publish_one(message).confirmed)
        ids = {self.take()[0].message_id}
        while (taken := self.take()[0]) is not None:
            ids.add(taken.message_id)
        self.assertEqual(ids, {message.id})

    def test_broker_that_blocks_publishers_is_given_up_with_its_own_words(self):
        self.declare_queue()
        message = some_message()
        with FaultyProxy(self.address.host, self.address.port, message.body, "blocked") as proxy:
            outcome = self.publish_one(message, address=self.through(proxy))
        self.assertEqual(outcome.code, outcomes.BLOCKED)
        self.assertIn("low on memory", outcome.reason)

    def test_server_of_another_protocol_is_told_apart(self):
        with socket.create_server(("127.0.0.1", 0)) as server:
            address = Address("127.0.0.1", port=server.getsockname()[1])

            def answer():
                client, _address = server.accept()
                with client:
                    client.recv(1024)
                    client.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

            thread = threading.Thread(target=answer)
            thread.start()
            outcome = self.publish_one(address=address)
            thread.join()
        self.assertEqual(outcome.code, outcomes.UNREACHABLE)


if __name__ == "__main__":
    unittest.main()
