"""Filters, sort orders and pages as SQL, with the same meaning on SQLite and PostgreSQL.

Field names and values reach the database as parameters only. How a field is reached on each
database is told in ``sql_column``, ``sql_sqlite`` and ``sql_postgresql``.
"""

from collections.abc import Callable, Mapping, Sequence
from operator import ge, gt, le, lt
from typing import Any, Final

from sqlalchemy import ColumnElement, Table, and_, false, literal_column, not_, or_, true, tuple_
from sqlalchemy.dialects.postgresql import JSONB

from kinto_core.storage.query import MISSING, Filter, Operator, Rank, Sort, total_order
from kinto_core.storage.sql_column import ColumnField
from kinto_core.storage.sql_field import Comparison, Condition, Field
from kinto_core.storage.sql_postgresql import PostgresqlField
from kinto_core.storage.sql_sqlite import SqliteField

_COLUMNS: Final = {"id": Rank.STRING, "last_modified": Rank.NUMBER}
_DEEPEST: Final = 600
"""No stored object is nested deeper than this."""


def where(objects: Table, filters: Sequence[Filter], dialect: str) -> list[Condition]:
    """The conditions of filters; an object must meet all.

    Args:
        objects: the table with ``id``, ``last_modified``, ``data`` and, on PostgreSQL, ``fields``.
        filters: in any order.
        dialect: ``sqlite`` or ``postgresql``.

    Source: protocol F-10 to F-23.
    """
    return [_condition(objects, item, dialect) for item in filters]


def order_by(objects: Table, sorts: Sequence[Sort], dialect: str) -> list[ColumnElement[Any]]:
    """What to sort by; the id comes last, in the direction of the last criterion, so no two tie.

    Source: protocol S-1 to S-3, W-25.
    """
    return [
        part.desc() if sort.descending else part.asc()
        for sort in total_order(sorts)
        for part in _field(objects, sort.field, dialect).order()
    ]


def after(
    objects: Table, sorts: Sequence[Sort], after: Mapping[str, Any], dialect: str
) -> Condition:
    """Objects that come strictly after these values in the order of ``order_by``.

    Args:
        objects: see ``where``.
        sorts: as for ``order_by``.
        after: a value for each field sorted by, and for ``id``; one that is not there is missing.
        dialect: see ``where``.

    Source: protocol G-6.
    """
    total = total_order(sorts)
    if _on_index(total, after):
        columns = tuple_(*(objects.c[sort.field] for sort in total))
        values = tuple(after[sort.field] for sort in total)
        return columns < values if total[0].descending else columns > values
    condition: Condition = false()
    for sort in reversed(total):
        field = _field(objects, sort.field, dialect)
        value = after.get(sort.field, MISSING)
        beyond = _beyond(field, value, descending=sort.descending)
        condition = or_(beyond, and_(_same(field, value), condition))
    return condition


def _on_index(total: Sequence[Sort], after: Mapping[str, Any]) -> bool:
    """Whether rows can be compared as wholes: real columns, all in one direction."""
    return (
        all(sort.field in _COLUMNS for sort in total)
        and len({sort.descending for sort in total}) == 1
        and isinstance(after.get("id"), str)
        and type(after.get("last_modified")) is int
        and 0 <= after["last_modified"] < 2**63
    )


def _same(field: Field, value: Any) -> Condition:  # noqa: ANN401  any JSON value
    return not_(field.present()) if value is MISSING else field.equals(value)


def _beyond(field: Field, value: Any, *, descending: bool) -> Condition:  # noqa: ANN401  any JSON value
    if value is MISSING:
        return field.present() if descending else false()
    return field.compare(lt if descending else gt, value)


def _field(objects: Table, name: str, dialect: str) -> Field:
    """The way to a field; dots lead into nested objects. Source: protocol F-23."""
    if name in _COLUMNS:
        return ColumnField(objects.c[name], _COLUMNS[name], dialect)
    keys = name.split(".")[:_DEEPEST]
    if dialect == "sqlite":
        return SqliteField(objects.c.data, keys)
    return PostgresqlField(literal_column(f"{objects.name}.fields", JSONB()), keys)


_COMPARISONS: Final[Mapping[Operator, Comparison]] = {
    Operator.LESS: lt,
    Operator.AT_MOST: le,
    Operator.GREATER: gt,
    Operator.AT_LEAST: ge,
}


def _condition(objects: Table, item: Filter, dialect: str) -> Condition:
    field = _field(objects, item.field, dialect)
    comparison = _COMPARISONS.get(item.operator)
    if comparison is not None:
        return field.compare(comparison, item.value)
    return _MEANINGS[item.operator](field, item.value)


def _has(field: Field, value: Any) -> Condition:  # noqa: ANN401  any JSON value
    return field.present() if value else not_(field.present())


def _fails(condition: Condition) -> Condition:
    """The opposite, which a missing field meets too."""
    return condition.is_not(true())


_MEANINGS: Final[Mapping[Operator, Callable[[Field, Any], Condition]]] = {
    Operator.EQUAL: lambda field, value: field.equals(value),
    Operator.NOT: lambda field, value: _fails(field.equals(value)),
    Operator.IN: lambda field, values: field.is_in(values),
    Operator.EXCLUDE: lambda field, values: _fails(field.is_in(values)),
    Operator.LIKE: lambda field, pattern: field.like(pattern),
    Operator.HAS: _has,
    Operator.CONTAINS: lambda field, values: field.contains(values, all_of_them=True),
    Operator.CONTAINS_ANY: lambda field, values: field.contains(values, all_of_them=False),
}
