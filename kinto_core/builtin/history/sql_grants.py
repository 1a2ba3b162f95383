"""The grants on changed objects and on what contains them, as an entry needs them.

Apart from the permission backend, which gives those of one object at a time.
"""

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import Select, bindparam, select, union_all
from sqlalchemy.sql.elements import ClauseElement

from kinto_core.database.connection import Rows, Statement
from kinto_core.database.engine import Connection
from kinto_core.database.tables import grants
from kinto_core.objects import Grants, ObjectKey

_CHUNK: Final = 200
_COLUMNS = (
    grants.c.parent_id,
    grants.c.resource,
    grants.c.object_id,
    grants.c.permission,
    grants.c.principal,
)

Granted = dict[ObjectKey, Grants]
"""The grants on each object that has any."""


def _on(level: int) -> Select[Any]:
    return select(*_COLUMNS).where(
        grants.c.parent_id == bindparam(f"parent_id{level}"),
        grants.c.resource == bindparam(f"resource{level}"),
        grants.c.object_id == bindparam(f"id{level}"),
    )


def _statement(depth: int) -> Statement:
    def build(_: str) -> ClauseElement:
        return union_all(*(_on(level) for level in range(depth)))

    return Statement(build, is_quick=True)


_EACH: Final = {depth: _statement(depth) for depth in (1, 2, 3)}


def grants_on(
    connection: Connection, ancestors: Sequence[ObjectKey], objects: Sequence[ObjectKey]
) -> Granted:
    """The grants on some objects of one list, and on what contains them.

    One statement when it is a single object, a few when there are more.

    Args:
        connection: to the database of the grants.
        ancestors: two at most.
        objects: all with the same parent and of the same type.
    """
    found: Granted = {}
    if len(objects) <= 1:
        _gather(found, _each(connection, [*ancestors, *objects]))
        return found
    _gather(found, _each(connection, ancestors))
    for start in range(0, len(objects), _CHUNK):
        _gather(found, _some(connection, objects[start : start + _CHUNK]))
    return found


def _each(connection: Connection, keys: Sequence[ObjectKey]) -> Rows:
    if not keys:
        return []
    values = {
        f"{name}{level}": value
        for level, key in enumerate(keys)
        for name, value in key._asdict().items()
    }
    return connection.run(_EACH[len(keys)], values)


def _some(connection: Connection, keys: Sequence[ObjectKey]) -> Rows:
    return connection.execute(
        select(*_COLUMNS).where(
            grants.c.parent_id == keys[0].parent_id,
            grants.c.resource == keys[0].resource,
            grants.c.object_id.in_([key.id for key in keys]),
        )
    )


def _gather(found: Granted, rows: Rows) -> None:
    for parent_id, resource, object_id, permission, principal in rows:
        grants = found.setdefault(ObjectKey(parent_id, resource, object_id), {})
        grants.setdefault(permission, set()).add(principal)
