"""Several readers, one round trip.

Threads of one process that read by key at the same time would each wake a server process of
PostgreSQL and be woken by it, which costs both sides more than the reading itself. Here who comes
first takes with it all who came while the last trip was under way, and waits a moment for as many
as came lately: one connection, one message each way, one server process that stays warm. Each
statement is sent after it was asked for and sees what was committed when it runs.
"""

import threading
import time
from collections.abc import Callable
from typing import Protocol

from kinto_core.database.connection import Command, Rows
from kinto_core.errors import ConnectionLost

SLOW_SECONDS = 0.002
"""When trips take longer, waiting for one costs more than it saves."""

WEIGHT = 0.1
"""How much the last trip counts in what trips take; one that was held up means nothing."""

BOARDING_SECONDS = 0.0005
"""So long a trip waits at most for those who are probably on their way; who is alone never does."""

STALLED_SECONDS = 1.0
"""Who waited so long goes alone: the connection may be dead without anybody having noticed."""


class Carrier(Protocol):
    """A connection that carries statements that do not belong together."""

    def run_apart(self, commands: list[Command]) -> list[Rows | Exception]:
        """The rows of each, or why it failed; in one round trip unless one fails."""
        ...

    def close(self) -> None:
        """Give it back."""
        ...

    def invalidate(self) -> None:
        """Throw it away, for it is broken."""
        ...


class _Ticket:
    """One statement, and what became of it."""

    __slots__ = ("answer", "command", "leads", "woken")

    def __init__(self, command: Command) -> None:
        self.command = command
        self.answer: Rows | Exception | None = None
        self.leads = False
        self.woken = threading.Lock()
        self.woken.acquire()


class SharedReads:
    """Runs the quick statements of all threads on one connection.

    Args:
        connect: opens that connection.
    """

    def __init__(self, connect: Callable[[], Carrier]) -> None:
        self._connect = connect
        self._carrier: Carrier | None = None
        self._lock = threading.Lock()
        self._waiting: list[_Ticket] = []
        self._is_travelling = False
        self._pace = 0.0
        self._usual = 1
        self._boarding: _Ticket | None = None

    def run(self, command: Command) -> Rows | None:
        """The rows of a statement; ``None`` when the caller does better to run it itself.

        Raises:
            ConnectionLost: of everyone on the same trip.
            BackendError: of this statement alone.
        """
        ticket = _Ticket(command)
        alone = False
        with self._lock:
            if not self._is_travelling:
                self._is_travelling = ticket.leads = True
                alone = self._usual == 1
            elif self._pace > SLOW_SECONDS:
                return None
            else:
                self._waiting.append(ticket)
                self._set_off_if_complete()
        if not ticket.leads and not self._wait(ticket):
            return None
        if ticket.leads:
            self._lead(ticket, alone=alone)
        if isinstance(ticket.answer, Exception):
            raise ticket.answer
        return ticket.answer

    def close(self) -> None:
        """Close the connection."""
        with self._lock:
            carrier, self._carrier = self._carrier, None
        if carrier is not None:
            carrier.close()

    def _wait(self, ticket: _Ticket) -> bool:
        """Until there is an answer, or it is this one's turn to lead; ``False`` to go alone."""
        if ticket.woken.acquire(timeout=STALLED_SECONDS):
            return True
        with self._lock:
            if ticket in self._waiting:
                self._waiting.remove(ticket)
                return False
            return ticket.leads or ticket.answer is not None

    def _lead(self, ticket: _Ticket, *, alone: bool) -> None:
        """Take everybody along, then hand over to one of those who came meanwhile."""
        others = [] if alone else self._board(ticket)
        began = time.perf_counter()
        try:
            self._travel([ticket, *others])
        finally:
            with self._lock:
                self._pace += WEIGHT * (time.perf_counter() - began - self._pace)
                self._usual = max(self._usual - 1, 1 + len(others) + len(self._waiting))
                following = self._waiting.pop(0) if self._waiting else None
                if following is not None:
                    following.leads = True
                else:
                    self._is_travelling = False
            if following is not None:
                following.woken.release()
            for other in others:
                other.woken.release()

    def _board(self, ticket: _Ticket) -> list[_Ticket]:
        """Wait a moment for as many as lately wanted to travel at about the same time."""
        with self._lock:
            if len(self._waiting) + 1 >= self._usual:
                return self._take_along()
            self._boarding = ticket
        ticket.woken.acquire(timeout=BOARDING_SECONDS)
        with self._lock:
            self._boarding = None
            return self._take_along()

    def _take_along(self) -> list[_Ticket]:
        """Everybody who waits; the lock is held."""
        others, self._waiting = self._waiting, []
        return others

    def _set_off_if_complete(self) -> None:
        """Wake who waits for others to board, when nobody else is likely to come."""
        if self._boarding is not None and len(self._waiting) + 1 >= self._usual:
            self._boarding.woken.release()
            self._boarding = None

    def _travel(self, tickets: list[_Ticket]) -> None:
        """Give each its answer."""
        for ticket in tickets:  # unless there comes a better one
            ticket.answer = ConnectionLost("the database cannot be used now")
        try:
            if self._carrier is None:
                self._carrier = self._connect()
            answers = self._carrier.run_apart([ticket.command for ticket in tickets])
        except Exception as error:  # noqa: BLE001  told to everyone who waits
            answers = [error for _ in tickets]
        for ticket, answer in zip(tickets, answers, strict=True):
            ticket.answer = answer
        if any(isinstance(answer, ConnectionLost) for answer in answers):
            broken, self._carrier = self._carrier, None
            if broken is not None:
                broken.invalidate()
