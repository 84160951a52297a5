"""Tests the way to the hub: step by step, as a mail goes, and back.

Every step has a deadline; the whole takes at most the sum of the limits.
"""

import dataclasses
import json

import pika

from . import outcome as outcomes
from .address import Address
from .outcome import Outcome, explain
from .publisher import (
    CUT_S,
    EXCHANGE,
    PERSISTENT,
    ROUTING_KEY,
    Limits,
    Message,
    connection_parameters,
)

RESULTS_EXCHANGE = "email_results"

#: Connected, signed in, and a channel open.
OPEN = "open"
#: A queue of the probe's own is bound to the hub's results.
LISTEN = "listen"
#: The exchange took the probe and a queue has it.
PUBLISH = "publish"
#: The hub said that the probe arrived.
RETURN = "return"

STEPS = (OPEN, LISTEN, PUBLISH, RETURN)


@dataclasses.dataclass(frozen=True)
class ProbeLimits(Limits):
    """Deadlines in seconds; a person waits for them."""

    open_s: float = 5.0
    #: For the queue of the answer.
    listen_s: float = 5.0
    confirm_s: float = 5.0
    #: A worker that is idle answers within some 50 ms.
    return_s: float = 8.0


@dataclasses.dataclass(frozen=True)
class Step:
    """What became of one step. Without an outcome it was not tried."""

    name: str
    outcome: Outcome | None = None

    @property
    def passed(self):
        return self.outcome is not None and self.outcome.confirmed


def probe_message(message_id, database, database_uuid, moment):
    """The text of a probe: contracts/connection-probe.schema.json, version 1.

    :param moment: in UTC, without time zone
    """
    return json.dumps(
        {
            "type": "connection.probe",
            "version": "1.0",
            "id": message_id,
            "time": f"{moment.isoformat(timespec='seconds')}Z",
            "source": {"database": database, "databaseUuid": database_uuid},
        },
        ensure_ascii=False,
        separators=(",", ":"),
    )


def probe(
    address: Address,
    message: Message,
    database_uuid: str,
    *,
    exchange=EXCHANGE,
    routing_key=ROUTING_KEY,
    results_exchange=RESULTS_EXCHANGE,
    connection_name="Odoo, connection test",
    limits=ProbeLimits(),  # noqa: B008 (immutable)
) -> list[Step]:
    """Publish a probe and wait for the hub's word that it arrived.

    :param message: with the text of ``probe_message``
    :return: the steps, in order, each with what became of it; no failure is raised
    """
    try:
        parameters = connection_parameters(address, connection_name, limits)
    except OSError as error:  # the file of the extra authority
        reason = f"The authority in {address.ca_file} cannot be used: {error.strerror or error}"
        return _steps({OPEN: Outcome(outcomes.UNREACHABLE, reason)})
    names = (exchange, routing_key, results_exchange)
    return _steps(_Probe(address, parameters, message, database_uuid, names, limits).run())


def _steps(results):
    return [Step(name, results.get(name)) for name in STEPS]


class _Probe:
    """One connection: open → listen → publish → return → closing → cutting → ended.

    Listening and publishing have a channel each, for a refusal closes its channel.
    """

    def __init__(self, address, parameters, message, database_uuid, names, limits):
        self._address = address
        self._where = f"{address.host}:{address.port}"
        self._message = message
        self._database_uuid = database_uuid
        self._exchange, self._routing_key, self._results_exchange = names
        # Below the name for which the account has rights, and of this probe alone: the
        # queue of the outcomes stays with the job that reads it.
        self._queue = f"{self._results_exchange}.probe.{message.id}"
        self._limits = limits
        self._results = {}
        self._returned = None
        self._arrived = False
        self._state = "new"
        self._deadline = None
        self._connection = pika.SelectConnection(
            parameters,
            on_open_callback=self._on_open,
            on_open_error_callback=self._on_lost,
            on_close_callback=self._on_lost,
        )

    def run(self):
        loop = self._connection.ioloop
        self._enter(OPEN)
        try:
            loop.start()
        except AssertionError as error:
            # pika 1.2, when a connection is given up in the moment in which it fails.
            self._result(explain(error, self._address))
        finally:
            loop.close()
        return self._results

    def _enter(self, state):
        loop = self._connection.ioloop
        if self._deadline is not None:
            loop.remove_timeout(self._deadline)
            self._deadline = None
        self._state = state
        seconds = {
            OPEN: self._limits.open_s,
            LISTEN: self._limits.listen_s,
            PUBLISH: self._limits.confirm_s,
            RETURN: self._limits.return_s,
            "closing": self._limits.close_s,
            "cutting": CUT_S,
        }.get(state)
        if seconds is None:
            loop.stop()
        else:
            self._deadline = loop.call_later(seconds, self._on_deadline)

    def _result(self, outcome):
        """What became of the step that is going on."""
        if self._state in STEPS:
            self._results.setdefault(self._state, outcome)

    # -- open, listen

    def _on_open(self, connection):
        if self._state == OPEN:
            connection.channel(on_open_callback=self._on_listening_channel)

    def _on_listening_channel(self, channel):
        if self._state != OPEN:
            return
        self._result(outcomes.CONFIRMED)
        self._enter(LISTEN)
        channel.add_on_close_callback(self._on_listening_refused)
        # No step may stay without an answer: each callback starts the next.
        channel.queue_declare(
            self._queue,
            exclusive=True,
            auto_delete=True,
            callback=lambda _frame: channel.queue_bind(
                self._queue,
                self._results_exchange,
                self._database_uuid,
                callback=lambda _frame: channel.basic_consume(
                    self._queue, self._on_answer, auto_ack=True, callback=self._on_listening
                ),
            ),
        )

    def _on_listening(self, _frame):
        if self._state == LISTEN:
            self._result(outcomes.CONFIRMED)
            self._start_publishing()

    def _on_listening_refused(self, _channel, error):
        if self._state == LISTEN:
            self._result(explain(error, self._address))
            if self._connection.is_open:
                self._start_publishing()
        elif self._state == RETURN:
            self._result(explain(error, self._address))
            self._close()

    def _on_answer(self, _channel, _method, _properties, body):
        try:
            answer = json.loads(body)
            mine = answer["id"] == self._message.id and answer["outcome"] == "probed"
        except (ValueError, TypeError, KeyError):
            return  # not for this probe to judge
        self._arrived = self._arrived or mine
        if self._arrived and self._state == RETURN:
            self._result(outcomes.CONFIRMED)
            self._close()

    # -- publish, return

    def _start_publishing(self):
        self._enter(PUBLISH)
        self._connection.channel(on_open_callback=self._on_publishing_channel)

    def _on_publishing_channel(self, channel):
        if self._state != PUBLISH:
            return
        channel.add_on_close_callback(self._on_publishing_refused)
        channel.add_on_return_callback(self._on_return)
        channel.confirm_delivery(
            self._on_confirmation, callback=lambda _frame: self._publish(channel)
        )

    def _publish(self, channel):
        if self._state != PUBLISH:
            return
        channel.basic_publish(
            self._exchange,
            self._routing_key,
            self._message.body,
            pika.BasicProperties(
                message_id=self._message.id,
                content_type="application/json",
                delivery_mode=PERSISTENT,
                headers=dict(self._message.headers) or None,
            ),
            mandatory=True,
        )

    def _on_return(self, _channel, method, _properties, _body):
        self._returned = Outcome(
            outcomes.UNROUTABLE,
            f"No queue takes messages of exchange {self._exchange} with key "
            f"{self._routing_key} ({method.reply_code} {method.reply_text})",
        )

    def _on_confirmation(self, frame):
        if self._state != PUBLISH:
            return
        if isinstance(frame.method, pika.spec.Basic.Nack):
            self._result(Outcome(outcomes.NOT_CONFIRMED, "The broker refused the probe"))
        else:
            self._result(self._returned or outcomes.CONFIRMED)
        listened = self._results[LISTEN].confirmed
        if not (self._results[PUBLISH].confirmed and listened):
            self._close()
            return
        self._enter(RETURN)
        if self._arrived:
            self._result(outcomes.CONFIRMED)
            self._close()

    def _on_publishing_refused(self, _channel, error):
        if self._state == PUBLISH:
            self._result(explain(error, self._address))
            self._close()

    # -- closing

    def _on_lost(self, _connection, error):
        self._result(explain(error, self._address))
        self._enter("ended")

    def _on_deadline(self):
        self._deadline = None
        if self._state == "closing":
            self._enter("cutting")
            # As in the publisher: pika has no public way to drop a silent peer.
            transport = getattr(self._connection, "_transport", None)
            if transport is not None:
                transport.abort()
            return
        if self._state == "cutting":
            self._enter("ended")
            return
        limits = self._limits
        reason = {
            OPEN: f"{self._where} opened no channel within {limits.open_s:g} s",
            LISTEN: f"{self._where} made no queue for the answer within {limits.listen_s:g} s",
            PUBLISH: f"{self._where} did not confirm within {limits.confirm_s:g} s",
            RETURN: f"No hub answered within {limits.return_s:g} s. Is its worker running?",
        }[self._state]
        self._result(Outcome(outcomes.TIMEOUT, reason))
        self._close()

    def _close(self):
        self._enter("closing")
        if self._connection.is_closed or self._connection.is_closing:
            return
        self._connection.close()
