"""Ranges of declared indexes as SQL, and the pages that one of them answers alone.

Which ranges serve a query is decided in ``indexes.py``, and which one is taken in ``sql_scans.py``.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    FromClause,
    Join,
    LargeBinary,
    Select,
    Text,
    and_,
    bindparam,
    func,
    literal_column,
    or_,
    select,
    tuple_,
)
from sqlalchemy.types import TypeEngine

from kinto_core.database.connection import Connection, Rows, Statement
from kinto_core.database.tables import indexed_values, objects
from kinto_core.storage.indexes import COLUMNS, Scan
from kinto_core.storage.query import Query, Sort
from kinto_core.storage.sort_keys import END, cut, is_whole
from kinto_core.storage.sql_indexes import Place, is_index

_row = indexed_values.c
_object = objects.c
_NOTHING: Final = literal_column("''", Text())
_TYPES: Final[Mapping[str, TypeEngine[Any]]] = {"id": Text(), "last_modified": BigInteger()}

KEY_LENGTH: Final = func.length(_row.value)
"""How long the key of a row is."""


def joined(rows: FromClause = indexed_values) -> Join:
    """The rows of indexes with their objects: each object is looked up by its whole key.

    The list is compared as an expression, so that no database can take it for a constant and read
    all of the list instead, as PostgreSQL may while it has no statistics of a new table.

    Args:
        rows: with the columns ``parent_id``, ``resource`` and ``object_id``.
    """
    return rows.join(
        objects,
        and_(
            _object.parent_id == rows.c.parent_id.concat(_NOTHING),
            _object.resource == rows.c.resource.concat(_NOTHING),
            _object.id == rows.c.object_id,
        ),
    )


def in_scan(place: Place, scan: Scan) -> ColumnElement[bool]:
    """The rows of a scan."""
    parent_id, resource = place
    part = and_(_row.parent_id == parent_id, _row.resource == resource, _row.field == scan.index)
    if scan.keys is not None:
        return part & _row.value.in_(scan.keys)
    return part & (_row.value >= scan.low) & (_row.value < scan.high)


def count_up_to(connection: Connection, place: Place, scan: Scan, most: int) -> int:
    """How many rows a scan has, without counting more than ``most``."""
    if scan.keys is None:
        parameters = {**_parameters(place, scan), "limit": most}
        return int(connection.run(_COUNT, parameters)[0][0])
    rows = select(_row.object_id).where(in_scan(place, scan)).limit(most)
    return int(connection.execute(select(func.count()).select_from(rows.subquery()))[0][0])


def _parameters(place: Place, scan: Scan) -> dict[str, Any]:
    return {
        "parent_id": place[0],
        "resource": place[1],
        "field": scan.index,
        "low": scan.low,
        "high": scan.high,
    }


def _in_range() -> ColumnElement[bool]:
    return and_(is_index(), _row.value >= bindparam("low"), _row.value < bindparam("high"))


_COUNT = Statement(
    lambda _: select(func.count()).select_from(
        select(_row.object_id).where(_in_range()).limit(bindparam("limit")).subquery()
    )
)


def in_order(column: ColumnElement[Any], *, descending: bool) -> ColumnElement[Any]:
    """A column to sort by."""
    return column.desc() if descending else column.asc()


def beyond(value: ColumnElement[Any], edge: Any, *, descending: bool) -> ColumnElement[bool]:  # noqa: ANN401  a value or parameter
    """A column or several that are further on than the last object of the page before."""
    condition: ColumnElement[bool] = value < edge if descending else value > edge
    return condition


@dataclass(frozen=True, slots=True)
class _Shape:
    """What distinguishes the SQL of one page of an ordered scan from another's."""

    descending: bool
    tail: tuple[Sort, ...]
    continues: bool


def page(
    connection: Connection, place: Place, scan: Scan, query: Query, edge: bytes | None
) -> Rows | None:
    """A page that an ordered scan answers alone, by a statement made once for each shape.

    Gives objects with the length of their key, ``None`` when the query is of another kind: keys
    that were cut can neither continue a page nor settle an order.
    """
    after = query.after or {}
    if (
        scan.residue
        or query.shared is not None
        or any(sort.field not in COLUMNS for sort in scan.tail)
        or (edge is not None and not (is_whole(edge) and _one_way(scan, after)))
    ):
        return None
    parameters = {**_parameters(place, scan), "limit": query.limit}
    if edge is not None:
        if scan.descending:
            parameters["high"] = min(scan.high, edge + END)
        else:
            parameters["low"] = max(scan.low, edge)
        parameters["edge"] = edge
        parameters.update({f"after_{sort.field}": after[sort.field] for sort in scan.tail})
    shape = _Shape(scan.descending, scan.tail, edge is not None)
    return connection.run(_page_statement(shape), parameters)


def _one_way(scan: Scan, after: Mapping[str, Any]) -> bool:
    """Whether the tail has one direction, so that rows can be compared as wholes."""
    is_safe = isinstance(after.get("id"), str) and type(after.get("last_modified")) is int
    return is_safe and len({sort.descending for sort in scan.tail}) == 1


@lru_cache(maxsize=64)
def _page_statement(shape: _Shape) -> Statement:
    return Statement(lambda _: _page(shape))


def _page(shape: _Shape) -> Select[Any]:
    statement = (
        select(_object.id, _object.last_modified, _object.data, _object.deleted, KEY_LENGTH)
        .select_from(joined())
        .where(_in_range())
    )
    if shape.continues:
        columns = [_object[sort.field] for sort in shape.tail]
        last = [bindparam(f"after_{s.field}", type_=_TYPES[s.field]) for s in shape.tail]
        edge = bindparam("edge", type_=LargeBinary())
        statement = statement.where(
            or_(
                beyond(_row.value, edge, descending=shape.descending),
                beyond(tuple_(*columns), tuple_(*last), descending=shape.tail[0].descending),
            )
        )
    return statement.order_by(*tied_order(shape.descending, shape.tail)).limit(bindparam("limit"))


def tied_order(descending: bool, tail: Sequence[Sort]) -> list[ColumnElement[Any]]:  # noqa: FBT001  the first criterion
    """The order of keys, then of real columns."""
    return [
        in_order(_row.value, descending=descending),
        *(in_order(_object[sort.field], descending=sort.descending) for sort in tail),
    ]


def from_edge(scan: Scan, edge: bytes) -> ColumnElement[bool]:
    """What an ordered scan has left at the edge of a page; the edge itself may be among it."""
    kept = cut(edge)
    return _row.value < kept + END if scan.descending else _row.value >= kept
