"""The everyday query, prepared once: a list newest first, whole or what changed since a moment.

Synchronising clients ask nothing else. Every other query is put together by ``sql_filters.py``.
"""

from collections.abc import Mapping
from typing import Any, Final

from kinto_core.database import page_sql
from kinto_core.database.connection import Statement
from kinto_core.database.engine import Connection
from kinto_core.database.page_sql import PageRow
from kinto_core.database.tables import objects
from kinto_core.errors import ValueTooLong
from kinto_core.storage.pages import PageText
from kinto_core.storage.query import NEWEST_FIRST, Operator, Query

_EARLIEST: Final = -(2**63)
_LATEST: Final = 2**63 - 1


NEWEST: Final = Statement(
    lambda _: page_sql.newest_first(
        objects.c.id, objects.c.last_modified, objects.c.data, objects.c.deleted
    )
)
PAGE: Final = Statement(page_sql.page)
SMALL_PAGE: Final = Statement(page_sql.page, is_quick=True)

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
        [row] = connection.run(SMALL_PAGE if everyday["limit"] <= _SMALL else PAGE, everyday)
    except ValueTooLong:
        return None
    return text_of(PageRow(*row), everyday["limit"], everyday)


def beginning(everyday: Mapping[str, Any]) -> Mapping[str, Any]:
    """The same page, or so much of its beginning as holds nobody up; mostly that is all there is.

    Args:
        everyday: ``parameters`` of a query.
    """
    return everyday if everyday["limit"] <= _SMALL else {**everyday, "limit": _SMALL}


def text_of(row: PageRow, limit: int, everyday: Mapping[str, Any]) -> PageText | None:
    """The page of a row; ``None`` as in ``page``, and when it has more objects than were read.

    Args:
        row: what was read.
        limit: so many objects were read at most.
        everyday: ``parameters`` of the query.
    """
    if row.size < limit:
        return PageText(row.text or "", row.size)
    if row.last_id is None or limit < everyday["limit"]:
        return None
    after = {"id": row.last_id, "last_modified": row.oldest} if row.is_followed else None
    return PageText(row.text, row.size, after)
