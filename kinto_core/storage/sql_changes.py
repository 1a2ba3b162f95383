"""The everyday query, prepared once: a list newest first, whole or what changed since a moment.

Synchronising clients ask nothing else. Every other query is put together by ``sql_filters.py``.
"""

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import BigInteger, Boolean, Select, bindparam, or_, select

from kinto_core.database.connection import Statement
from kinto_core.database.tables import objects
from kinto_core.storage.query import NEWEST_FIRST, Operator, Query

_EARLIEST: Final = -(2**63)
_LATEST: Final = 2**63 - 1


def _newest_first(_: str) -> Select[Any]:
    table = objects.c
    latest = bindparam("latest", type_=BigInteger)
    return (
        select(table.id, table.last_modified, table.data, table.deleted)
        .where(
            table.parent_id == bindparam("parent_id"),
            table.resource == bindparam("resource"),
            table.last_modified > bindparam("since"),
            table.last_modified <= latest,
            or_(table.last_modified < latest, table.id < bindparam("before_id")),
            or_(table.deleted.is_(False), bindparam("with_deleted", type_=Boolean)),
        )
        .order_by(table.last_modified.desc(), table.id.desc())
        .limit(bindparam("limit"))
    )


NEWEST: Final = Statement(_newest_first)


def parameters(parent_id: str, resource: str, query: Query) -> Mapping[str, Any] | None:
    """The parameters of ``NEWEST`` for a query; ``None`` when it asks for something else."""
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
