"""Gives events their offsets on PostgreSQL, where they wait in an inbox until they are committed.

Where to begin to look is decided in ``floor.py``.
"""

import threading
import time

from sqlalchemy import bindparam, delete, func, insert, select
from sqlalchemy.sql.elements import ClauseElement

from kinto_core.database.connection import Statement
from kinto_core.database.engine import Connection
from kinto_core.database.tables import event_epoch, event_inbox, event_log
from kinto_core.eventlog.floor import FloorKeeper, Scan
from kinto_core.eventlog.sql_floor import (
    BY_INDEX,
    in_flight,
    last_offset,
    lowest,
    parameters_of,
    snapshot,
)

_EVENT = ("moment", "resource", "parent_id", "text")


def _sequence(_: str) -> ClauseElement:
    """Move the oldest events of the inbox behind the last one of the log, in one statement.

    Gives what a ``Scan`` is made of. One statement sees one moment: a second one could see the end
    of a transaction that the first saw open, and take what follows it before what it wrote.
    """
    oldest = (
        select(event_inbox.c.id)
        .where(event_inbox.c.id > lowest())
        .order_by(event_inbox.c.id)
        .limit(bindparam("limit"))
    )
    moved = (
        delete(event_inbox)
        .where(event_inbox.c.id.in_(oldest))
        .returning(event_inbox.c.id, *(event_inbox.c[name] for name in _EVENT))
        .cte("moved")
    )
    place = func.row_number().over(order_by=moved.c.id)
    last = select(last_offset()).select_from(event_epoch).scalar_subquery()
    numbered = select(last + place, *(moved.c[name] for name in _EVENT)).order_by(moved.c.id)
    into = insert(event_log).from_select(["position", *_EVENT], numbered)
    logged = into.returning(event_log.c.position).cte("logged")
    found = select(func.count(moved.c.id), func.coalesce(func.max(moved.c.id), 0), last, snapshot())
    return found.add_cte(logged)


_SEQUENCE = Statement(_sequence)


class Sequencer:
    """Moves events out of the inbox, and remembers where to begin the next time."""

    def __init__(self) -> None:
        self._keeper = FloorKeeper()
        self._turn = threading.Lock()

    def take(self, connection: Connection, limit: int) -> int:
        """Move the oldest ones; gives how many."""
        with self._turn:
            values = {"limit": limit, **parameters_of(self._keeper.floor)}
            connection.send(BY_INDEX, {})
            try:
                taken, highest, last, seen = connection.run(_SEQUENCE, values)[0]
            except BaseException:
                self._keeper = FloorKeeper()  # what is there next time may be anything
                raise
            scan = Scan(taken, highest, last, taken < limit, in_flight(seen))
            self._keeper.note(scan, time.monotonic())
        return int(taken)
