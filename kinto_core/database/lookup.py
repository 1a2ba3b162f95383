"""Everything that decides about a request, read in one statement.

Whether a caller may read a record depends on the caller's groups, the grants on the record, its
collection and its bucket, and whether these exist. When objects and grants live in one database a
single statement fetches it all; its SQL depends only on the shape of the question, so it is
compiled once for each shape.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Select, bindparam, literal_column, null, select, union_all
from sqlalchemy import cast as sql_cast
from sqlalchemy.types import BigInteger, Text

from kinto_core.database.connection import Connection, Statement
from kinto_core.database.tables import grants, members, objects, timestamps
from kinto_core.objects import ListState, ObjectKey, Snapshot, StoredObject

_OBJECT, _GRANT, _GROUP, _LIST = range(4)
_SYSTEM = ("system.Authenticated", "system.Everyone")


@dataclass(frozen=True, slots=True)
class _Shape:
    """What distinguishes one lookup's SQL from another's."""

    depth: int
    anonymous: bool
    ancestor_bodies: bool
    target_is_list: bool
    with_list: bool


def look_up(
    connection: Connection,
    keys: Sequence[ObjectKey],
    *,
    user_id: str | None,
    ancestor_bodies: bool,
    list_of: tuple[str, str] | None,
    target_is_list: bool,
) -> Snapshot:
    """Read the objects with these keys, their grants and the caller's groups.

    Args:
        connection: any.
        keys: from the top down; the last is the target unless that is a list, the others contain
            it.
        user_id: the caller; ``None`` when anonymous.
        ancestor_bodies: whether the JSON text of ancestors is wanted.
        list_of: parent URI and resource of the list whose state is wanted too.
        target_is_list: whether the request is about that list, so that all keys are ancestors.
    """
    shape = _Shape(
        len(keys), user_id is None, ancestor_bodies, target_is_list, list_of is not None
    )
    parameters: dict[str, Any] = {}
    for level, key in enumerate(keys):
        parameters[f"parent{level}"] = key.parent_id
        parameters[f"resource{level}"] = key.resource
        parameters[f"id{level}"] = key.id
    if user_id is not None:
        parameters["user_id"] = user_id
    if list_of is not None:
        parameters["list_parent"], parameters["list_resource"] = list_of
    return _snapshot(len(keys), connection.run(_statement(shape), parameters))


def _snapshot(depth: int, rows: list[tuple[Any, ...]]) -> Snapshot:
    found: list[StoredObject | None] = [None] * depth
    granted: list[dict[str, set[str]]] = [{} for _ in range(depth)]
    groups: list[str] = []
    state: ListState | None = None
    for kind, level, name, text, number, deleted in rows:
        if kind == _OBJECT:
            found[level] = StoredObject(name, number, text, bool(deleted))
        elif kind == _GRANT:
            granted[level].setdefault(name, set()).add(text)
        elif kind == _GROUP:
            groups.append(text)
        else:
            state = ListState(number, int(text))
    return Snapshot(found, granted, tuple(groups), state)


@lru_cache(maxsize=64)
def _statement(shape: _Shape) -> Statement:
    return Statement(lambda _: union_all(*_parts(shape)))


def _parts(shape: _Shape) -> list[Select[Any]]:
    parts: list[Select[Any]] = []
    for level in range(shape.depth):
        target = level == shape.depth - 1 and not shape.target_is_list
        parts.append(_object(level, body=target or shape.ancestor_bodies))
        parts.append(_grants(level, shape, everybody=target))
    if not shape.anonymous:
        parts.append(_groups())
    if shape.with_list:
        parts.append(_list())
    return parts


def _row(
    kind: int, level: int, name: Any, text: Any, number: Any, deleted: Any  # noqa: ANN401  SQL
) -> Select[Any]:
    """The common columns: kind, level, name, text, number, deleted."""
    return select(
        literal_column(str(kind)).label("kind"),
        literal_column(str(level)).label("level"),
        name.label("name"),
        text.label("text"),
        number.label("number"),
        deleted.label("deleted"),
    )


def _no(kind: Any) -> Any:  # noqa: ANN401  a SQL type, a SQL value
    return sql_cast(null(), kind)


def _object(level: int, *, body: bool) -> Select[Any]:
    text = objects.c.data if body else literal_column("''")
    return _row(
        _OBJECT, level, objects.c.id, text, objects.c.last_modified, objects.c.deleted
    ).where(
        objects.c.parent_id == bindparam(f"parent{level}"),
        objects.c.resource == bindparam(f"resource{level}"),
        objects.c.id == bindparam(f"id{level}"),
    )


def _grants(level: int, shape: _Shape, *, everybody: bool) -> Select[Any]:
    part = _row(
        _GRANT,
        level,
        grants.c.permission,
        grants.c.principal,
        _no(BigInteger),
        literal_column("false"),
    ).where(
        grants.c.parent_id == bindparam(f"parent{level}"),
        grants.c.resource == bindparam(f"resource{level}"),
        grants.c.object_id == bindparam(f"id{level}"),
    )
    return part if everybody else part.where(_mine(shape))


def _mine(shape: _Shape) -> ColumnElement[bool]:
    """Whether a grant is the caller's."""
    if shape.anonymous:
        return grants.c.principal == literal_column("'system.Everyone'")
    return grants.c.principal.in_(
        [bindparam("user_id"), *(literal_column(f"'{name}'") for name in _SYSTEM)]
    ) | grants.c.principal.in_(select(members.c.principal).where(_member()))


def _member() -> ColumnElement[bool]:
    return members.c.user_id.in_(
        [bindparam("user_id"), literal_column("'system.Authenticated'")]
    )


def _groups() -> Select[Any]:
    name = literal_column("''")
    return _row(
        _GROUP, 0, name, members.c.principal, _no(BigInteger), literal_column("false")
    ).where(_member())


def _list() -> Select[Any]:
    version = sql_cast(timestamps.c.version, Text)
    name = literal_column("''")
    return _row(
        _LIST, 0, name, version, timestamps.c.last_modified, literal_column("false")
    ).where(
        timestamps.c.parent_id == bindparam("list_parent"),
        timestamps.c.resource == bindparam("list_resource"),
    )
