"""One connection to a receiver: to a checked address, within a deadline, kept for a while.

Proxies and other settings of the environment play no part: where the bytes go is decided here.
"""

import io
import socket
import ssl
import time
from http.client import HTTPResponse
from typing import Final

from kinto_webhook.targets import Place

IDLE_SECONDS: Final = 20.0
"""A connection that was not used for so long is closed: receivers close theirs too."""


class Deadline:
    """A moment by which something must be done.

    Args:
        seconds: from now.
    """

    __slots__ = ("_end",)

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds

    def remaining(self) -> float:
        """Seconds left.

        Raises:
            TimeoutError: none.
        """
        left = self._end - time.monotonic()
        if left <= 0:
            message = "no complete answer in time"
            raise TimeoutError(message)
        return left


class _Incoming(io.RawIOBase):
    """The bytes that come from a socket until its deadline, however slowly they drip."""

    def __init__(self, line: "Line") -> None:
        super().__init__()
        self._line = line

    def readable(self) -> bool:
        """True: ``BufferedReader`` asks."""
        return True

    def readinto(self, buffer: "memoryview | bytearray") -> int:  # type: ignore[override]  # narrower on purpose
        """Fill a buffer with what there is; waits for at least one byte."""
        self._line.socket.settimeout(self._line.deadline.remaining())
        return self._line.socket.recv_into(buffer)


class Line:
    """An open connection, for one thread at a time.

    Attributes:
        socket: what carries it.
        deadline: of the present exchange; set anew for each.
        used: when it was last used, by the clock of ``time.monotonic``.
        is_new: whether nothing was ever sent on it.
    """

    __slots__ = ("deadline", "is_new", "socket", "used")

    def __init__(self, connected: socket.socket, deadline: Deadline) -> None:
        self.socket = connected
        self.deadline = deadline
        self.used = time.monotonic()
        self.is_new = True

    def send(self, message: bytes) -> None:
        """Send all bytes, within the deadline."""
        self.socket.settimeout(self.deadline.remaining())
        self.socket.sendall(message)

    def makefile(self, mode: str) -> io.BufferedReader:
        """What ``http.client`` reads from."""
        del mode
        return io.BufferedReader(_Incoming(self))

    def receive(self) -> HTTPResponse:
        """The head of the answer; its body is still to be read.

        Raises:
            http.client.HTTPException: it is no answer.
            OSError: the connection broke, or the deadline passed.
        """
        response = HTTPResponse(self, method="POST")  # type: ignore[arg-type]  # it only calls makefile
        response.begin()
        return response

    def is_fresh(self) -> bool:
        """Whether it may still be used."""
        return time.monotonic() - self.used < IDLE_SECONDS

    def close(self) -> None:
        """Hang up."""
        self.socket.close()


def connect(
    place: Place,
    addresses: list[str],
    deadline: Deadline,
    connect_seconds: float,
    context: ssl.SSLContext,
) -> Line:
    """Connect to the first of the addresses that accepts.

    Args:
        place: whose name the certificate must carry.
        addresses: checked ones.
        deadline: of the whole exchange.
        connect_seconds: longest wait for connection and TLS.
        context: verifies certificates.

    Raises:
        ssl.SSLError: TLS failed, or the certificate is not for that name.
        OSError: none accepts, or not in time.
    """
    own = Deadline(min(connect_seconds, deadline.remaining()))
    failure: OSError | None = None
    for address in addresses:
        try:
            plain = socket.create_connection((address, place.port), timeout=own.remaining())
        except OSError as error:
            failure = error
            continue
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return Line(_secured(plain, place, own, context), deadline)
    raise failure or OSError("the host has no address")


def _secured(
    plain: socket.socket, place: Place, deadline: Deadline, context: ssl.SSLContext
) -> socket.socket:
    if place.scheme == "http":
        return plain
    try:
        plain.settimeout(deadline.remaining())
        return context.wrap_socket(plain, server_hostname=place.host)
    except OSError:
        plain.close()
        raise
