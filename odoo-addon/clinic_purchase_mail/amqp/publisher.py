"""Publishes messages and says for each of them what became of it.

Every step has a deadline, see ``session``.
"""

import dataclasses
from collections.abc import Mapping, Sequence

import pika

from . import outcome as outcomes
from .address import Address
from .outcome import CONFIRMED, Outcome, explain
from .session import Session, connection_parameters

EXCHANGE = "email_exchange"
ROUTING_KEY = "purchase.confirmed"

PERSISTENT = 2

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
        parameters = connection_parameters(
            address, connection_name, open_s=limits.open_s, blocked_s=limits.confirm_s
        )
    except OSError as error:  # the file of the extra authority; ssl.SSLError is one too
        failure = Outcome(
            outcomes.UNREACHABLE,
            f"The authority in {address.ca_file} cannot be used: {error.strerror or error}",
        )
        return {message.id: failure for message in messages}
    return _Handover(address, parameters, messages, exchange, routing_key, limits).run()


class _Handover(Session):
    """opening → publishing → closing."""

    def __init__(self, address, parameters, messages, exchange, routing_key, limits):
        self._messages = messages
        self._exchange = exchange
        self._routing_key = routing_key
        self._outcomes = {}
        self._returned = {}
        self._unsettled = {}
        self._blocked_reason = None
        self._channel = None
        seconds = {
            "opening": limits.open_s,
            "publishing": limits.confirm_s,
            "closing": limits.close_s,
        }
        super().__init__(address, parameters, "opening", seconds)

    def run(self):
        super().run()
        return {message.id: self._outcomes[message.id] for message in self._messages}

    # -- opening

    def _opened(self, connection):
        connection.add_on_connection_blocked_callback(self._on_blocked)
        connection.add_on_connection_unblocked_callback(self._on_unblocked)
        connection.channel(on_open_callback=self._on_channel_open)

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
            self._failed(explain(error, self._address))
            self._close()

    def _timed_out(self, seconds):
        if self._blocked_reason is not None:
            return Outcome(
                outcomes.BLOCKED, f"{self._where} blocks publishers: {self._blocked_reason}"
            )
        what = "opened no channel" if self._state == "opening" else "did not confirm"
        return Outcome(outcomes.TIMEOUT, f"{self._where} {what} within {seconds:g} s")

    def _failed(self, outcome):
        for message in self._messages:
            self._outcomes.setdefault(message.id, outcome)
