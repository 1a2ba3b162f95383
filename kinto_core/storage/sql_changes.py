"""The everyday query, prepared once: a list newest first, whole or what changed since a moment.

Synchronising clients ask nothing else. Every other query is put together by ``sql_filters.py``.
"""

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    ColumnElement,
    Select,
    bindparam,
    case,
    exists,
    func,
    literal_column,
    or_,
    select,
)

from kinto_core.database.connection import Statement
from kinto_core.database.engine import Connection
from kinto_core.database.tables import objects
from kinto_core.errors import ValueTooLong
from kinto_core.storage.pages import PageText
from kinto_core.storage.query import NEWEST_FIRST, Operator, Query

_EARLIEST: Final = -(2**63)
_LATEST: Final = 2**63 - 1


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


def _newest_first(*columns: ColumnElement[Any]) -> Select[Any]:
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
        .limit(bindparam("limit"))
    )


def _page(dialect: str) -> Select[Any]:
    """One row: the text, its size, and of a full page the last object and whether more follow.

    The texts are joined in the order of the page without being sorted again: an aggregate sees the
    rows of the one sub-select it reads from as that gives them (PostgreSQL documents it for
    ``string_agg``; SQLite keeps the order of a sub-select that has a limit, and reads it once).

    The last object is the oldest of the page. Its id is left out when another one is exactly as
    old, for then it takes more to tell which of them end the page.
    """
    join = func.string_agg if dialect == "postgresql" else func.group_concat
    page = _newest_first(objects.c.last_modified, objects.c.data).subquery("page")
    read = select(
        join(page.c.data, literal_column("','")).label("text"),
        func.count().label("size"),
        func.min(page.c.last_modified).label("oldest"),
    ).subquery("read")
    last = select(case((func.count() == literal_column("1"), func.min(objects.c.id)))).where(
        *_in_list(), objects.c.last_modified == read.c.oldest
    )
    older = exists().where(*_wanted(), objects.c.last_modified < read.c.oldest)
    is_full = read.c.size == bindparam("limit", type_=BigInteger)
    return select(
        read.c.text,
        read.c.size,
        read.c.oldest,
        case((is_full, last.scalar_subquery())),
        case((is_full, older)),
    )


NEWEST: Final = Statement(
    lambda _: _newest_first(
        objects.c.id, objects.c.last_modified, objects.c.data, objects.c.deleted
    )
)
PAGE: Final = Statement(_page)
SMALL_PAGE: Final = Statement(_page, is_quick=True)

_SMALL: Final = 128
"""Pages up to so many objects hold nobody up."""


def parameters(parent_id: str, resource: str, query: Query) -> Mapping[str, Any] | None:
    """The parameters of ``NEWEST`` and ``PAGE``; ``None`` when a query asks for something else."""
    if query.sorts != NEWEST_FIRST or query.shared is not None or query.limit is None:
        return None
    since = _EARLIEST
    if query.filters:
        only = query.filters[0]
        if (
            len(query.filters) > 1
            or only.field != "last_modified"
            or only.operator is not Operator.GREATER
            or not isinstance(only.value, int)
        ):
            return None
        since = only.value
    after = query.after or {}
    return {
        "parent_id": parent_id,
        "resource": resource,
        "since": since,
        "latest": after.get("last_modified", _LATEST),
        "before_id": after.get("id", ""),
        "with_deleted": query.include_deleted,
        "limit": query.limit,
    }


def page(connection: Connection, everyday: Mapping[str, Any]) -> PageText | None:
    """A page that the database joins; ``None`` when it cannot, and the objects must be found.

    That is so when objects of one timestamp meet where the page ends, and when the text would be
    longer than the database can make one, which is about a gigabyte.

    Args:
        connection: to read from.
        everyday: ``parameters`` of a query.
    """
    try:
        statement = SMALL_PAGE if everyday["limit"] <= _SMALL else PAGE
        [(text, size, oldest, last_id, is_followed)] = connection.run(statement, everyday)
    except ValueTooLong:
        return None
    if size < everyday["limit"]:
        return PageText(text or "", size)
    if last_id is None:
        return None
    after = {"id": last_id, "last_modified": oldest} if is_followed else None
    return PageText(text, size, after)
