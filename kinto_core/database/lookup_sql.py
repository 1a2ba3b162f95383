"""The SQL of look-ups: one statement for everything, or for all but what contains the target.

Its text depends only on the shape of the question, so it is compiled once for each shape.
"""

from functools import lru_cache
from typing import Any, NamedTuple

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

from kinto_core.database import page_sql
from kinto_core.database.connection import Statement
from kinto_core.database.tables import grants, members, objects, timestamps, tree_versions

OBJECT, GRANT, GROUP, LIST, TREE, PAGE = range(6)
"""What a row tells; each has kind, level, name, text, number and deleted."""

_KEY = ("parent_id", "resource", "id")
_SYSTEM = ("system.Authenticated", "system.Everyone")


class Shape(NamedTuple):
    """What distinguishes one look-up's SQL from another's.

    Attributes:
        depth: how many keys are asked for.
        is_anonymous: whether nobody in particular asks.
        ancestor_bodies: whether the JSON text of ancestors is wanted.
        target_is_list: whether all keys are ancestors.
        with_list: whether the state of a list is wanted.
        all_grants: whether the grants of others on ancestors are wanted.
        with_page: whether a page of the list is wanted, from ``rest`` only.
    """

    depth: int
    is_anonymous: bool
    ancestor_bodies: bool
    target_is_list: bool
    with_list: bool
    all_grants: bool
    with_page: bool = False


@lru_cache(maxsize=64)
def whole(shape: Shape) -> Statement:
    """Reads everything.

    Parameters: ``parent0``, ``resource0``, ``id0`` and so on for each key, and those of the rest.
    """
    return Statement(lambda _: union_all(*_whole(shape)), is_quick=True)


@lru_cache(maxsize=64)
def rest(shape: Shape) -> Statement:
    """Reads what is left when all about ancestors but the version of their tree is known.

    Parameters: ``parent``, ``resource``, ``id`` of the target, ``user_id``, ``list_parent``,
    ``list_resource`` and ``tree``, and those of ``page_sql``, as far as the shape has them.
    """
    return Statement(lambda dialect: union_all(*_rest(shape, dialect)), is_quick=True)


def _whole(shape: Shape) -> list[Select[Any]]:
    parts: list[Select[Any]] = []
    if shape.depth:
        keys = _keys(shape.depth)
        parts += [_objects(shape, keys), _grants(shape, keys)]
    if shape.depth + shape.target_is_list > 1:
        parts.append(_tree())
    return parts + _about_caller_and_list(shape)


def _rest(shape: Shape, dialect: str) -> list[Select[Any]]:
    parts = [_tree()]
    if shape.with_page:
        parts.append(_page(dialect))
    if not shape.target_is_list:
        parts += [_target(shape), _target_grants(shape)]
    return parts + _about_caller_and_list(shape)


def _about_caller_and_list(shape: Shape) -> list[Select[Any]]:
    parts: list[Select[Any]] = []
    if not shape.is_anonymous:
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


def _objects(shape: Shape, keys: CTE) -> Select[Any]:
    text: ColumnElement[Any] = objects.c.data
    if not shape.ancestor_bodies:
        text = case((_is_target(shape, keys), objects.c.data), else_=literal_column("''"))
    of_key = _same_object(keys, objects, objects.c.id)
    return _object(keys.c.level, text).select_from(keys.join(objects, of_key))


def _grants(shape: Shape, keys: CTE) -> Select[Any]:
    of_key = _same_object(keys, grants, grants.c.object_id)
    wanted = true() if shape.all_grants else _is_target(shape, keys) | _mine(shape)
    return _grant(keys.c.level).select_from(keys.join(grants, of_key)).where(wanted)


def _target(shape: Shape) -> Select[Any]:
    level: ColumnElement[Any] = literal_column(str(shape.depth - 1))
    return _object(level, objects.c.data).where(*_of_target(objects, objects.c.id))


def _target_grants(shape: Shape) -> Select[Any]:
    level: ColumnElement[Any] = literal_column(str(shape.depth - 1))
    return _grant(level).where(*_of_target(grants, grants.c.object_id))


def _object(level: ColumnElement[Any], text: ColumnElement[Any]) -> Select[Any]:
    return _row(OBJECT, level, objects.c.id, text, objects.c.last_modified, objects.c.deleted)


def _grant(level: ColumnElement[Any]) -> Select[Any]:
    nothing = sql_cast(null(), BigInteger)
    who = (grants.c.permission, grants.c.principal)
    return _row(GRANT, level, *who, nothing, literal_column("false"))


def _of_target(table: Table, object_id: ColumnElement[str]) -> list[ColumnElement[bool]]:
    return [
        table.c.parent_id == bindparam("parent"),
        table.c.resource == bindparam("resource"),
        object_id == bindparam("id"),
    ]


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


def _is_target(shape: Shape, keys: CTE) -> ColumnElement[bool]:
    """Whether a row is about the object that the request is about."""
    target = -1 if shape.target_is_list else shape.depth - 1
    is_target: ColumnElement[bool] = keys.c.level == literal_column(str(target))
    return is_target


def _mine(shape: Shape) -> ColumnElement[bool]:
    """Whether a grant is the caller's."""
    if shape.is_anonymous:
        return grants.c.principal == literal_column("'system.Everyone'")
    return grants.c.principal.in_(
        [bindparam("user_id"), *(literal_column(f"'{name}'") for name in _SYSTEM)]
    ) | grants.c.principal.in_(select(members.c.principal).where(_member()))


def _member() -> ColumnElement[bool]:
    return members.c.user_id.in_([bindparam("user_id"), literal_column("'system.Authenticated'")])


def _groups() -> Select[Any]:
    return _row(
        GROUP,
        literal_column("0"),
        literal_column("''"),
        members.c.principal,
        sql_cast(null(), BigInteger),
        literal_column("false"),
    ).where(_member())


def _list() -> Select[Any]:
    return _row(
        LIST,
        literal_column("0"),
        literal_column("''"),
        sql_cast(timestamps.c.version, Text),
        timestamps.c.last_modified,
        literal_column("false"),
    ).where(
        timestamps.c.parent_id == bindparam("list_parent"),
        timestamps.c.resource == bindparam("list_resource"),
    )


def _tree() -> Select[Any]:
    return _row(
        TREE,
        literal_column("0"),
        literal_column("''"),
        literal_column("''"),
        tree_versions.c.version,
        literal_column("false"),
    ).where(tree_versions.c.root == bindparam("tree"))


def _page(dialect: str) -> Select[Any]:
    page = page_sql.page(dialect).subquery("joined")
    return _row(
        PAGE, page.c.size, page.c.last_id, page.c.text, page.c.oldest, page.c.is_followed
    ).select_from(page)
