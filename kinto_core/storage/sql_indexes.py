"""The rows of declared indexes on SQLite and PostgreSQL: made, kept up to date, forgotten.

A row depends on its object's data alone, so the rows of an object that changes are known from its
text before: nothing is searched. How they are read is in ``sql_index_pages.py``.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import ColumnElement, Text, and_, bindparam, delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.elements import ClauseElement

from kinto_core.database.connection import Connection, Statement
from kinto_core.database.ranges import below
from kinto_core.database.tables import indexed_values, objects
from kinto_core.objects import StoredObject
from kinto_core.storage.sort_keys import object_key

Change = tuple[StoredObject | None, StoredObject]
"""An object or tombstone before, ``None`` if there was nothing, and after."""

Place = tuple[str, str]
"""A list: the URI of its parent and its resource type."""

_CHUNK: Final = 1000
"""So many objects are in memory while an index is made."""
_AT_ONCE: Final = 32
"""Up to so many rows travel with other statements; more are a statement of their own."""

_row = indexed_values.c
_object = objects.c


def is_index() -> ColumnElement[bool]:
    """The rows of an index; bind with ``parent_id``, ``resource`` and ``field``."""
    return and_(
        _row.parent_id == bindparam("parent_id"),
        _row.resource == bindparam("resource"),
        _row.field == bindparam("field"),
    )


def _add(dialect: str) -> ClauseElement:
    insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
    names = ("parent_id", "resource", "field", "value", "object_id")
    statement = insert(indexed_values).values({name: bindparam(name) for name in names})
    return statement.on_conflict_do_nothing()


_ADD = Statement(_add)
_REMOVE = Statement(
    lambda _: delete(indexed_values).where(
        is_index(), _row.value == bindparam("value"), _row.object_id == bindparam("object_id")
    )
)
_DROP = Statement(lambda _: delete(indexed_values).where(is_index()))
_IS_THERE = Statement(lambda _: select(_row.field).where(is_index()).limit(1))
_LIVE_OBJECTS = Statement(
    lambda _: (
        select(_object.id, _object.last_modified, _object.data)
        .where(
            _object.parent_id == bindparam("parent_id"),
            _object.resource == bindparam("resource"),
            _object.id > bindparam("after", type_=Text),
            _object.deleted.is_(False),
        )
        .order_by(_object.id)
        .limit(bindparam("limit"))
    )
)
DELETE_INDEXES_BELOW = Statement(lambda _: delete(indexed_values).where(below(_row.parent_id)))
DELETE_ALL_INDEXES = Statement(lambda _: delete(indexed_values))


def update(
    connection: Connection, place: Place, indexes: Sequence[str], changes: Iterable[Change]
) -> None:
    """Bring the rows of changed objects up to date; see ``Storage.index``."""
    added: list[Mapping[str, Any]] = []
    removed: list[Mapping[str, Any]] = []
    for old, new in changes:
        before, after = _keys(old, indexes), _keys(new, indexes)
        for name in indexes:
            if before.get(name) == after.get(name):
                continue
            if name in before:
                removed.append(_parameters(place, name, before[name], new.id))
            if name in after:
                added.append(_parameters(place, name, after[name], new.id))
    _run(connection, _REMOVE, removed)
    _run(connection, _ADD, added)


def _keys(stored: StoredObject | None, indexes: Sequence[str]) -> Mapping[str, bytes]:
    """The keys of a live object by the names of the indexes; tombstones have none."""
    if stored is None or stored.deleted:
        return {}
    data = stored.data
    return {name: object_key(data, name.split(",")) for name in indexes}


def _run(connection: Connection, statement: Statement, rows: Sequence[Mapping[str, Any]]) -> None:
    if len(rows) > _AT_ONCE:
        connection.run_many(statement, rows)
        return
    for row in rows:
        connection.send(statement, row)


def _parameters(place: Place, index: str, value: bytes, object_id: str) -> Mapping[str, Any]:
    return {**_named(place, index), "value": value, "object_id": object_id}


def _named(place: Place, index: str) -> dict[str, Any]:
    return {"parent_id": place[0], "resource": place[1], "field": index}


def drop(connection: Connection, place: Place, index: str) -> None:
    """Forget an index."""
    connection.send(_DROP, _named(place, index))


def build(connection: Connection, place: Place, indexes: Sequence[str]) -> None:
    """Make indexes of the objects that are there; few objects at a time are held in memory."""
    for name in indexes:
        connection.send(_ADD, _parameters(place, name, b"", ""))
    parent_id, resource = place
    parameters = {"parent_id": parent_id, "resource": resource, "after": "", "limit": _CHUNK}
    while rows := connection.run(_LIVE_OBJECTS, parameters):
        update(connection, place, indexes, [(None, StoredObject(*row)) for row in rows])
        parameters["after"] = rows[-1][0]


def is_there(connection: Connection, place: Place, index: str) -> bool:
    """Whether an index is there, which a reader may have heard of before it was dropped."""
    return bool(connection.run(_IS_THERE, _named(place, index)))
