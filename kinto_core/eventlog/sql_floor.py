"""The SQL of ``floor.py``: looks into the PostgreSQL inbox from the floor on, all at one moment."""

from typing import Any

from sqlalchemy import BigInteger, Text, bindparam, cast, func, select, true
from sqlalchemy.dialects import postgresql
from sqlalchemy.types import UserDefinedType

from kinto_core import json
from kinto_core.database.connection import Statement
from kinto_core.database.tables import event_epoch, event_log
from kinto_core.eventlog.floor import Floor

BY_INDEX = Statement(lambda _: select(func.set_config("enable_seqscan", "off", true())))
"""For this transaction. A plan is made once, when the inbox is likely to be empty; it must fit one
full of rows that are gone and cannot be removed yet."""


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


def snapshot() -> Any:  # noqa: ANN401  a Core expression
    """Which transactions were over at the moment that the statement sees; see ``in_flight``."""
    return cast(func.pg_current_snapshot(), Text)


def in_flight(snapshot: str) -> frozenset[int]:
    """The ids of the transactions that were open, from ``xmin:xmax:id,id``."""
    return frozenset(map(int, filter(None, snapshot.rpartition(":")[2].split(","))))


def lowest() -> Any:  # noqa: ANN401  a Core expression
    """The floor, or below it when one of the held transactions is over at this very moment.

    Wants the parameters of ``parameters_of``.
    """
    held = func.json_each_text(cast(bindparam("held"), postgresql.JSON)).table_valued(
        "key", "value"
    )
    is_over = func.pg_visible_in_snapshot(
        cast(held.c.key, _TransactionId), func.pg_current_snapshot()
    )
    low = select(func.min(cast(held.c.value, BigInteger))).where(is_over).scalar_subquery()
    return func.coalesce(low, cast(bindparam("floor"), BigInteger))


def parameters_of(floor: Floor) -> dict[str, object]:
    """The parameters that ``lowest`` wants."""
    held = json.dumps({str(id_): low for id_, low in floor.held.items()})
    return {"floor": floor.number, "held": held}
