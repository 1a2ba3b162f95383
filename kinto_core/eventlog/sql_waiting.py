"""Looks at the events in the PostgreSQL inbox without taking them.

Any process may look at any time, and each remembers for itself where to begin. Who looks sees most
of the time nothing, so it is the sequence that tells which numbers were given out.
"""

import threading
import time
from typing import Any, NamedTuple

from sqlalchemy import Text, bindparam, case, cast, func, select, true
from sqlalchemy.dialects import postgresql
from sqlalchemy.sql.elements import ClauseElement

from kinto_core.database.connection import Rows, Statement
from kinto_core.database.engine import Connection
from kinto_core.database.tables import event_epoch, event_inbox
from kinto_core.eventlog.floor import FloorKeeper, Scan
from kinto_core.eventlog.interface import Waiting
from kinto_core.eventlog.sql_floor import (
    BY_INDEX,
    in_flight,
    last_offset,
    lowest,
    parameters_of,
    snapshot,
)


def _given() -> Any:  # noqa: ANN401  a Core expression
    """A number that is not below that of any row; the youngest row's where it may not be asked."""
    sequence = func.pg_get_serial_sequence(cast("event_inbox", Text), cast("id", Text))
    may_ask = func.has_sequence_privilege(sequence, cast("SELECT, USAGE", Text))
    told = func.pg_sequence_last_value(cast(sequence, postgresql.REGCLASS))
    youngest = select(func.max(event_inbox.c.id)).where(event_inbox.c.id > lowest())
    return func.coalesce(case((may_ask, told)), youngest.scalar_subquery(), 0)


def _look(_: str) -> ClauseElement:
    """The oldest rows, each with what is true of the whole; one row without an id for none."""
    whole = select(
        event_epoch.c.epoch,
        _given().label("given"),
        last_offset().label("last"),
        snapshot().label("snapshot"),
    ).subquery("whole")
    oldest = (
        select(event_inbox.c.id, event_inbox.c.text)
        .where(event_inbox.c.id > lowest())
        .order_by(event_inbox.c.id)
        .limit(bindparam("limit"))
        .subquery("oldest")
    )
    both = whole.outerjoin(oldest, true())
    return select(*whole.c, oldest.c.id, oldest.c.text).select_from(both).order_by(oldest.c.id)


_LOOK = Statement(_look)


class _Known(NamedTuple):
    """What only grows in one history."""

    epoch: str = ""
    given: int = 0
    last: int = 0

    def is_before(self, other: "_Known") -> bool:
        """Whether the other may be later in the same history."""
        return self.epoch == other.epoch and self.given <= other.given and self.last <= other.last


class Lookout:
    """Looks into the inbox, and remembers where to begin the next time."""

    def __init__(self) -> None:
        self._keeper = FloorKeeper()
        self._known = _Known()
        self._turn = threading.Lock()  # what is learned must be learned in the order of moments

    def look(self, connection: Connection, limit: int) -> Waiting:
        """The events that wait; see ``EventLog.waiting``."""
        with self._turn:
            rows = self._rows(connection, limit)
            known = _Known(*rows[0][:3])
            if not self._known.is_before(known):  # another database, or that of an earlier day
                self._keeper = FloorKeeper()
                rows = self._rows(connection, limit)
                known = _Known(*rows[0][:3])
            self._known = known
            first = rows[0][4] or 0
            self._keeper.note(_scan(known, rows[0][3], first), time.monotonic())
        if not first:
            return Waiting(0, 0, known.last, ())
        return Waiting(first, known.given, known.last, tuple(row[5] for row in rows[:limit]))

    def _rows(self, connection: Connection, limit: int) -> Rows:
        """What ``_look`` gives: epoch, number given, last offset, snapshot, id, text."""
        connection.begin()
        try:
            connection.send(BY_INDEX, {})
            floor = parameters_of(self._keeper.floor)
            rows = connection.run(_LOOK, {"limit": max(limit, 1), **floor})
        finally:
            connection.roll_back()
        return rows


def _scan(known: _Known, snapshot: str, first: int) -> Scan:
    """What a look came to: nothing that could be seen was left before the first row."""
    return Scan(
        taken=0,
        highest=max(first - 1, 0),
        last=known.last,
        is_complete=not first,
        in_flight=in_flight(snapshot),
        given=known.given,
    )
