"""The statements about how much buckets and collections hold.

Who writes to several rows takes collections before their bucket, each in the order of URIs, so that
no two transactions wait for each other, and the row that most of them want is held the shortest.
"""

import secrets
from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import Select, bindparam, delete, exists, literal, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.elements import ClauseElement

from kinto_core.builtin.quotas.limits import Limits
from kinto_core.builtin.quotas.sql_tables import usage
from kinto_core.builtin.quotas.tally import Sums
from kinto_core.database.connection import Statement
from kinto_core.database.engine import Connection
from kinto_core.database.ranges import below, bounds
from kinto_core.database.tables import objects

_COUNTS = ("collection_count", "record_count", "storage_size")
_OWN = ("uri", *_COUNTS, "is_whole", "lot")
_MOST = 100
"""Rows that one statement writes."""

_NUMBERED = tuple(tuple(f"{name}_{number}" for name in _OWN) for number in range(_MOST))
"""The names of the parameters of each row."""


class Usage(NamedTuple):
    """How much a bucket or collection holds.

    Attributes:
        uri: its own.
        sums: what it holds.
        is_whole: whether everything in it is counted.
        lot: another one for each row, also of a bucket that is made anew.
        limits: those that it sets itself.
    """

    uri: str
    sums: Sums
    is_whole: bool
    lot: int
    limits: Limits


COLUMNS = tuple(usage.c[name] for name in (*_OWN, *Limits._fields))
"""What ``usage_of`` understands."""


def _insert(dialect: str) -> postgresql.Insert | sqlite.Insert:
    return (postgresql.insert if dialect == "postgresql" else sqlite.insert)(usage)


@cache
def _adding(count: int) -> Statement:
    """Adds to so many rows, and gives what they are then."""

    def build(dialect: str) -> ClauseElement:
        rows: list[dict[str, Any]] = [
            dict(zip(_OWN, map(bindparam, names), strict=True)) for names in _NUMBERED[:count]
        ]
        statement = _insert(dialect).values(rows)
        more = {name: usage.c[name] + statement.excluded[name] for name in _COUNTS}
        return statement.on_conflict_do_update(index_elements=["uri"], set_=more).returning(
            *COLUMNS
        )

    return Statement(build)


def _set_limits(dialect: str) -> ClauseElement:
    names = (*_OWN, *Limits._fields)
    statement = _insert(dialect).values({name: bindparam(name) for name in names})
    return statement.on_conflict_do_update(
        index_elements=["uri"], set_={name: statement.excluded[name] for name in Limits._fields}
    )


def _begin(dialect: str) -> ClauseElement:
    statement = _insert(dialect).values({name: bindparam(name) for name in _OWN})
    return statement.on_conflict_do_nothing()


def _uncounted() -> Select[Any]:
    uri = literal("/buckets/") + objects.c.id
    return (
        select(literal(1))
        .where(
            objects.c.parent_id == "",
            objects.c.resource == "bucket",
            objects.c.deleted.is_(False),
            ~exists().where(usage.c.uri == uri, usage.c.is_whole.is_(True)),
        )
        .limit(1)
    )


_SET_LIMITS = Statement(_set_limits)
_BEGIN = Statement(_begin)
_FIND = Statement(lambda _: select(*COLUMNS).where(usage.c.uri == bindparam("uri")), is_quick=True)
_TAKE = Statement(
    lambda _: delete(usage).where(usage.c.uri == bindparam("uri")).returning(*COLUMNS)
)
_REMOVE = Statement(
    lambda _: (
        delete(usage)
        .where(usage.c.uri == bindparam("uri"), usage.c.lot == bindparam("lot"))
        .returning(usage.c.uri)
    )
)
_LOTS = Statement(lambda _: select(usage.c.uri, usage.c.lot))
_FORGET = Statement(lambda _: delete(usage).where(below(usage.c.uri)))
_FORGET_ALL = Statement(lambda _: delete(usage))
_CORRECT = Statement(
    lambda _: (
        update(usage)
        .where(usage.c.uri == bindparam("wanted"), usage.c.lot == bindparam("wanted_lot"))
        .values(
            {
                **{name: usage.c[name] + bindparam(f"more_{name}") for name in _COUNTS},
                "is_whole": True,
            }
        )
        .returning(usage.c.uri)
    )
)
_UNCOUNTED = Statement(lambda _: _uncounted())


def add(connection: Connection, more: Iterable[tuple[str, Sums, bool]]) -> list[Usage]:
    """Add to what buckets and collections hold; gives what each holds then.

    Args:
        connection: in a transaction.
        more: URI, what is added, and whether that is all there is, each URI once.
    """
    rows = sorted(more, key=lambda one: (-one[0].count("/"), one[0]))
    found: list[Usage] = []
    for start in range(0, len(rows), _MOST):
        part = rows[start : start + _MOST]
        values: dict[str, str | int] = {}
        for names, (uri, sums, is_whole) in zip(_NUMBERED, part, strict=False):
            row = (uri, sums.collections, sums.records, sums.bytes, is_whole, _lot())
            values.update(zip(names, row, strict=True))
        found += map(usage_of, connection.run(_adding(len(part)), values))
    return found


def set_limits(connection: Connection, uri: str, limits: Limits, *, is_whole: bool) -> None:
    """Keep the limits that a bucket or collection sets itself."""
    row = _row(uri, Sums(), is_whole=is_whole)
    connection.run(_SET_LIMITS, {**row, **limits._asdict()})


def begin(connection: Connection, uri: str) -> None:
    """Begin to count what a bucket or collection holds, unless that is done already."""
    connection.run(_BEGIN, _row(uri, Sums(), is_whole=False))


def find(connection: Connection, uri: str) -> Usage | None:
    """What a bucket or collection holds; ``None`` when nothing of it is counted."""
    rows = connection.run(_FIND, {"uri": uri})
    return usage_of(rows[0]) if rows else None


def take(connection: Connection, uri: str) -> Usage | None:
    """Forget a collection; gives what it held."""
    rows = connection.run(_TAKE, {"uri": uri})
    return usage_of(rows[0]) if rows else None


def remove(connection: Connection, uri: str, lot: int) -> bool:
    """Forget a row; gives whether it was the one that was looked at."""
    return bool(connection.run(_REMOVE, {"uri": uri, "lot": lot}))


def lots_of_buckets(connection: Connection) -> dict[str, int]:
    """Which row there is for each bucket, by its URI."""
    rows = connection.run(_LOTS, {})
    return {str(uri): int(lot) for uri, lot in rows if uri.count("/") == _SLASHES_OF_BUCKET}


_SLASHES_OF_BUCKET = 2


def forget_below(connection: Connection, uri: str) -> None:
    """Forget a bucket and what is in it."""
    connection.send(_FORGET, bounds(uri))


def forget_all(connection: Connection) -> None:
    """Forget everything."""
    connection.send(_FORGET_ALL, {})


def correct(connection: Connection, uri: str, lot: int, more: Sums) -> bool:
    """Add what was not counted yet; gives whether the row is the one that was looked at."""
    values = {"wanted": uri, "wanted_lot": lot}
    counts = zip(_COUNTS, _numbers(more), strict=True)
    values |= {f"more_{name}": value for name, value in counts}
    return bool(connection.run(_CORRECT, values))


def has_uncounted(connection: Connection) -> bool:
    """Whether there is a bucket whose content is not counted."""
    return bool(connection.run(_UNCOUNTED, {}))


def _row(uri: str, sums: Sums, *, is_whole: bool) -> dict[str, str | int | bool]:
    counts = dict(zip(_COUNTS, _numbers(sums), strict=True))
    return {"uri": uri, **counts, "is_whole": is_whole, "lot": _lot()}


def _lot() -> int:
    return secrets.randbits(62)


def _numbers(sums: Sums) -> tuple[int, int, int]:
    return sums.collections, sums.records, sums.bytes


def usage_of(row: Sequence[Any]) -> Usage:
    """A row of ``COLUMNS``; SQLite gives 0 and 1 for flags."""
    uri, collections, records, size, is_whole, lot, *limits = row
    return Usage(uri, Sums(collections, records, size), bool(is_whole), lot, Limits(*limits))
