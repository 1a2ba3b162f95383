"""Sends datagrams, and looks up to whom; the only file of the plugin that does I/O.

No caller ever waits: a full datagram leaves in the thread that filled it, through a socket that
does not block, and a thread sends what is not full and asks for the address again. What cannot be
sent is lost, as datagrams are.
"""

import logging
import os
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

from kinto_core.builtin.statsd.batching import Batch
from kinto_core.builtin.statsd.settings import Endpoint

logger = logging.getLogger(__name__)

INTERVAL_SECONDS: Final = 0.1
"""How long a line may wait for others."""

LOOK_UP_SECONDS: Final = 60.0
"""How long an address counts before its name is looked up again."""

END_SECONDS: Final = 1.0
"""How long closing waits for the thread, which may be looking up a name."""


class Unresolved(Exception):
    """The name has no address; the message says why."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where datagrams go.

    Attributes:
        family: IPv4 or IPv6.
        place: as sockets know it.
    """

    family: socket.AddressFamily
    place: tuple[Any, ...]


def look_up(endpoint: Endpoint) -> Address:
    """The address of an endpoint; of several, one of IPv4, where statsd servers listen.

    Raises:
        Unresolved: it has none.
    """
    try:
        found = socket.getaddrinfo(endpoint.host, endpoint.port, type=socket.SOCK_DGRAM)
    except (OSError, UnicodeError) as error:  # UnicodeError: no name of a host
        reason = error.strerror if isinstance(error, OSError) else "it is no name of a host"
        raise Unresolved(reason or str(error)) from error
    family, _, _, _, place = min(found, key=lambda one: one[0] != socket.AF_INET)
    return Address(family, place)


class Sender:
    """Sends lines to a statsd server; used by many threads at once.

    A process that was forked drops what its parent has not sent, and gets a thread of its own with
    its first line.

    Args:
        endpoint: of the server.
        interval_seconds: how long a line may wait for others.
        look_up_seconds: how long an address counts.
        find: gives the address of an endpoint; may take its time.

    Raises:
        Unresolved: the host has no address.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        *,
        interval_seconds: float = INTERVAL_SECONDS,
        look_up_seconds: float = LOOK_UP_SECONDS,
        find: Callable[[Endpoint], Address] = look_up,
    ) -> None:
        self._endpoint = endpoint
        self._interval = interval_seconds
        self._look_up_seconds = look_up_seconds
        self._find = find
        self._address = find(endpoint)
        self._socket: socket.socket | None = None
        self._starting = threading.Lock()
        self._process = 0
        self._is_closed = False
        self._is_failing = False

    def add(self, line: bytes) -> None:
        """Have a line sent soon; never waits and never fails."""
        if self._process != os.getpid():
            self._begin()
        with self._lock:
            if self._is_closed:
                return
            full = self._batch.add(line)
            error = self._send(full) if full is not None else None
        if error is not None:
            self._tell(error)
        if not self._is_due.is_set():
            self._is_due.set()

    def close(self) -> None:
        """Send what is left and end; lines that come later are lost. May be called twice."""
        if self._process != os.getpid():
            self._is_closed = True
            return
        self._flush()
        with self._lock:
            self._is_closed = True
            if self._socket is not None:
                self._socket.close()
                self._socket = None
        self._is_ending.set()  # before it wakes
        self._is_due.set()
        if self._thread.ident is not None:
            self._thread.join(END_SECONDS)

    def _begin(self) -> None:
        """Start to send from this process, once."""
        with self._starting:
            if self._process == os.getpid():
                return
            self._lock = threading.Lock()
            self._batch = Batch()
            self._is_due = threading.Event()
            self._is_ending = threading.Event()
            self._thread = threading.Thread(target=self._run, name="statsd", daemon=True)
            if not self._is_closed:
                with suppress(RuntimeError):  # without a thread, only full datagrams are sent
                    self._thread.start()
            self._process = os.getpid()

    def _run(self) -> None:
        is_due, is_ending = self._is_due, self._is_ending
        looked_up = time.monotonic()
        while not is_ending.is_set():
            is_due.wait()
            is_ending.wait(self._interval)
            is_due.clear()
            self._flush()
            if time.monotonic() - looked_up >= self._look_up_seconds and not is_ending.is_set():
                self._look_up_again()
                looked_up = time.monotonic()

    def _flush(self) -> None:
        with self._lock:
            rest = self._batch.take()
            error = self._send(rest) if rest and not self._is_closed else None
        if error is not None:
            self._tell(error)

    def _send(self, datagram: bytes) -> OSError | None:
        """Send now or never, while holding the lock; gives what went wrong."""
        try:
            if self._socket is None:
                self._socket = socket.socket(self._address.family, socket.SOCK_DGRAM)
                self._socket.settimeout(0)
            self._socket.sendto(datagram, self._address.place)
        except BlockingIOError:  # the system's queue is full
            return None
        except OSError as error:
            return error
        self._is_failing = False
        return None

    def _tell(self, error: OSError) -> None:
        """Log the first of several failures."""
        if not self._is_failing:
            self._is_failing = True
            where = f"{self._endpoint.host}:{self._endpoint.port}"
            logger.warning("Metrics cannot be sent to %s: %s", where, error)

    def _look_up_again(self) -> None:
        """Follow a name to another address; without an answer, the known one counts."""
        try:
            found = self._find(self._endpoint)
        except Unresolved as error:
            logger.info("%s has no address at the moment: %s", self._endpoint.host, error)
            return
        with self._lock:
            if self._socket is not None and found.family != self._address.family:
                self._socket.close()
                self._socket = None
            self._address = found
