"""The records of a collection as they were at a moment.

What did not change since is among the records of today. Of what did, the last entry at or before
the moment tells. Both are one list, newest first, read page by page.

Source: built-in plugins B-150, B-153.
"""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from sqlalchemy import CompoundSelect, Select, func, literal_column, select, tuple_, union_all

from kinto_core import json
from kinto_core.builtin.history.sql_tables import entries
from kinto_core.database.engine import Connection
from kinto_core.database.tables import objects
from kinto_core.objects import ObjectKey, StoredObject

_RECORD: Final = "record"
_NOW: Final = "now"
_ENTRY: Final = "entry"


class Past(NamedTuple):
    """A collection at a moment.

    Attributes:
        collection: its URI.
        moment: in milliseconds.
        floor: what was before this moment was deleted with an earlier collection of the name.
    """

    collection: str
    moment: int
    floor: int = -1


def floor_of(connection: Connection, collection: ObjectKey, moment: int) -> int:
    """When a collection of this name was last deleted, at or before a moment; -1: never."""
    statement = select(func.max(entries.c.moment)).where(
        entries.c.container == collection.parent_id,
        entries.c.resource == collection.resource,
        entries.c.object_id == collection.id,
        entries.c.moment <= moment,
        entries.c.action == "delete",
    )
    [(found,)] = connection.execute(statement)
    return -1 if found is None else int(found)


def page(
    connection: Connection, past: Past, *, after: Mapping[str, Any] | None, limit: int | None
) -> list[StoredObject]:
    """The records, newest first.

    Args:
        connection: to read from.
        past: which collection, and when.
        after: ``last_modified`` and ``id`` of the last record of the page before.
        limit: the most to give; ``None``: all.
    """
    both = _records(past).subquery("past")
    statement = select(both).order_by(both.c.last_modified.desc(), both.c.id.desc())
    if after is not None:
        place = (after["last_modified"], after["id"])
        statement = statement.where(tuple_(both.c.last_modified, both.c.id) < place)
    rows = connection.execute(statement.limit(limit))
    return [_record(*row) for row in rows]


def _record(record_id: str, last_modified: int, text: str, source: str) -> StoredObject:
    if source == _ENTRY:
        text = json.dumps(json.parse(text)["target"]["data"])
    return StoredObject(record_id, last_modified, text)


def _records(past: Past) -> CompoundSelect[Any]:
    today = select(
        objects.c.id,
        objects.c.last_modified,
        objects.c.data,
        literal_column(f"'{_NOW}'").label("source"),
    ).where(*_of_today(past), objects.c.last_modified <= past.moment, objects.c.deleted.is_(False))
    last = _ranked(past).subquery("last")
    then = select(
        last.c.object_id, last.c.moment, last.c.data, literal_column(f"'{_ENTRY}'")
    ).where(last.c.age == 1, last.c.action != "delete")
    return union_all(today, then)


def _of_today(past: Past) -> list[Any]:
    return [objects.c.parent_id == past.collection, objects.c.resource == _RECORD]


def _entries_of(past: Past) -> list[Any]:
    return [
        entries.c.container == past.collection,
        entries.c.resource == _RECORD,
        entries.c.moment > past.floor,
    ]


def _ranked(past: Past) -> Select[Any]:
    """The entries up to the moment about records that changed later, the last one first."""
    unchanged = select(objects.c.id).where(
        *_of_today(past),
        objects.c.id == entries.c.object_id,
        objects.c.last_modified <= past.moment,
    )
    age = func.row_number().over(
        partition_by=entries.c.object_id,
        order_by=(entries.c.moment.desc(), entries.c.last_modified.desc()),
    )
    return select(
        entries.c.object_id, entries.c.moment, entries.c.data, entries.c.action, age.label("age")
    ).where(*_entries_of(past), entries.c.moment <= past.moment, ~unchanged.exists())


def has_gaps(connection: Connection, past: Past) -> bool:
    """Whether history does not tell what some record was at the moment.

    A record that changed since is known when there is an entry from before, or when its first entry
    is its creation.
    """
    about = [*_entries_of(past), entries.c.object_id == objects.c.id]
    first = select(entries.c.action).where(*about).order_by(entries.c.moment).limit(1)
    before = select(entries.c.action).where(*about, entries.c.moment <= past.moment)
    untold = select(objects.c.id).where(
        *_of_today(past),
        objects.c.last_modified > past.moment,
        ~before.exists(),
        func.coalesce(first.scalar_subquery(), "") != "create",
    )
    return bool(connection.execute(untold.limit(1)))
