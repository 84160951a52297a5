"""One connection to the broker, for one errand, with a deadline for every step.

A broker may accept a connection and then stay silent, and pika's blocking connection
cannot give up waiting for it; hence its asynchronous one, on an event loop that lives for
one errand.
"""

import logging
import ssl

import pika

from .outcome import explain

#: Seconds between heartbeats; a connection lives for seconds, so that this only ends
#: one whose peer vanished while it is closing.
HEARTBEAT_S = 10

#: Seconds that pika's event loop gets to close a socket without taking leave.
CUT_S = 1.0

# pika logs every step of a failed connection as an error with its traceback. What
# matters of it is in the outcome, which the caller logs once.
logging.getLogger("pika").setLevel(logging.CRITICAL)


def connection_parameters(address, connection_name, *, open_s, blocked_s):
    """How pika connects.

    :param open_s: seconds until a channel is open
    :param blocked_s: seconds after which a broker that takes nothing is given up
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
        socket_timeout=open_s,
        # Later than the deadline of opening, which acts first.
        stack_timeout=open_s + CUT_S,
        blocked_connection_timeout=blocked_s,
        client_properties={"connection_name": connection_name},
    )


class Session:
    """The errand's own states, then closing → cutting → ended.

    Any state goes to closing, or to ended when nothing is left to close; cutting is for a
    peer that does not take leave. A subclass defines ``_opened``, ``_failed`` and
    ``_timed_out``.
    """

    def __init__(self, address, parameters, first, seconds):
        """
        :param str first: the state in which the connection is opened
        :param dict seconds: deadlines of the errand's states and of "closing"
        """
        self._address = address
        self._where = f"{address.host}:{address.port}"
        self._first = first
        self._seconds = {**seconds, "cutting": CUT_S}
        self._state = "new"
        self._deadline = None
        self._connection = pika.SelectConnection(
            parameters,
            on_open_callback=self._opened,
            on_open_error_callback=self._on_lost,
            on_close_callback=self._on_lost,
        )

    def run(self):
        loop = self._connection.ioloop
        self._enter(self._first)
        try:
            loop.start()
        except AssertionError as error:
            # pika 1.2 asserts when a connection is given up in the moment in which it
            # fails by itself; by then there is nothing left to close.
            self._failed(explain(error, self._address))
        finally:
            loop.close()

    # -- what an errand defines

    def _opened(self, connection):
        """The connection is open; called in the first state."""
        raise NotImplementedError

    def _failed(self, outcome):
        """The connection is gone, or a state lasted too long."""
        raise NotImplementedError

    def _timed_out(self, seconds):
        """The outcome of a state that lasted too long."""
        raise NotImplementedError

    # -- states

    def _enter(self, state):
        """The one place where the state changes; starts the deadline of the new one."""
        loop = self._connection.ioloop
        if self._deadline is not None:
            loop.remove_timeout(self._deadline)
            self._deadline = None
        self._state = state
        seconds = self._seconds.get(state)
        if seconds is None:
            loop.stop()
        else:
            self._deadline = loop.call_later(seconds, self._on_deadline)

    def _on_lost(self, _connection, error):
        self._failed(explain(error, self._address))
        self._enter("ended")

    def _on_deadline(self):
        self._deadline = None
        if self._state == "closing":
            self._cut()
        elif self._state == "cutting":
            self._enter("ended")
        else:
            self._failed(self._timed_out(self._seconds[self._state]))
            self._close()

    def _close(self):
        self._enter("closing")
        if self._connection.is_closed or self._connection.is_closing:
            return
        # While it is opening, this cuts it and calls _on_lost.
        self._connection.close()

    def _cut(self):
        """Drops the socket of a silent peer; _on_lost follows.

        pika has no public way to do so; without it the descriptor stays open until
        the garbage collector finds it.
        """
        self._enter("cutting")
        transport = getattr(self._connection, "_transport", None)
        if transport is not None:
            transport.abort()
