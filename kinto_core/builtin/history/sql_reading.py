"""Lists of entries, restricted to what somebody may see.

Filters, orders and pages mean what they mean for objects: the same code writes their SQL. On
PostgreSQL an entry is parsed when something in it is asked for, and not when it is written.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, cast

from sqlalchemy import ColumnElement, Select, Table, and_, func, not_, or_, select
from sqlalchemy import cast as sql_cast
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, TEXT, array

from kinto_core.builtin.history.entries import READING, Entry
from kinto_core.builtin.history.sql_tables import entries
from kinto_core.builtin.history.sql_trimming import Surplus
from kinto_core.database.engine import Connection
from kinto_core.database.tables import grants
from kinto_core.objects import StoredObject
from kinto_core.storage.query import Filter, Operator, Query
from kinto_core.storage.sql_filters import after, order_by, where

_NAME: Final = "shown_entries"


@dataclass(frozen=True, slots=True)
class Scope:
    """Which entries a request is about, whatever it asks for.

    Attributes:
        bucket: its id.
        principals: who sees only what was and is shared with them; ``None``: somebody who sees
            everything, tombstones included.
        surplus: what is too much and waits for its removal; it is not shown.
    """

    bucket: str
    principals: frozenset[str] | None = None
    surplus: Sequence[Surplus] = ()


def find(connection: Connection, scope: Scope, query: Query) -> list[StoredObject]:
    """The entries that a query selects, in its order."""
    table = _table(connection.dialect)
    columns = (table.c.id, table.c.last_modified, table.c.data, table.c.deleted)
    rows = connection.execute(_selected(table, columns, connection.dialect, scope, query))
    return [StoredObject(*row) for row in rows]


def find_to_purge(connection: Connection, scope: Scope, query: Query) -> list[Entry]:
    """The same as whole rows, which are held until the end of the transaction."""
    table = _table(connection.dialect)
    columns = [table.c[name] for name in Entry._fields]
    statement = _selected(table, columns, connection.dialect, scope, query)
    if connection.dialect == "postgresql":
        statement = statement.with_for_update()
    return [Entry(*row) for row in connection.execute(statement)]


def count(connection: Connection, scope: Scope, query: Query) -> int:
    """How many entries match, tombstones and pages aside."""
    table = _table(connection.dialect)
    statement = select(func.count()).select_from(table)
    conditions = _conditions(table, connection.dialect, scope, query)
    rows = connection.execute(statement.where(*conditions, table.c.deleted.is_(False)))
    return int(rows[0][0])


def _selected(
    table: Table,
    columns: Sequence[ColumnElement[Any]],
    dialect: str,
    scope: Scope,
    query: Query,
) -> Select[Any]:
    statement = select(*columns).where(*_conditions(table, dialect, scope, query))
    if not query.include_deleted or scope.principals is not None:
        statement = statement.where(table.c.deleted.is_(False))
    if query.after is not None:
        statement = statement.where(after(table, query.sorts, query.after, dialect))
    return statement.order_by(*order_by(table, query.sorts, dialect)).limit(query.limit)


def _conditions(
    table: Table, dialect: str, scope: Scope, query: Query
) -> list[ColumnElement[bool]]:
    about = [one for item in query.filters for one in _about_object(table, item)]
    # Who asks about one object is to come in by the index of objects, not by that of buckets.
    bucket = table.c.bucket.concat("") if about else table.c.bucket
    conditions = [
        bucket == scope.bucket,
        *about,
        *(not_(_is_surplus(table, one)) for one in scope.surplus),
        *where(table, query.filters, dialect),
    ]
    if scope.principals is not None:
        conditions.append(_is_visible(table, dialect, scope))
    return conditions


def _is_surplus(table: Table, surplus: Surplus) -> ColumnElement[bool]:
    counted = surplus.counted
    conditions = [table.c.last_modified < surplus.oldest, table.c.resource == counted.resource]
    return and_(*conditions, *([table.c.user_id == counted.user] if counted.user else []))


def _table(dialect: str) -> Table:
    """The entries, on PostgreSQL with the column of their parsed fields that filters look at."""
    if dialect != "postgresql":
        return entries
    fields = sql_cast(entries.c.data, JSONB).label("fields")
    return cast("Table", select(entries, fields).subquery(_NAME))  # it has name and columns too


def _about_object(table: Table, item: Filter) -> list[ColumnElement[bool]]:
    """What a filter on ``uri`` means for the index that finds all entries about an object."""
    if item.field != "uri" or item.operator is not Operator.EQUAL:
        return []
    container, _, object_id = str(item.value).rpartition("/")
    container, _, plural = container.rpartition("/")
    return [
        table.c.container == container,
        table.c.resource == plural.removesuffix("s"),
        table.c.object_id == object_id,
    ]


def _is_visible(table: Table, dialect: str, scope: Scope) -> ColumnElement[bool]:
    """Entries about what somebody could see when it changed and may see today.

    Source: built-in plugins B-144, BW-14.
    """
    who = sorted(scope.principals or ())
    inside = f"/buckets/{scope.bucket}/collections/"
    own = and_(
        grants.c.parent_id == table.c.container,
        grants.c.resource == table.c.resource,
        grants.c.object_id == table.c.object_id,
    )
    collection = and_(
        grants.c.parent_id == f"/buckets/{scope.bucket}",
        grants.c.resource == "collection",
        grants.c.object_id == func.substr(table.c.container, len(inside) + 1),
    )
    today = or_(*(_holds_now(condition, who) for condition in (own, collection)))
    return and_(_could_see(table, dialect, who), today)


def _holds_now(condition: ColumnElement[bool], who: Sequence[str]) -> ColumnElement[bool]:
    return (
        select(grants.c.principal)
        .where(condition, grants.c.principal.in_(who), grants.c.permission.in_(READING))
        .exists()
    )


def _could_see(table: Table, dialect: str, who: Sequence[str]) -> ColumnElement[bool]:
    if dialect == "postgresql":
        readers = sql_cast(table.c.readers, JSONB)
        condition: ColumnElement[bool] = readers.has_any(sql_cast(array(who), ARRAY(TEXT)))
        return condition
    names = func.json_each(table.c.readers).table_valued("value", name="readers")
    return select(names.c.value).where(names.c.value.in_(who)).exists()
