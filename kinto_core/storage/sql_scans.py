"""Queries that a declared index answers, on SQLite and PostgreSQL.

Which scans of which index come into question is decided in ``indexes.py``; here one is taken by
counting a few rows, and run. The rows and statements of indexes are in ``sql_index_pages.py``.
"""

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import Select, func, select

from kinto_core.database.connection import Connection, Rows
from kinto_core.database.tables import indexed_values, objects
from kinto_core.storage import sql_index_pages
from kinto_core.storage.indexes import Scan, choose, edge_of
from kinto_core.storage.query import Query, Sort
from kinto_core.storage.sort_keys import LONGEST
from kinto_core.storage.sql_filters import after, order_by, where
from kinto_core.storage.sql_indexes import Place, is_there
from kinto_core.storage.sql_sharing import is_shared

FEW: Final = 1000
"""Up to so many objects are quicker read and sorted than looked for in the wanted order."""

_COLUMNS: Final = (objects.c.id, objects.c.last_modified, objects.c.data, objects.c.deleted)


def find(connection: Connection, place: Place, query: Query, few: int) -> Rows | None:
    """The objects that a query selects, as rows that begin with the columns of objects.

    ``None`` when no index helps, or the one that would is not there any more.
    """
    scan = _taken(connection, place, query, few)
    if scan is None:
        return None
    if scan.is_ordered and query.limit is not None:
        rows = _ordered(connection, place, scan, query)
    else:
        statement = _statement(connection.dialect, place, scan, query)
        statement = statement.order_by(*order_by(objects, query.sorts, connection.dialect))
        rows = connection.execute(_from_page(statement, query, connection.dialect))
    if not rows and not is_there(connection, place, scan.index):
        return None
    return rows


def count(connection: Connection, place: Place, query: Query) -> int | None:
    """How many live objects match a query; ``None`` as for ``find``."""
    scan = choose(query).narrow
    if scan is None:
        return None
    statement = select(func.count()).select_from(indexed_values)
    if scan.residue or query.shared is not None:
        statement = select(func.count()).select_from(sql_index_pages.joined())
    statement = _restricted(statement, connection.dialect, place, scan, query)
    total = int(connection.execute(statement)[0][0])
    if not total and not is_there(connection, place, scan.index):
        return None
    return total


def _taken(connection: Connection, place: Place, query: Query, few: int) -> Scan | None:
    """The scan to run: one that finds few objects, else one that finds the wanted ones first."""
    choice = choose(query)
    narrow, ordered = choice.narrow, choice.ordered
    if narrow is None or narrow is ordered:
        return ordered
    if ordered is None and not choice.elsewhere:
        return narrow
    found = sql_index_pages.count_up_to(connection, place, narrow, few)
    return narrow if found < few else ordered


def _ordered(connection: Connection, place: Place, scan: Scan, query: Query) -> Rows:
    """A page in the order of an index; among keys that were cut the values decide."""
    edge = edge_of(scan, query)

    def run(sorts: Sequence[Sort]) -> Rows:
        dialect = connection.dialect
        statement = _statement(dialect, place, scan, query)
        if edge is not None:
            statement = statement.where(sql_index_pages.from_edge(scan, edge))
        keys = sql_index_pages.in_order(indexed_values.c.value, descending=scan.descending)
        statement = statement.order_by(keys, *order_by(objects, sorts, dialect))
        return connection.execute(_from_page(statement, query, dialect))

    rows = sql_index_pages.page(connection, place, scan, query, edge)
    if rows is None:
        rows = run(scan.tail)
    return rows if all(row[4] < LONGEST for row in rows) else run(query.sorts)


def _statement(dialect: str, place: Place, scan: Scan, query: Query) -> Select[Any]:
    statement = select(*_COLUMNS, sql_index_pages.KEY_LENGTH).select_from(sql_index_pages.joined())
    return _restricted(statement, dialect, place, scan, query)


def _restricted(
    statement: Select[Any], dialect: str, place: Place, scan: Scan, query: Query
) -> Select[Any]:
    """Only what is in the scan and meets what that does not settle."""
    statement = statement.where(
        sql_index_pages.in_scan(place, scan), *where(objects, scan.residue, dialect)
    )
    return statement if query.shared is None else statement.where(is_shared(query.shared))


def _from_page(statement: Select[Any], query: Query, dialect: str) -> Select[Any]:
    """From where the page begins to where it ends."""
    if query.after is not None:
        statement = statement.where(after(objects, query.sorts, query.after, dialect))
    return statement if query.limit is None else statement.limit(query.limit)
