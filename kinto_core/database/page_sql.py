"""The SQL of the everyday page: a list newest first, whole or what changed since a moment.

Parameters: ``parent_id``, ``resource``, ``since``, ``latest``, ``before_id``, ``with_deleted``,
``limit``.
"""

from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    BindParameter,
    Boolean,
    ColumnElement,
    Integer,
    Select,
    bindparam,
    case,
    func,
    literal_column,
    or_,
    select,
)

from kinto_core.database.tables import objects


class PageRow(NamedTuple):
    """What ``page`` gives.

    Attributes:
        text: the texts of the objects joined by commas; ``None`` without objects.
        size: how many objects these are.
        oldest: of a full page the timestamp of the last one.
        last_id: of a full page its id, as far as it is known.
        is_followed: of a full page whether there are older objects.
    """

    text: str
    size: int
    oldest: int | None
    last_id: str | None
    is_followed: bool | None


def _in_list() -> list[ColumnElement[bool]]:
    return [
        objects.c.parent_id == bindparam("parent_id"),
        objects.c.resource == bindparam("resource"),
    ]


def _wanted() -> list[ColumnElement[bool]]:
    """What changed after ``since``, alive or a tombstone that is asked for."""
    return [
        *_in_list(),
        objects.c.last_modified > bindparam("since"),
        or_(objects.c.deleted.is_(False), bindparam("with_deleted", type_=Boolean)),
    ]


_limit: BindParameter[int] = bindparam("limit", type_=BigInteger)


def newest_first(*columns: ColumnElement[Any]) -> Select[Any]:
    """The objects of one page: ``limit`` of those before ``latest`` and ``before_id``."""
    table = objects.c
    latest = bindparam("latest", type_=BigInteger)
    return (
        select(*columns)
        .where(
            *_wanted(),
            table.last_modified <= latest,
            or_(table.last_modified < latest, table.id < bindparam("before_id")),
        )
        .order_by(table.last_modified.desc(), table.id.desc())
        .limit(_limit)
    )


def page(dialect: str) -> Select[Any]:
    """One row: the text, its size, and of a full page the last object and whether more follow.

    The texts are joined in the order of the page without being sorted again: an aggregate sees the
    rows of the one sub-select it reads from as that gives them (PostgreSQL documents it for
    ``string_agg``; SQLite keeps the order of a sub-select that has a limit, and reads it once).

    The last object is the oldest of the page. Its id is left out when another one is exactly as
    old, for then it takes more to tell which of them end the page.
    """
    join = func.string_agg if dialect == "postgresql" else func.group_concat
    rows = newest_first(objects.c.last_modified, objects.c.data).subquery("page")
    read = select(
        join(rows.c.data, literal_column("','")).label("text"),
        func.count().label("size"),
        func.min(rows.c.last_modified).label("oldest"),
    ).subquery("read")
    ends = (
        _by_time(objects.c.id, objects.c.last_modified, limit="2")
        .where(*_in_list(), objects.c.last_modified <= read.c.oldest)
        .correlate(read)
        .subquery("ends")
    )
    as_old = ends.c.last_modified == read.c.oldest
    is_alone = func.count().filter(as_old) == literal_column("1")
    last = select(case((is_alone, func.min(ends.c.id).filter(as_old))))
    older = (
        _by_time(literal_column("true"), limit="1")
        .where(*_wanted(), objects.c.last_modified < read.c.oldest)
        .correlate(read)
    )
    is_full = read.c.size == _limit
    return select(
        read.c.text,
        read.c.size,
        read.c.oldest,
        case((is_full, last.scalar_subquery())).label("last_id"),
        case((is_full, func.coalesce(older.scalar_subquery(), literal_column("false")))).label(
            "is_followed"
        ),
    )


def _by_time(*columns: ColumnElement[Any], limit: str) -> Select[Any]:
    """Some of the newest, in an order that only the right index has.

    Without it a database that knows nothing of the list yet may take the other one.
    """
    newest = (objects.c.last_modified.desc(), objects.c.id.desc())
    return select(*columns).order_by(*newest).limit(literal_column(limit, Integer))
