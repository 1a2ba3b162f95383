"""Who has which values in a unique index: looked up in the rows that the index has anyway.

Rows are compared by their keys. Only where a key was cut are the objects themselves read, a few at
a time. What a claim is, is in ``sort_keys.py``; the rows are made in ``sql_indexes.py``.
"""

import hashlib
from collections.abc import Iterator, Sequence
from typing import Any, Final

from sqlalchemy import Select, Text, bindparam, func, select

from kinto_core.database.connection import Connection, Statement
from kinto_core.database.tables import indexed_values, objects
from kinto_core.objects import StoredObject
from kinto_core.storage.sort_keys import claim, cut, is_whole
from kinto_core.storage.sql_index_pages import joined
from kinto_core.storage.sql_indexes import Change, Place, is_index

_CHUNK: Final = 200
"""So many objects or keys are in memory at once."""

_row = indexed_values.c
_object = objects.c

_OTHER = Statement(
    lambda _: (
        select(_row.object_id)
        .where(
            is_index(), _row.value == bindparam("value"), _row.object_id != bindparam("object_id")
        )
        .limit(1)
    )
)
_OBJECTS_WITH = Statement(
    lambda _: (
        select(_object.id, _object.last_modified, _object.data)
        .select_from(joined())
        .where(
            is_index(),
            _row.value == bindparam("value"),
            _row.object_id > bindparam("after", type_=Text),
        )
        .order_by(_row.object_id)
        .limit(bindparam("limit"))
    )
)


def _shared_keys(_: str) -> Select[Any]:
    """Keys of more than one object, in order, with the first and last of these objects' ids."""
    key = (_row.parent_id, _row.resource, _row.value)
    ids = (func.min(_row.object_id).label("object_id"), func.max(_row.object_id).label("last"))
    groups = (
        select(*key, *ids)
        .where(is_index(), _row.value > bindparam("after"))
        .group_by(*key)
        .having(func.count() > 1)
        .order_by(_row.value)
        .limit(bindparam("limit"))
        .subquery()
    )
    return (
        select(groups.c.value, groups.c.object_id, groups.c.last, _object.data)
        .select_from(joined(groups))
        .order_by(groups.c.value)
    )


_SHARED_KEYS = Statement(_shared_keys)


def rival(
    connection: Connection, place: Place, indexes: Sequence[str], change: Change
) -> tuple[str, str] | None:
    """Whom a change would take its values from; see ``Storage.rival``."""
    old, new = change
    before = old.data if old is not None and not old.deleted else {}
    after = new.data
    for name in indexes:
        fields = name.split(",")
        wanted = claim(after, fields)
        if wanted is None or wanted == claim(before, fields):
            continue
        holder = _holder(connection, place, name, wanted, new.id)
        if holder is not None:
            return name, holder
    return None


def _holder(
    connection: Connection, place: Place, index: str, wanted: bytes, object_id: str
) -> str | None:
    """The id of another object with this claim."""
    if is_whole(wanted):
        parameters = {**_named(place, index), "value": wanted, "object_id": object_id}
        rows = connection.run(_OTHER, parameters)
        return str(rows[0][0]) if rows else None
    fields = index.split(",")
    for item in _objects_with(connection, place, index, cut(wanted)):
        if item.id != object_id and claim(item.data, fields) == wanted:
            return item.id
    return None


def twins(connection: Connection, place: Place, index: str) -> tuple[str, str] | None:
    """Two objects with one claim; see ``Storage.twins``."""
    fields = index.split(",")
    parameters = {**_named(place, index), "after": b"", "limit": _CHUNK}
    while rows := connection.run(_SHARED_KEYS, parameters):
        for key, first, last, text in rows:
            if not is_whole(bytes(key)):
                found = _equal_among(_objects_with(connection, place, index, bytes(key)), fields)
                if found is not None:
                    return found
            elif claim(StoredObject(first, 0, text).data, fields) is not None:
                return first, last
        parameters["after"] = bytes(rows[-1][0])
    return None


def _equal_among(items: Iterator[StoredObject], fields: Sequence[str]) -> tuple[str, str] | None:
    """The first two objects with one claim; of each only a digest is kept."""
    seen: dict[bytes, str] = {}
    for item in items:
        wanted = claim(item.data, fields)
        if wanted is not None:
            holder = seen.setdefault(hashlib.sha256(wanted).digest(), item.id)
            if holder != item.id:
                return holder, item.id
    return None


def _objects_with(
    connection: Connection, place: Place, index: str, key: bytes
) -> Iterator[StoredObject]:
    """The objects that have a key in an index, by their ids."""
    parameters = {**_named(place, index), "value": key, "after": "", "limit": _CHUNK}
    while rows := connection.run(_OBJECTS_WITH, parameters):
        yield from (StoredObject(*row) for row in rows)
        parameters["after"] = rows[-1][0]


def _named(place: Place, index: str) -> dict[str, Any]:
    return {"parent_id": place[0], "resource": place[1], "field": index}
