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

from sqlalchemy import (
    CTE,
    BigInteger,
    ColumnClause,
    ColumnElement,
    Integer,
    Select,
    Table,
    Text,
    UnaryExpression,
    bindparam,
    case,
    column,
    literal_column,
    null,
    select,
    true,
    union_all,
    values,
)
from sqlalchemy import cast as sql_cast
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler

from kinto_core.database.connection import Connection, Statement
from kinto_core.database.tables import grants, members, objects, timestamps
from kinto_core.objects import ListState, ObjectKey, Snapshot, StoredObject

_OBJECT, _GRANT, _GROUP, _LIST = range(4)
_KEY = ("parent_id", "resource", "id")
_SYSTEM = ("system.Authenticated", "system.Everyone")


@dataclass(frozen=True, slots=True)
class _Shape:
    """What distinguishes one lookup's SQL from another's."""

    depth: int
    anonymous: bool
    ancestor_bodies: bool
    target_is_list: bool
    with_list: bool
    all_grants: bool


def look_up(  # noqa: PLR0913  the question has these parts
    connection: Connection,
    keys: Sequence[ObjectKey],
    *,
    user_id: str | None,
    ancestor_bodies: bool,
    list_of: tuple[str, str] | None,
    target_is_list: bool,
    all_grants: bool = False,
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
        all_grants: whether the grants of others on ancestors are wanted too, for a caller who is
            more than a user and its groups.
    """
    shape = _Shape(
        len(keys), user_id is None, ancestor_bodies, target_is_list, list_of is not None, all_grants
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
            found[level] = StoredObject(name, number, text, deleted)
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
    if shape.depth:
        keys = _keys(shape.depth)
        parts += [_objects(shape, keys), _grants(shape, keys)]
    if not shape.anonymous:
        parts.append(_groups())
    if shape.with_list:
        parts.append(_list())
    return parts


def _keys(depth: int) -> CTE:
    """The wanted keys as rows, so that one scan of each table serves all levels."""
    columns: list[ColumnClause[Any]] = [column("level", Integer)]
    columns += [column(name, Text) for name in _KEY]
    rows = [
        (
            literal_column(str(level)),
            *(bindparam(f"{name}{level}", type_=Text) for name in ("parent", "resource", "id")),
        )
        for level in range(depth)
    ]
    return values(*columns, name="wanted").data(rows).cte("keys")


def _row(kind: int, *columns: ColumnElement[Any]) -> Select[Any]:
    """The common columns: kind, level, name, text, number, deleted."""
    names = ("level", "name", "text", "number", "deleted")
    labelled = (item.label(name) for item, name in zip(columns, names, strict=True))
    return select(literal_column(str(kind)).label("kind"), *labelled)


def _objects(shape: _Shape, keys: CTE) -> Select[Any]:
    text: ColumnElement[Any] = objects.c.data
    if not shape.ancestor_bodies:
        text = case((_is_target(shape, keys), objects.c.data), else_=literal_column("''"))
    return _row(
        _OBJECT, keys.c.level, objects.c.id, text, objects.c.last_modified, objects.c.deleted
    ).select_from(keys.join(objects, _same_object(keys, objects, objects.c.id)))


def _grants(shape: _Shape, keys: CTE) -> Select[Any]:
    return (
        _row(
            _GRANT,
            keys.c.level,
            grants.c.permission,
            grants.c.principal,
            sql_cast(null(), BigInteger),
            literal_column("false"),
        )
        .select_from(keys.join(grants, _same_object(keys, grants, grants.c.object_id)))
        .where(true() if shape.all_grants else _is_target(shape, keys) | _mine(shape))
    )


def _same_object(keys: CTE, table: Table, object_id: ColumnElement[str]) -> ColumnElement[bool]:
    return (
        (table.c.parent_id == _by_code_point(keys.c.parent_id))
        & (table.c.resource == _by_code_point(keys.c.resource))
        & (object_id == _by_code_point(keys.c.id))
    )


def _by_code_point(text: ColumnElement[str]) -> ColumnElement[str]:
    """The text in the collation of the tables' names, which PostgreSQL wants to hear."""
    return _CodePoints(text)


class _CodePoints(UnaryExpression[str]):
    """A text compared by code point: ``COLLATE "C"`` on PostgreSQL, nothing on SQLite."""

    inherit_cache = True

    def __init__(self, text: ColumnElement[str]) -> None:
        super().__init__(text, type_=Text())


@compiles(_CodePoints)
def _plain(element: _CodePoints, compiler: SQLCompiler, **options: Any) -> str:  # noqa: ANN401  SQLAlchemy's
    text: str = compiler.process(element.element, **options)
    return text


@compiles(_CodePoints, "postgresql")
def _collated(element: _CodePoints, compiler: SQLCompiler, **options: Any) -> str:  # noqa: ANN401  SQLAlchemy's
    text: str = compiler.process(element.element, **options)
    return f'{text} COLLATE "C"'


def _is_target(shape: _Shape, keys: CTE) -> ColumnElement[bool]:
    """Whether a row is about the object that the request is about."""
    target = -1 if shape.target_is_list else shape.depth - 1
    is_target: ColumnElement[bool] = keys.c.level == literal_column(str(target))
    return is_target


def _mine(shape: _Shape) -> ColumnElement[bool]:
    """Whether a grant is the caller's."""
    if shape.anonymous:
        return grants.c.principal == literal_column("'system.Everyone'")
    return grants.c.principal.in_(
        [bindparam("user_id"), *(literal_column(f"'{name}'") for name in _SYSTEM)]
    ) | grants.c.principal.in_(select(members.c.principal).where(_member()))


def _member() -> ColumnElement[bool]:
    return members.c.user_id.in_([bindparam("user_id"), literal_column("'system.Authenticated'")])


def _groups() -> Select[Any]:
    return _row(
        _GROUP,
        literal_column("0"),
        literal_column("''"),
        members.c.principal,
        sql_cast(null(), BigInteger),
        literal_column("false"),
    ).where(_member())


def _list() -> Select[Any]:
    return _row(
        _LIST,
        literal_column("0"),
        literal_column("''"),
        sql_cast(timestamps.c.version, Text),
        timestamps.c.last_modified,
        literal_column("false"),
    ).where(
        timestamps.c.parent_id == bindparam("list_parent"),
        timestamps.c.resource == bindparam("list_resource"),
    )
