"""Publishes messages and says for each of them what became of it.

Every step has a deadline, for a broker may accept a connection and then stay silent.
pika's blocking connection cannot give up waiting for a confirmation, hence its
asynchronous one, on an event loop that lives for one call of ``publish``.
"""

import dataclasses
import logging
import ssl
from collections.abc import Mapping, Sequence

import pika

from . import outcome as outcomes
from .address import Address
from .outcome import CONFIRMED, Outcome, explain

EXCHANGE = "email_exchange"
ROUTING_KEY = "purchase.confirmed"

PERSISTENT = 2

#: Seconds between heartbeats; a connection lives for seconds, so that this only ends
#: one whose peer vanished while it is closing.
HEARTBEAT_S = 10

#: Seconds that pika's event loop gets to close a socket without taking leave.
CUT_S = 1.0

# pika logs every step of a failed connection as an error with its traceback. What
# matters of it is in the outcome, which the caller logs once.
logging.getLogger("pika").setLevel(logging.CRITICAL)


@dataclasses.dataclass(frozen=True)
class Limits:
    """Deadlines in seconds. A larger one keeps the caller's thread longer, no more."""

    #: From the first packet to an open channel. A broker under load needs about 1 s.
    open_s: float = 10.0
    #: From publishing to the last confirmation. A confirmation takes about 1 ms.
    confirm_s: float = 15.0
    #: For the goodbye, after which the connection is cut.
    close_s: float = 1.0


@dataclasses.dataclass(frozen=True)
class Message:
    """One message, as it goes over the wire."""

    #: Becomes AMQP's message_id; unique within one call.
    id: str
    #: UTF-8 JSON.
    body: bytes
    headers: Mapping[str, str] = dataclasses.field(default_factory=dict)


def publish(
    address: Address,
    messages: Sequence[Message],
    *,
    exchange=EXCHANGE,
    routing_key=ROUTING_KEY,
    connection_name="Odoo",
    limits=Limits(),  # noqa: B008 (immutable)
) -> dict[str, Outcome]:
    """Publish persistent, mandatory, confirmed messages over one connection.

    Takes at most the sum of the limits. A message that is not confirmed may have
    arrived nevertheless: publish it again under the same id.

    :param connection_name: what RabbitMQ's management shows
    :return: the outcome of every message, by id; no failure of the broker is raised
    :raises ValueError: when two messages have the same id
    """
    if len({message.id for message in messages}) != len(messages):
        raise ValueError("Two messages have the same id")
    if not messages:
        return {}
    try:
        parameters = connection_parameters(address, connection_name, limits)
    except OSError as error:  # the file of the extra authority; ssl.SSLError is one too
        failure = Outcome(
            outcomes.UNREACHABLE,
            f"The authority in {address.ca_file} cannot be used: {error.strerror or error}",
        )
        return {message.id: failure for message in messages}
    return _Handover(address, parameters, messages, exchange, routing_key, limits).run()


def connection_parameters(address, connection_name, limits):
    """How pika connects.

    :raises OSError: when the file of the extra authority cannot be used
    """
    options = None
    if address.tls:
        context = ssl.create_default_context()
        if address.ca_file:
            context.load_verify_locations(address.ca_file)
        options = pika.SSLOptions(context, address.host)
    return pika.ConnectionParameters(
        host=address.host,
        port=address.port,
        virtual_host=address.vhost,
        credentials=pika.PlainCredentials(address.user, address.password),
        ssl_options=options,
        heartbeat=HEARTBEAT_S,
        connection_attempts=1,
        socket_timeout=limits.open_s,
        # Later than the deadline of `opening`, which acts first.
        stack_timeout=limits.open_s + CUT_S,
        blocked_connection_timeout=limits.confirm_s,
        client_properties={"connection_name": connection_name},
    )


class _Handover:
    """One connection, from opening to closing.

    opening → publishing → closing → cutting → ended. Any state goes to closing, or to
    ended when nothing is left to close; cutting is for a peer that does not take leave.
    Each state but the last has a deadline.
    """

    def __init__(self, address, parameters, messages, exchange, routing_key, limits):
        self._address = address
        self._messages = messages
        self._exchange = exchange
        self._routing_key = routing_key
        self._limits = limits
        self._outcomes = {}
        self._returned = {}
        self._unsettled = {}
        self._blocked_reason = None
        self._state = "new"
        self._deadline = None
        self._channel = None
        self._connection = pika.SelectConnection(
            parameters,
            on_open_callback=self._on_open,
            on_open_error_callback=self._on_open_error,
            on_close_callback=self._on_closed,
        )

    def run(self):
        loop = self._connection.ioloop
        self._enter("opening")
        try:
            loop.start()
        except AssertionError as error:
            # pika 1.2 asserts when a connection is given up in the moment in which it
            # fails by itself; by then there is nothing left to close.
            self._fail_rest(explain(error, self._address))
        finally:
            loop.close()
        return {message.id: self._outcomes[message.id] for message in self._messages}

    def _enter(self, state):
        """The one place where the state changes; starts the deadline of the new one."""
        loop = self._connection.ioloop
        if self._deadline is not None:
            loop.remove_timeout(self._deadline)
            self._deadline = None
        self._state = state
        seconds = {
            "opening": self._limits.open_s,
            "publishing": self._limits.confirm_s,
            "closing": self._limits.close_s,
            "cutting": CUT_S,
        }.get(state)
        if seconds is None:
            loop.stop()
        else:
            self._deadline = loop.call_later(seconds, self._on_deadline)

    # -- opening

    def _on_open(self, connection):
        connection.add_on_connection_blocked_callback(self._on_blocked)
        connection.add_on_connection_unblocked_callback(self._on_unblocked)
        connection.channel(on_open_callback=self._on_channel_open)

    def _on_open_error(self, _connection, error):
        self._fail_rest(explain(error, self._address))
        self._enter("ended")

    def _on_channel_open(self, channel):
        self._channel = channel
        channel.add_on_close_callback(self._on_channel_closed)
        channel.add_on_return_callback(self._on_return)
        channel.confirm_delivery(self._on_confirmation, callback=self._on_confirm_mode)

    # -- publishing

    def _on_confirm_mode(self, _frame):
        if self._state != "opening":
            return
        self._enter("publishing")
        for tag, message in enumerate(self._messages, start=1):
            self._unsettled[tag] = message.id
            self._channel.basic_publish(
                self._exchange,
                self._routing_key,
                message.body,
                pika.BasicProperties(
                    message_id=message.id,
                    content_type="application/json",
                    delivery_mode=PERSISTENT,
                    headers=dict(message.headers) or None,
                ),
                mandatory=True,
            )

    def _on_return(self, _channel, method, properties, _body):
        # A returned message is confirmed right after: the return decides.
        self._returned[properties.message_id] = Outcome(
            outcomes.UNROUTABLE,
            f"No queue takes messages of exchange {self._exchange} with key "
            f"{self._routing_key} ({method.reply_code} {method.reply_text})",
        )

    def _on_confirmation(self, frame):
        if self._state != "publishing":
            return
        method = frame.method
        tags = [method.delivery_tag]
        if method.multiple:
            tags = [tag for tag in self._unsettled if tag <= method.delivery_tag]
        for tag in tags:
            message_id = self._unsettled.pop(tag)
            if isinstance(method, pika.spec.Basic.Nack):
                outcome = Outcome(
                    outcomes.NOT_CONFIRMED,
                    "The broker refused the message, for example because the queue is full",
                )
            else:
                outcome = self._returned.get(message_id, CONFIRMED)
            self._outcomes[message_id] = outcome
        if not self._unsettled:
            self._close()

    def _on_blocked(self, _connection, frame):
        self._blocked_reason = frame.method.reason or "no reason given"

    def _on_unblocked(self, _connection, _frame):
        self._blocked_reason = None

    # -- closing

    def _on_channel_closed(self, _channel, error):
        if self._state in ("opening", "publishing"):
            self._fail_rest(explain(error, self._address))
            self._close()

    def _on_closed(self, _connection, error):
        self._fail_rest(explain(error, self._address))
        self._enter("ended")

    def _on_deadline(self):
        self._deadline = None
        if self._state == "closing":
            self._cut()
            return
        if self._state == "cutting":
            self._enter("ended")
            return
        where = f"{self._address.host}:{self._address.port}"
        if self._blocked_reason is not None:
            failure = Outcome(
                outcomes.BLOCKED, f"{where} blocks publishers: {self._blocked_reason}"
            )
        elif self._state == "opening":
            failure = Outcome(
                outcomes.TIMEOUT,
                f"{where} opened no channel within {self._limits.open_s:g} s",
            )
        else:
            failure = Outcome(
                outcomes.TIMEOUT,
                f"{where} did not confirm within {self._limits.confirm_s:g} s",
            )
        self._fail_rest(failure)
        self._close()

    def _close(self):
        self._enter("closing")
        if self._connection.is_closed or self._connection.is_closing:
            return
        # While it is opening, this cuts it and calls _on_open_error.
        self._connection.close()

    def _cut(self):
        """Drops the socket of a silent peer; _on_closed follows.

        pika has no public way to do so; without it the descriptor stays open until
        the garbage collector finds it.
        """
        self._enter("cutting")
        transport = getattr(self._connection, "_transport", None)
        if transport is not None:
            transport.abort()

    def _fail_rest(self, failure):
        for message in self._messages:
            self._outcomes.setdefault(message.id, failure)
