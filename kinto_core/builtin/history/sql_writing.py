"""Statements that write history: every change of a user costs those of ``stamp`` and ``add``."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, and_, bindparam, delete, func, insert, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.elements import ClauseElement

from kinto_core.builtin.history.entries import Entry
from kinto_core.builtin.history.sql_tables import entries, lists
from kinto_core.database.connection import Statement
from kinto_core.database.engine import Connection
from kinto_core.database.ranges import below, bounds
from kinto_core.objects import ObjectKey


def _later(dialect: str, one: Any, other: Any) -> ColumnElement[Any]:  # noqa: ANN401  SQL
    larger = func.greatest if dialect == "postgresql" else func.max
    return larger(one, other)


def _stamp(dialect: str) -> ClauseElement:
    make = postgresql.insert if dialect == "postgresql" else sqlite.insert
    statement = make(lists).values(
        bucket=bindparam("bucket"),
        last_modified=bindparam("latest"),
        forgotten=bindparam("forgotten"),
    )
    return statement.on_conflict_do_update(
        index_elements=["bucket"],
        set_={
            "last_modified": _later(
                dialect, statement.excluded.last_modified, lists.c.last_modified + bindparam("size")
            )
        },
    ).returning(lists.c.last_modified)


STAMP = Statement(_stamp)
ADD = Statement(lambda _: insert(entries).values({n: bindparam(n) for n in Entry._fields}))
LIST = Statement(
    lambda _: select(lists.c.last_modified, lists.c.forgotten).where(
        lists.c.bucket == bindparam("bucket")
    ),
    is_quick=True,
)
CLEAR = Statement(lambda _: delete(entries).where(entries.c.bucket == bindparam("bucket")))
BEGIN_ANEW = Statement(
    lambda _: update(lists).where(lists.c.bucket == bindparam("bucket")).values(forgotten=0)
)
FORGET = Statement(
    lambda dialect: (
        update(lists)
        .where(lists.c.bucket == bindparam("name"))
        .values(forgotten=_later(dialect, lists.c.forgotten, bindparam("moment")))
    )
)
REPLACE = Statement(
    lambda _: (
        update(entries)
        .where(
            entries.c.bucket == bindparam("in_bucket"), entries.c.last_modified == bindparam("at")
        )
        .values({name: bindparam(name) for name in Entry._fields[1:]})
    )
)
FLUSH = (Statement(lambda _: delete(entries)), Statement(lambda _: delete(lists)))


def _of_object() -> list[ColumnElement[bool]]:
    return [
        entries.c.container == bindparam("container"),
        entries.c.resource == bindparam("resource"),
        entries.c.object_id == bindparam("object_id"),
    ]


CLEAR_OBJECT = Statement(
    lambda _: delete(entries).where(or_(and_(*_of_object()), below(entries.c.container)))
)


def stamp(connection: Connection, bucket: str, size: int, now: int, forgotten: int = 0) -> int:
    """Make room for entries in a bucket's history; gives the ``last_modified`` of the first.

    The others follow, one millisecond each. Holds the bucket's history until the commit.

    Args:
        connection: of the transaction.
        bucket: its id.
        size: how many entries.
        now: in milliseconds.
        forgotten: if this is the bucket's first entry: what was before this moment is not known.
    """
    values = {"bucket": bucket, "size": size, "latest": now + size - 1, "forgotten": forgotten}
    [(latest,)] = connection.run(STAMP, values)
    return int(latest) - size + 1


def add(connection: Connection, new: Sequence[Entry]) -> None:
    """Write entries."""
    if len(new) == 1:
        connection.send(ADD, new[0]._asdict())
    else:
        connection.run_many(ADD, [one._asdict() for one in new])


def replace(connection: Connection, changes: Sequence[tuple[Entry, Entry]]) -> None:
    """Write entries over others of the same bucket: pairs of what is there and what is to be."""
    rows = [
        {**new._asdict(), "in_bucket": old.bucket, "at": old.last_modified} for old, new in changes
    ]
    connection.run_many(REPLACE, rows)


def list_state(connection: Connection, bucket: str) -> tuple[int, int] | None:
    """The timestamp of a bucket's history, and the moment before which it may have gaps."""
    rows = connection.run(LIST, {"bucket": bucket})
    return (int(rows[0][0]), int(rows[0][1])) if rows else None


def forget_before(connection: Connection, bucket: str, moment: int) -> None:
    """Note that entries up to a moment are gone."""
    connection.send(FORGET, {"name": bucket, "moment": moment})


def clear_bucket(connection: Connection, bucket: str) -> None:
    """Forget the history of a bucket that is being deleted. Source: B-133."""
    connection.send(CLEAR, {"bucket": bucket})
    connection.send(BEGIN_ANEW, {"bucket": bucket})


def clear_object(connection: Connection, key: ObjectKey) -> None:
    """Forget the history of an object and of everything inside it, in whatever log it is."""
    values: Mapping[str, Any] = {
        "container": key.parent_id,
        "resource": key.resource,
        "object_id": key.id,
        **bounds(key.uri),
    }
    connection.send(CLEAR_OBJECT, values)


def flush(connection: Connection) -> None:
    """Forget everything."""
    for statement in FLUSH:
        connection.send(statement, {})
