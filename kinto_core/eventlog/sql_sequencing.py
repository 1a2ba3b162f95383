"""Gives events their offsets on PostgreSQL, where they wait in an inbox until they are committed.

Where to begin to look is decided in ``floor.py``.
"""

import threading
import time
from typing import Any

from sqlalchemy import BigInteger, Text, bindparam, cast, delete, func, insert, select, true
from sqlalchemy.dialects import postgresql
from sqlalchemy.sql.elements import ClauseElement
from sqlalchemy.types import UserDefinedType

from kinto_core import json
from kinto_core.database.connection import Statement
from kinto_core.database.engine import Connection
from kinto_core.database.tables import event_epoch, event_inbox, event_log
from kinto_core.eventlog.floor import FloorKeeper, Scan

_EVENT = ("moment", "resource", "parent_id", "text")


class _TransactionId(UserDefinedType[int]):
    """PostgreSQL's ``xid8``."""

    cache_ok = True

    def get_col_spec(self, **_: object) -> str:
        """Its name in SQL."""
        return "xid8"


def last_offset() -> Any:  # noqa: ANN401  a Core expression
    """The offset of the last event that the log ever had, in a query of ``event_epoch``."""
    last = select(func.max(event_log.c.position)).scalar_subquery()
    return func.coalesce(last, event_epoch.c.trimmed)


def _sequence(_: str) -> ClauseElement:
    """Move the oldest events of the inbox behind the last one of the log, in one statement.

    Gives what a ``Scan`` is made of. One statement sees one moment: a second one could see the end
    of a transaction that the first saw open, and take what follows it before what it wrote.
    """
    oldest = (
        select(event_inbox.c.id)
        .where(event_inbox.c.id > _lowest())
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
    found = select(
        func.count(moved.c.id), func.coalesce(func.max(moved.c.id), 0), last, _snapshot()
    )
    return found.add_cte(logged)


def _snapshot() -> Any:  # noqa: ANN401  a Core expression
    return cast(func.pg_current_snapshot(), Text)


def _lowest() -> Any:  # noqa: ANN401  a Core expression
    """The floor, or below it when one of the held transactions is over at this very moment."""
    held = func.json_each_text(cast(bindparam("held"), postgresql.JSON)).table_valued(
        "key", "value"
    )
    is_over = func.pg_visible_in_snapshot(
        cast(held.c.key, _TransactionId), func.pg_current_snapshot()
    )
    low = select(func.min(cast(held.c.value, BigInteger))).where(is_over).scalar_subquery()
    return func.coalesce(low, cast(bindparam("floor"), BigInteger))


_SEQUENCE = Statement(_sequence)
_BY_INDEX = Statement(lambda _: select(func.set_config("enable_seqscan", "off", true())))
"""The plan is made once, when the inbox is likely to be empty; it must fit one full of rows that
are gone and cannot be removed yet."""


class Sequencer:
    """Moves events out of the inbox, and remembers where to begin the next time."""

    def __init__(self) -> None:
        self._keeper = FloorKeeper()
        self._turn = threading.Lock()

    def take(self, connection: Connection, limit: int) -> int:
        """Move the oldest ones; gives how many."""
        with self._turn:
            floor = self._keeper.floor
            held = json.dumps({str(id_): low for id_, low in floor.held.items()})
            values = {"limit": limit, "floor": floor.number, "held": held}
            connection.send(_BY_INDEX, {})
            try:
                taken, highest, last, snapshot = connection.run(_SEQUENCE, values)[0]
            except BaseException:
                self._keeper = FloorKeeper()  # what is there next time may be anything
                raise
            in_flight = frozenset(map(int, filter(None, snapshot.rpartition(":")[2].split(","))))
            scan = Scan(taken, highest, last, taken < limit, in_flight)
            self._keeper.note(scan, time.monotonic())
        return int(taken)
