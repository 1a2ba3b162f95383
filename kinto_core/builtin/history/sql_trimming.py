"""Which entries are too many, and their removal in bounded steps.

Nothing else remembers an entry: with its row it is gone, without a tombstone, on every database.

Source: built-in plugins B-148, B-149.
"""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from sqlalchemy import ColumnElement, delete, func, select

from kinto_core.builtin.history.settings import Limit
from kinto_core.builtin.history.sql_tables import bucket_and_type, entries, is_about_container
from kinto_core.builtin.history.sql_writing import forget_before
from kinto_core.database.engine import Connection, Database

STEP: Final = 500
"""The most entries that one transaction removes."""

KINDS: Final = ("record", "collection", "group", "bucket")


class Counted(NamedTuple):
    """What is counted together.

    Attributes:
        bucket: its id.
        resource: the type of the objects.
        user: whose entries; ``""``: everybody's.
    """

    bucket: str
    resource: str
    user: str = ""


class Surplus(NamedTuple):
    """Entries that are too many: those of what is counted that are older than a time."""

    counted: Counted
    oldest: int


def _among(counted: Counted) -> list[ColumnElement[bool]]:
    if counted.resource == "record":
        conditions = [
            entries.c.bucket == counted.bucket,
            entries.c.resource == counted.resource,
            entries.c.deleted.is_(False),
        ]
    else:
        conditions = [
            bucket_and_type == f"{counted.bucket}/{counted.resource}",
            is_about_container,
        ]
    return [*conditions, entries.c.user_id == counted.user] if counted.user else conditions


def oldest_of(connection: Connection, counted: Counted, newest: int) -> int | None:
    """The time of the last of the newest entries, when there are more than so many of them."""
    statement = (
        select(entries.c.last_modified)
        .where(*_among(counted))
        .order_by(entries.c.last_modified.desc())
        .limit(2)
        .offset(newest - 1)
    )
    rows = connection.execute(statement)
    return int(rows[0][0]) if len(rows) > 1 else None


def surplus(connection: Connection, bucket: str, limit: Limit) -> list[Surplus]:
    """What a bucket has too much of and what is not yet removed. Source: B-148."""
    found = []
    for resource in KINDS:
        for user in limit.users or ("",):
            counted = Counted(bucket, resource, user)
            oldest = oldest_of(connection, counted, limit.most)
            if oldest is not None:
                found.append(Surplus(counted, oldest))
    return found


def trim(database: Database, counted: Counted, limit: Limit) -> int:
    """Remove all but the newest entries if there are too many; gives how many were removed."""
    with database.reading() as connection:
        if oldest_of(connection, counted, limit.most) is None:
            return 0
        oldest = oldest_of(connection, counted, limit.keep)
    if oldest is None:
        return 0
    return remove(database, [*_among(counted), entries.c.last_modified < oldest])


def remove_before(database: Database, moment: int) -> int:
    """Remove entries, and tombstones of entries, from before a moment; gives how many."""
    return remove(database, [entries.c.last_modified < moment])


def remove(database: Database, conditions: Sequence[ColumnElement[bool]]) -> int:
    """Remove rows, a bounded number in each transaction; gives how many."""
    total = 0
    while True:
        with database.writing() as connection:
            found = connection.execute(
                select(entries.c.bucket, entries.c.last_modified, entries.c.moment)
                .where(*conditions)
                .order_by(entries.c.bucket, entries.c.last_modified)
                .limit(STEP)
            )
            _delete(connection, found)
        total += len(found)
        if len(found) < STEP:
            return total


def _delete(connection: Connection, rows: Sequence[tuple[Any, ...]]) -> None:
    """Delete entries and note that there are gaps now."""
    times: dict[str, list[int]] = {}
    latest: dict[str, int] = {}
    for bucket, last_modified, moment in rows:
        times.setdefault(bucket, []).append(last_modified)
        latest[bucket] = max(latest.get(bucket, 0), moment)
    for bucket, some in times.items():
        connection.execute(
            delete(entries).where(entries.c.bucket == bucket, entries.c.last_modified.in_(some))
        )
        forget_before(connection, bucket, latest[bucket])


def counted_in(connection: Connection, limit: Limit) -> list[Counted]:
    """Everything that has too many entries."""
    columns = [entries.c.bucket, entries.c.resource]
    conditions = [entries.c.deleted.is_(False), entries.c.bucket != ""]
    if limit.users:
        columns.append(entries.c.user_id)
        conditions.append(entries.c.user_id.in_(limit.users))
    statement = select(*columns).where(*conditions).group_by(*columns)
    rows = connection.execute(statement.having(func.count() > limit.most))
    return [Counted(*row) for row in rows]
