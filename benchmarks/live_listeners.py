"""Thousands of subscribers in one process that costs little: they only look for a marker.

Frames are not parsed, neither those of WebSocket nor those of Server-Sent Events: the records that
are written hold ``s`` and a number, and the number is found in the bytes that arrive.
"""

import asyncio
import contextlib
import re
import socket
import time
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

_NUMBER = re.compile(rb'"s(\d{8})"')
SMALLEST_BUFFER_BYTES = 4096


@dataclass(frozen=True, kw_only=True)
class Greeting:
    """What a subscriber says until it is one.

    Attributes:
        opening: bytes to send at once.
        marker: what the answer to them contains.
        wish: bytes to send then.
        ready: what the answer to those contains.
        times: after so many of them there is nothing to wait for.
    """

    opening: bytes
    marker: bytes
    wish: bytes = b""
    ready: bytes = b""
    times: int = 1


class Receipts:
    """When what was received, by the number of the write; seconds of ``time.perf_counter``."""

    def __init__(self) -> None:
        self.times: dict[int, array[float]] = {}
        self._missing = 0
        self._complete = asyncio.Event()

    def expect(self, count: int) -> None:
        """Forget everything; so many are to come."""
        self.times.clear()
        self._missing = count
        self._complete.clear()

    def note(self, number: int, moment: float) -> None:
        """Something was received."""
        found = self.times.get(number)
        if found is None:
            found = self.times[number] = array("d")
        found.append(moment)
        self._missing -= 1
        if not self._missing:
            self._complete.set()

    async def wait(self, seconds: float) -> None:
        """Wait until all are here, but not longer."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._complete.wait(), seconds)


class Listener(asyncio.Protocol):
    """One subscriber.

    Args:
        greeting: what it says.
        receipts: get what it receives; shared.

    Attributes:
        ready: done when it is subscribed; gives what was received until then.
        began_at, ready_at: when it began to connect and when it was ready; seconds of
            ``time.perf_counter``.
        is_lost: whether the server has closed the connection.
    """

    def __init__(self, greeting: Greeting, receipts: Receipts) -> None:
        self._greeting = greeting
        self._receipts = receipts
        self._head = b""
        self._rest = b""
        self._has_wished = False
        self.began_at = self.ready_at = time.perf_counter()
        self.is_lost = False
        self.transport: asyncio.Transport | None = None
        self.ready: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        self.transport = cast("asyncio.Transport", transport)
        self.transport.write(self._greeting.opening)

    def data_received(self, data: bytes) -> None:
        """Note the numbers, or go on with the greeting."""
        if not self.ready.done():
            self._greet(data)
            return
        moment = time.perf_counter()
        data = self._rest + data
        end = 0
        for found in _NUMBER.finditer(data):
            self._receipts.note(int(found[1]), moment)
            end = found.end()
        self._rest = data[max(end, len(data) - 16) :]

    def connection_lost(self, exc: Exception | None) -> None:
        """Note it."""
        self.is_lost = True
        if not self.ready.done():
            self.ready.set_exception(ConnectionError(f"{exc}: {self._head[-500:]!r}"))

    def stall(self) -> None:
        """Read no more."""
        if self.transport is not None and not self.is_lost:
            self.transport.pause_reading()

    def close(self) -> None:
        """Hang up."""
        if self.transport is not None:
            self.transport.abort()

    def _greet(self, data: bytes) -> None:
        self._head += data
        greeting = self._greeting
        if not self._has_wished and greeting.marker in self._head:
            self._has_wished = True
            if greeting.wish and self.transport is not None:
                self.transport.write(greeting.wish)
        if self._has_wished and self._head.count(greeting.ready or b"\n") >= greeting.times:
            self.ready_at = time.perf_counter()
            self.ready.set_result(self._head)


async def connected(
    port: int, greetings: Sequence[Greeting], receipts: Receipts, *, at_once: int = 50
) -> list[Listener]:
    """Subscribers that are ready, one for each greeting."""
    turn = asyncio.Semaphore(at_once)

    async def one(greeting: Greeting) -> Listener:
        async with turn:
            own = socket.socket()
            own.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16 * SMALLEST_BUFFER_BYTES)
            own.setblocking(False)  # noqa: FBT003  the function has no keyword
            loop, began_at = asyncio.get_running_loop(), time.perf_counter()
            await loop.sock_connect(own, ("127.0.0.1", port))
            _, listener = await loop.create_connection(
                lambda: Listener(greeting, receipts), sock=own
            )
            listener.began_at = began_at
            await asyncio.wait_for(listener.ready, 60)
            return listener

    return list(await asyncio.gather(*map(one, greetings)))


def websocket_greeting(port: int, *frames: str, ready: bytes, times: int = 1) -> Greeting:
    """The greeting of a WebSocket client that sends these texts first."""
    opening = (
        f"GET /v1/ HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\n"
        "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )
    return Greeting(
        opening=opening.encode(),
        marker=b"101 Switching Protocols",
        wish=b"".join(_masked(frame.encode()) for frame in frames),
        ready=ready,
        times=times,
    )


def _masked(payload: bytes) -> bytes:
    """A text frame of a client, with a mask of zeros. Source: RFC 6455 section 5.2."""
    size = len(payload)
    length = bytes([0x80 | size]) if size < 126 else bytes([0xFE]) + size.to_bytes(2)  # noqa: PLR2004  RFC
    return b"\x81" + length + bytes(4) + payload
