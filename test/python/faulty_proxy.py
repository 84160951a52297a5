"""A TCP proxy that stands before the real broker and does to a connection what networks do."""

import socket
import threading

#: Connection.Blocked (class 10, method 60) with the reason "low on memory", as RabbitMQ
#: sends it during a memory alarm: a method frame on channel 0.
_REASON = b"low on memory"
_PAYLOAD = bytes((0, 10, 0, 60, len(_REASON))) + _REASON
BLOCKED_FRAME = b"\x01\x00\x00" + len(_PAYLOAD).to_bytes(4, "big") + _PAYLOAD + b"\xce"


class FaultyProxy:
    """Forwards until the client's bytes contain ``marker``; then ``fault`` happens.

    mute: nothing is forwarded any more, both sockets stay open.
    cut: the marker's bytes still reach the broker; its answer does not come back.
    blocked: the client is told that publishers are blocked; nothing is forwarded any more.
    """

    def __init__(self, host, port, marker, fault):
        self._target = (host, port)
        self._marker = marker
        self._fault = fault
        self._sockets = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        #: Set once the fault has happened.
        self.happened = threading.Event()
        #: Set once the client has closed its side.
        self.client_left = threading.Event()

    def __enter__(self):
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_exception):
        self._listener.close()
        for each in self._sockets:
            each.close()

    def cut_now(self):
        """Cuts what is connected, at once."""
        for each in self._sockets:
            each.shutdown(socket.SHUT_RDWR)

    def _accept(self):
        while True:
            try:
                client, _address = self._listener.accept()
            except OSError:  # closed at the end of the test
                return
            server = socket.create_connection(self._target)
            self._sockets += [client, server]
            for source, target in ((client, server), (server, client)):
                threading.Thread(
                    target=self._forward, args=(source, target, source is client), daemon=True
                ).start()

    def _forward(self, source, target, from_client):
        seen = b""
        while True:
            try:
                data = source.recv(65536)
            except OSError:
                data = b""
            if not data:
                if from_client:
                    self.client_left.set()
                return
            seen = (seen + data)[-100_000:]
            faulty = self.happened.is_set()
            if from_client and not faulty and self._marker in seen:
                self.happened.set()
                if self._fault == "cut":
                    target.sendall(data)
                    source.shutdown(socket.SHUT_RDWR)
                elif self._fault == "blocked":
                    source.sendall(BLOCKED_FRAME)
                faulty = True
            if not faulty:
                target.sendall(data)
