"""Reads what became of the mails from the queue of this database."""

import dataclasses
from collections.abc import Callable, Sequence

from . import outcome as outcomes
from .address import Address
from .outcome import CONFIRMED, Outcome, explain
from .session import Session, connection_parameters

RESULTS_EXCHANGE = "email_results"

#: Results taken, recorded and acknowledged together.
BATCH = 100

#: The queue of a database that is gone goes too, and one that nobody reads stays bounded:
#: a result that is lost leaves an order in the state "handed over", no more.
QUEUE_ARGUMENTS = {
    "x-queue-type": "quorum",
    "x-expires": 30 * 24 * 3600 * 1000,
    "x-max-length": 200_000,
    "x-max-length-bytes": 256 * 1024 * 1024,
}

#: A result has some 2 KiB, at most some 20 KiB; a batch of what is larger would fill the memory.
MAX_BODY_BYTES = 64 * 1024

_NOT_FOUND = 404


@dataclasses.dataclass(frozen=True)
class ResultLimits:
    """Deadlines in seconds."""

    open_s: float = 10.0
    #: For the queue and its binding.
    listen_s: float = 5.0
    #: Nothing has come for so long: there is nothing more.
    idle_s: float = 0.3
    #: Of the whole reading.
    read_s: float = 20.0
    close_s: float = 1.0


def queue_name(database_uuid, exchange=RESULTS_EXCHANGE):
    return f"{exchange}.{database_uuid}"


def receive(
    address: Address,
    database_uuid: str,
    take: Callable[[Sequence[bytes]], bool],
    *,
    exchange=RESULTS_EXCHANGE,
    connection_name="Odoo, results",
    limits=ResultLimits(),  # noqa: B008 (immutable)
) -> Outcome:
    """Give results to ``take`` in batches, acknowledging each batch once it has returned.

    A batch whose acknowledgement is lost comes again: ``take`` must bear it.

    :param take: keeps a batch for good; False when no more is waited for
    :return: whether the queue could be read, until it was empty or time was up
    :raises Exception: what ``take`` raises; its batch stays in the queue
    """
    try:
        parameters = connection_parameters(
            address, connection_name, open_s=limits.open_s, blocked_s=limits.read_s
        )
    except OSError as error:  # the file of the extra authority
        reason = f"The authority in {address.ca_file} cannot be used: {error.strerror or error}"
        return Outcome(outcomes.UNREACHABLE, reason)
    return _Reading(address, parameters, (exchange, database_uuid), take, limits).run()


class _Reading(Session):
    """opening → declaring → reading → closing."""

    def __init__(self, address, parameters, names, take, limits):
        self._exchange, self._database_uuid = names
        self._queue = queue_name(self._database_uuid, self._exchange)
        self._take = take
        self._idle_s = limits.idle_s
        self._outcome = None
        self._error = None
        self._channel = None
        self._batch = []
        self._last_tag = 0
        self._idle = None
        seconds = {
            "opening": limits.open_s,
            "declaring": limits.listen_s,
            "reading": limits.read_s,
            "closing": limits.close_s,
        }
        super().__init__(address, parameters, "opening", seconds)

    def run(self):
        super().run()
        if self._error:
            raise self._error
        return self._outcome

    # -- opening, declaring

    def _opened(self, connection):
        if self._state == "opening":
            self._enter("declaring")
            # Whoever made the queue decided on its arguments.
            connection.channel(on_open_callback=lambda channel: self._declare(channel, True))

    def _declare(self, channel, passive):
        self._channel = channel
        channel.add_on_close_callback(
            lambda _channel, error: self._on_channel_closed(error, passive)
        )
        channel.queue_declare(
            self._queue,
            passive=passive,
            durable=True,
            arguments=None if passive else QUEUE_ARGUMENTS,
            callback=lambda _frame: self._bind(channel),
        )

    def _bind(self, channel):
        channel.queue_bind(
            self._queue,
            self._exchange,
            self._database_uuid,
            callback=lambda _frame: self._prefetch(channel),
        )

    def _prefetch(self, channel):
        channel.basic_qos(prefetch_count=BATCH, callback=lambda _frame: self._consume(channel))

    def _consume(self, channel):
        if self._state != "declaring":
            return
        self._enter("reading")
        channel.add_on_cancel_callback(lambda _frame: self._close())
        channel.basic_consume(self._queue, self._on_message)
        self._wait()

    def _on_channel_closed(self, error, passive):
        if self._state not in ("declaring", "reading"):
            return
        missing = getattr(error, "reply_code", None) == _NOT_FOUND
        if passive and missing and self._state == "declaring" and self._connection.is_open:
            self._connection.channel(on_open_callback=lambda channel: self._declare(channel, False))
            return
        self._failed(explain(error, self._address))
        self._close()

    # -- reading

    def _on_message(self, _channel, method, _properties, body):
        if self._state != "reading":
            return
        # Without its text it is no result, and leaves the queue as such.
        self._batch.append(body if len(body) <= MAX_BODY_BYTES else b"")
        self._last_tag = method.delivery_tag
        if len(self._batch) >= BATCH:
            self._keep()
        else:
            self._wait()

    def _wait(self):
        loop = self._connection.ioloop
        if self._idle is not None:
            loop.remove_timeout(self._idle)
        self._idle = loop.call_later(self._idle_s, self._on_idle)

    def _on_idle(self):
        self._idle = None
        if self._state != "reading":
            return
        if self._batch:
            self._keep()
        else:
            self._end()

    def _keep(self):
        batch, self._batch = self._batch, []
        try:
            goes_on = self._take(batch)
        except Exception as error:  # pylint: disable=broad-except
            # Raised by ``run`` once the connection is closed; the batch stays in the queue.
            self._error = error
            self._close()
            return
        self._channel.basic_ack(self._last_tag, multiple=True)
        if goes_on:
            self._wait()
        else:
            self._end()

    def _end(self):
        self._outcome = CONFIRMED
        self._close()

    # -- closing

    def _failed(self, outcome):
        self._outcome = self._outcome or outcome

    def _timed_out(self, seconds):
        if self._state == "reading":
            return CONFIRMED
        what = "opened no channel" if self._state == "opening" else "made no queue for results"
        return Outcome(outcomes.TIMEOUT, f"{self._where} {what} within {seconds:g} s")
