"""Tests the way to the hub: step by step, as a mail goes, and back.

Every step has a deadline; the whole takes at most the sum of the limits.
"""

import dataclasses
import json

import pika

from . import outcome as outcomes
from .address import Address
from .outcome import Outcome, explain
from .publisher import EXCHANGE, PERSISTENT, ROUTING_KEY, Limits, Message
from .results import RESULTS_EXCHANGE
from .session import Session, connection_parameters

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
        parameters = connection_parameters(
            address, connection_name, open_s=limits.open_s, blocked_s=limits.confirm_s
        )
    except OSError as error:  # the file of the extra authority
        reason = f"The authority in {address.ca_file} cannot be used: {error.strerror or error}"
        return _steps({OPEN: Outcome(outcomes.UNREACHABLE, reason)})
    names = (exchange, routing_key, results_exchange)
    return _steps(_Probe(address, parameters, message, database_uuid, names, limits).run())


def _steps(results):
    return [Step(name, results.get(name)) for name in STEPS]


class _Probe(Session):
    """open → listen → publish → return → closing.

    Listening and publishing have a channel each, for a refusal closes its channel.
    """

    def __init__(self, address, parameters, message, database_uuid, names, limits):
        self._message = message
        self._database_uuid = database_uuid
        self._exchange, self._routing_key, self._results_exchange = names
        # Below the name for which the account has rights, and of this probe alone: the
        # queue of the outcomes stays with the job that reads it.
        self._queue = f"{self._results_exchange}.probe.{message.id}"
        self._results = {}
        self._returned = None
        self._arrived = False
        seconds = {
            OPEN: limits.open_s,
            LISTEN: limits.listen_s,
            PUBLISH: limits.confirm_s,
            RETURN: limits.return_s,
            "closing": limits.close_s,
        }
        super().__init__(address, parameters, OPEN, seconds)

    def run(self):
        super().run()
        return self._results

    def _result(self, outcome):
        """What became of the step that is going on."""
        if self._state in STEPS:
            self._results.setdefault(self._state, outcome)

    # -- open, listen

    def _opened(self, connection):
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

    def _failed(self, outcome):
        self._result(outcome)

    def _timed_out(self, seconds):
        reason = {
            OPEN: f"{self._where} opened no channel within {seconds:g} s",
            LISTEN: f"{self._where} made no queue for the answer within {seconds:g} s",
            PUBLISH: f"{self._where} did not confirm within {seconds:g} s",
            RETURN: f"No hub answered within {seconds:g} s. Is its worker running?",
        }[self._state]
        return Outcome(outcomes.TIMEOUT, reason)
