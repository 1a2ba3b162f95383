"""What an event log promises.

**Offsets** count the events of a log from 1, without gaps, in an order in which the events of one
list of objects stand as they were committed, and an event that depends on another behind it. An
event has its offset once nothing can come before it any more.

The **epoch** names one history. It changes when that history breaks, by a flush or a restored
backup: a position of another epoch means nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple, Protocol, Self

from kinto_core.database.engine import Connection, Database
from kinto_core.errors import KintoError
from kinto_core.events.event import ResourceChanged
from kinto_core.events.wire import decode

_DIGITS = 18


class InvalidPosition(KintoError):
    """The text is not a position in an event log."""


class Position(NamedTuple):
    """A place in a log: after the event with this offset; 0 is before the first.

    ``epoch`` is a text without colons, ``offset`` a whole number.
    """

    epoch: str
    offset: int

    def __str__(self) -> str:
        """``epoch:offset``, as clients get and send it."""
        return f"{self.epoch}:{self.offset}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """The position of a text ``epoch:offset``.

        Raises:
            InvalidPosition: it is none.
        """
        epoch, colon, offset = text.partition(":")
        is_number = offset.isascii() and offset.isdigit() and len(offset) <= _DIGITS
        if not (epoch and colon and is_number):
            message = f"{text[:80]!r} is no position, expected epoch:offset"
            raise InvalidPosition(message)
        return cls(epoch, int(offset))


@dataclass(frozen=True)
class LoggedEvent:
    """One event with its place.

    Attributes:
        offset: its place in the log.
        moment: milliseconds since 1970 at which it was written, just before the commit.
        resource_name: the type of its objects.
        parent_uri: the URI of what contains them; ``""`` at the top.
        text: the event as JSON; see ``kinto_core.events.wire``.
    """

    offset: int
    moment: int
    resource_name: str
    parent_uri: str
    text: str

    @cached_property
    def event(self) -> ResourceChanged:
        """The event, decoded when first asked for.

        Raises:
            UnreadableEvent: a newer release wrote it.
        """
        return decode(self.text)


class Extent(NamedTuple):
    """What a log holds: the events with offsets above ``trimmed`` and up to ``last``.

    ``last`` is 0 for a log that never had an event, ``trimmed`` as long as nothing was dropped.
    """

    epoch: str
    trimmed: int
    last: int


class Unsequenced(NamedTuple):
    """Committed events without an offset: how many, and when the oldest was written.

    ``moment`` is in milliseconds since 1970, 0 when there is none.
    """

    number: int
    moment: int


class Waiting(NamedTuple):
    """Committed events that have no offset yet, as they were at one moment.

    Everything that waits has a number between ``first``, that of the oldest, and ``last``; both are
    0 when nothing does. Once ``first`` is 0 or above what ``last`` was before, everything that
    waited then has its offset. ``offset`` is that of the last event in the log, and ``texts`` are
    the oldest ones that wait, as JSON.
    """

    first: int
    last: int
    offset: int
    texts: tuple[str, ...]

    def events(self) -> list[ResourceChanged]:
        """The oldest ones, in the order in which they are going to stand in the log.

        Raises:
            UnreadableEvent: a newer release wrote one.
        """
        return [decode(text) for text in self.texts]


class Cursor(NamedTuple):
    """How far a consumer is.

    ``position`` is the offset of the last event that it acknowledged. After a failure, ``failures``
    counts how often it failed in a row and ``error`` says why; ``updated`` is the time of the last
    change in milliseconds since 1970.
    """

    name: str
    position: int
    failures: int
    error: str
    updated: int


class EventLog(Protocol):
    """Keeps events; see each method.

    ``connection`` is one of ``database.reading()`` to ask, of ``database.writing()`` to change.

    Attributes:
        database: where the events are: that of the objects, whose transactions they share.
    """

    database: Database

    def append(
        self, connection: Connection, events: Sequence[ResourceChanged], moment: int
    ) -> None:
        """Write events with the changes that they tell of; they get their offsets later."""
        ...

    def sequence(self, connection: Connection, *, limit: int = 500) -> int:
        """Give offsets to committed events that have none yet; gives how many.

        Called by one process at a time, the leader. On SQLite, where the order of writing is that
        of commits, events have their offsets at once and there is nothing to do.
        """
        ...

    def unsequenced(self, connection: Connection) -> Unsequenced:
        """What ``sequence`` has not done yet; more than a moment's worth when no relay leads.

        Asked as ``waiting`` is.
        """
        ...

    def waiting(self, connection: Connection, *, limit: int = 0) -> Waiting:
        """What ``sequence`` has not done yet, for who reads the objects beside the log.

        What is committed before the call has an offset up to ``Waiting.offset``, or waits. On
        SQLite nothing ever waits. May be asked at any time, by any process; who asks every now and
        then pays for what was written since the last time only, however old the oldest open
        transaction of the database is.

        Args:
            connection: one of ``reading()``, never of a transaction.
            limit: so many ``texts`` at most.
        """
        ...

    def read(
        self,
        connection: Connection,
        after: int,
        *,
        limit: int = 500,
        up_to: int | None = None,
        lists: Sequence[tuple[str, str]] | None = None,
    ) -> list[LoggedEvent]:
        """The next events in order of their offsets.

        Args:
            connection: any.
            after: the offset before the first one wanted.
            limit: at most so many.
            up_to: the offset of the last one wanted.
            lists: only those about these lists, each ``(parent URI, resource type)``.
        """
        ...

    def extent(self, connection: Connection) -> Extent:
        """What the log holds now."""
        ...

    def offset_at(self, connection: Connection, moment: int) -> int:
        """The offset of the last event written before a moment (milliseconds since 1970)."""
        ...

    def trim(self, connection: Connection, up_to: int) -> int:
        """Drop the events up to an offset; gives how many.

        Takes no regard to consumers: see ``kinto_core.eventlog.retention``.
        """
        ...

    def begin_epoch(self, connection: Connection) -> str:
        """Break with the past: positions of before mean nothing from now on; the new epoch."""
        ...

    # -- consumers --------------------------------------------------------------------------------

    def register(self, connection: Connection, name: str, *, from_start: bool, moment: int) -> None:
        """Begin a cursor, at the end of the log or at its start; one that exists stays."""
        ...

    def cursors(self, connection: Connection) -> list[Cursor]:
        """How far everybody is, by name."""
        ...

    def cursor(self, connection: Connection, name: str) -> Cursor | None:
        """How far one consumer is; ``None`` when it has no cursor."""
        ...

    def move(self, connection: Connection, name: str, *, old: int, new: int, moment: int) -> bool:
        """Move a cursor from where it is known to be; false when it is elsewhere by now."""
        ...

    def note_failure(self, connection: Connection, name: str, error: str, *, moment: int) -> None:
        """Count a failed delivery."""
        ...

    def forget(self, connection: Connection, name: str) -> bool:
        """Drop a cursor for good; false when there is none."""
        ...
