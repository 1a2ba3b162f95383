"""One connection to a receiver: to a checked address, within a deadline, kept for a while.

Proxies and other settings of the environment play no part: where the bytes go is decided here.
"""

import io
import select
import socket
import ssl
import time
from http import HTTPStatus
from http.client import HTTPException, HTTPResponse, UnknownProtocol
from typing import Final

from kinto_webhook.targets import Place

IDLE_SECONDS: Final = 20.0
"""A connection that was not used for so long is closed: receivers close theirs too."""

MAX_ANSWER: Final = 256 * 1024
"""An answer is cut off after so many bytes, whatever they are: headers, or interim answers."""

_PIECE: Final = 64 * 1024


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


class EndlessAnswer(HTTPException):
    """A receiver sends more than any answer needs."""


class _Incoming(io.RawIOBase):
    """The bytes of one answer, until its deadline, however slowly they drip and however many."""

    def __init__(self, line: "Line") -> None:
        super().__init__()
        self._line = line
        self._left = MAX_ANSWER

    def readable(self) -> bool:
        """True: ``BufferedReader`` asks."""
        return True

    def readinto(self, buffer: "memoryview | bytearray") -> int:  # type: ignore[override]  # narrower on purpose
        """Fill a buffer with what there is; waits for at least one byte."""
        if self._left <= 0:
            raise EndlessAnswer
        self._line.socket.settimeout(self._line.deadline.remaining())
        count = self._line.socket.recv_into(buffer)
        self._left -= count
        return count


class _Source:
    """What ``http.client`` takes for a socket: it closes what it reads from after each answer."""

    def __init__(self, incoming: io.BufferedReader) -> None:
        self._incoming = incoming

    def makefile(self, mode: str) -> io.BufferedReader:
        """The bytes of the answer."""
        del mode
        return self._incoming


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
        """Send all bytes, within the deadline, however slowly they are taken."""
        left = memoryview(message)
        while left:  # not sendall, which over TLS would wait anew for each piece
            self.socket.settimeout(self.deadline.remaining())
            left = left[self.socket.send(left[:_PIECE]) :]

    def receive(self) -> HTTPResponse:
        """The head of the answer, after any interim ones; its body is still to be read.

        Raises:
            http.client.HTTPException: it is no answer.
            OSError: the connection broke, or the deadline passed.
        """
        incoming = io.BufferedReader(_Incoming(self))
        while True:
            response = HTTPResponse(_Source(incoming), method="POST")  # type: ignore[arg-type]  # it only calls makefile
            response.begin()
            if response.status == HTTPStatus.SWITCHING_PROTOCOLS:
                raise UnknownProtocol(response.getheader("upgrade", ""))
            if response.status >= HTTPStatus.OK:
                return response
            response.fp = None  # type: ignore[assignment]  # as after close(), which would end both

    def is_fresh(self) -> bool:
        """Whether it may still be used: not for long unused, and nothing has come unasked.

        What comes unasked is the end of the connection, or an answer to no question.
        """
        if time.monotonic() - self.used >= IDLE_SECONDS:
            return False
        waiting = select.poll()
        waiting.register(self.socket, select.POLLIN)
        return not waiting.poll(0)

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
        return Line(_secured(plain, place, own, context), deadline)
    raise failure or OSError("the host has no address")


def _secured(
    plain: socket.socket, place: Place, deadline: Deadline, context: ssl.SSLContext
) -> socket.socket:
    try:
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if place.scheme == "http":
            return plain
        plain.settimeout(deadline.remaining())
        return context.wrap_socket(plain, server_hostname=place.host)
    except BaseException:
        plain.close()
        raise
