"""One HTTP try: a message in, what came of it out. What follows is decided in ``outcome.py``."""

import ssl
import threading
import time
from collections import defaultdict, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http.client import HTTPException, HTTPResponse
from typing import Final

from kinto_webhook.connection import Deadline, Line, connect
from kinto_webhook.outcome import Answer, NoAnswer, Trouble
from kinto_webhook.targets import (
    Blocked,
    Network,
    Place,
    Resolver,
    choose,
    resolve,
    resolve_in_time,
)

KEPT_BODY: Final = 16 * 1024
"""So many bytes of an answer are read; what follows is not."""

INSTANT_MS: Final = 1000
"""A connection that fails faster than this is tried once more at once."""

MAX_IDLE: Final = 4
"""Connections kept for each receiver."""

_INSTANT = frozenset({Trouble.DNS, Trouble.CONNECTION, Trouble.TLS, Trouble.TIMEOUT})


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What is sent.

    Attributes:
        place: where to.
        headers: by name; checked to be single lines.
        body: JSON.
    """

    place: Place
    headers: Mapping[str, str]
    body: bytes

    def bytes(self) -> bytes:
        """The whole request."""
        fixed = {
            "Host": self.place.authority,
            "Content-Type": "application/json",
            "Content-Length": str(len(self.body)),
            "Accept-Encoding": "identity",
        }
        lines = [f"POST {self.place.path} HTTP/1.1"]
        lines += [f"{name}: {value}" for name, value in (fixed | dict(self.headers)).items()]
        return "\r\n".join([*lines, "", ""]).encode("latin-1") + self.body


@dataclass(frozen=True, kw_only=True)
class Limits:
    """How to send.

    Attributes:
        timeout_seconds: for a whole attempt.
        connect_seconds: for connecting, TLS included.
        allowed: networks in addition to the public internet.
        context: verifies certificates.
        resolver: finds addresses.
    """

    timeout_seconds: float = 15.0
    connect_seconds: float = 5.0
    allowed: Sequence[Network] = ()
    context: ssl.SSLContext = field(default_factory=ssl.create_default_context)
    resolver: Resolver = resolve


class Sender:
    """Makes attempts; used by many threads at once.

    Args:
        limits: how.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._lock = threading.Lock()
        self._idle: defaultdict[tuple[str, str, int], deque[Line]] = defaultdict(deque)

    def send(self, message: Message) -> Answer | NoAnswer:
        """Make one attempt, with a second go at a connection that failed at once. Never raises."""
        deadline = Deadline(self._limits.timeout_seconds)
        outcome = self._once(message, deadline)
        if (
            isinstance(outcome, NoAnswer)
            and outcome.trouble in _INSTANT
            and outcome.elapsed_ms < INSTANT_MS
        ):
            return self._once(message, deadline)
        return outcome

    def close(self, *, only_stale: bool = False) -> None:
        """Hang up.

        Args:
            only_stale: only where nothing was said for a while.
        """
        with self._lock:
            for key, lines in list(self._idle.items()):
                kept = [line for line in lines if only_stale and line.is_fresh()]
                for line in lines:
                    if line not in kept:
                        line.close()
                if kept:
                    self._idle[key] = deque(kept)
                else:
                    del self._idle[key]

    def _once(self, message: Message, deadline: Deadline) -> Answer | NoAnswer:
        started = time.monotonic()
        try:
            return self._exchange(message, deadline, started)
        except Blocked as error:
            trouble, detail = Trouble.BLOCKED, str(error)
        except ssl.SSLError as error:
            trouble, detail = Trouble.TLS, error.reason or str(error)
        except TimeoutError as error:
            trouble, detail = Trouble.TIMEOUT, str(error)
        except _Unresolved as error:
            trouble, detail = Trouble.DNS, str(error)
        except (HTTPException, ValueError) as error:
            trouble, detail = Trouble.PROTOCOL, type(error).__name__
        except OSError as error:
            trouble, detail = Trouble.CONNECTION, error.strerror or type(error).__name__
        return NoAnswer(trouble=trouble, detail=detail, elapsed_ms=_since(started))

    def _exchange(self, message: Message, deadline: Deadline, started: float) -> Answer:
        line = self._line(message.place, deadline)
        try:
            response = self._ask(line, message)
        except BaseException:
            line.close()
            if line.is_new:
                raise
            line = self._open(message.place, deadline)  # the kept one had been closed meanwhile
            try:
                response = self._ask(line, message)
            except BaseException:
                line.close()
                raise
        line.is_new = False
        try:
            body = response.read(KEPT_BODY)
        except (OSError, HTTPException):  # the answer is the status; its body is for curiosity
            body = b""
        self._keep(message.place, line, response)
        found = {name.lower(): value for name, value in response.getheaders()}
        return Answer(status=response.status, headers=found, body=body, elapsed_ms=_since(started))

    @staticmethod
    def _ask(line: Line, message: Message) -> HTTPResponse:
        line.send(message.bytes())
        return line.receive()

    def _line(self, place: Place, deadline: Deadline) -> Line:
        """A kept connection, or a new one."""
        key = (place.scheme, place.host, place.port)
        while True:
            with self._lock:
                waiting = self._idle.get(key)
                line = waiting.pop() if waiting else None
            if line is None:
                return self._open(place, deadline)
            if line.is_fresh():
                line.deadline = deadline
                return line
            line.close()

    def _open(self, place: Place, deadline: Deadline) -> Line:
        limits = self._limits
        wait = min(limits.connect_seconds, deadline.remaining())
        try:
            found = resolve_in_time(limits.resolver, place, wait)
        except TimeoutError:
            raise
        except OSError as error:
            raise _Unresolved(error.strerror or str(error)) from error
        addresses = choose(found, limits.allowed)
        return connect(place, addresses, deadline, limits.connect_seconds, limits.context)

    def _keep(self, place: Place, line: Line, response: HTTPResponse) -> None:
        is_over = response.isclosed()
        response.close()
        if not is_over or response.will_close:
            line.close()
            return
        line.used = time.monotonic()
        with self._lock:
            waiting = self._idle[place.scheme, place.host, place.port]
            if len(waiting) < MAX_IDLE:
                waiting.append(line)
                return
        line.close()


class _Unresolved(Exception):
    """The host has no address."""


def _since(started: float) -> int:
    """Milliseconds since a moment of ``time.monotonic``."""
    return int((time.monotonic() - started) * 1000)
