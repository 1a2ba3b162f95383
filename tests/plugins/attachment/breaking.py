"""A connection to a server that breaks when so many bytes went through it."""

import contextlib
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

CHUNK = 65536


class BreakingProxy:
    """Forwards connections; each limit ends the connection that first exceeds it.

    Args:
        port: of the server.
        limits: bytes from the client after which a connection is cut, one after the other.
    """

    def __init__(self, port: int, limits: list[int]) -> None:
        self._port = port
        self._limits = limits
        self.cuts = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Take no more connections."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            server = socket.create_connection(("127.0.0.1", self._port))
            for source, target, is_counted in ((client, server, True), (server, client, False)):
                arguments = (source, target, is_counted)
                threading.Thread(target=self._pump, args=arguments, daemon=True).start()

    def _pump(self, source: socket.socket, target: socket.socket, is_counted: bool) -> None:
        passed = 0
        with contextlib.suppress(OSError):
            while chunk := source.recv(CHUNK):
                target.sendall(chunk)
                passed += len(chunk)
                if is_counted and self._limits and passed > self._limits[0]:
                    self._limits.pop(0)
                    self.cuts += 1
                    break
        for one in (source, target):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()


@contextmanager
def breaking(port: int, limits: list[int]) -> Iterator[BreakingProxy]:
    """A proxy for a server on a port."""
    proxy = BreakingProxy(port, limits)
    try:
        yield proxy
    finally:
        proxy.close()
