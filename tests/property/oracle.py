"""What filters, sorts and pages mean, in plain Python and as slowly as it is clear.

Shares no code with the product, so that both can be compared. Source: protocol section 6.
"""

from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from functools import cmp_to_key
from typing import Any, Final

from kinto_core.storage.query import MISSING, Filter, Operator, Query, Sort

Json = Any
"""Any JSON value, or ``MISSING``."""

Object = dict[str, Json]


def select(objects: Sequence[Object], query: Query) -> list[str]:
    """The ids of the objects that a query selects, in order, without regard to pages."""
    found = [item for item in objects if all(holds(item, one) for one in query.filters)]
    if not query.include_deleted:
        found = [item for item in found if item.get("deleted") is not True]
    first_of_each = {sort.field: sort for sort in reversed(query.sorts)}
    last = max(first_of_each.values(), key=query.sorts.index, default=Sort("id"))
    sorts = (*query.sorts, Sort("id", descending=last.descending))
    return [item["id"] for item in sorted(found, key=cmp_to_key(_in_order(sorts)))]


def _in_order(sorts: Sequence[Sort]) -> Callable[[Object, Object], int]:
    def compared(one: Object, other: Object) -> int:
        for sort in sorts:
            result = compare(reach(one, sort.field), reach(other, sort.field))
            if result:
                return -result if sort.descending else result
        return 0

    return compared


def reach(item: Object, field: str) -> Json:
    """The value at a dotted path. Source: protocol F-23."""
    value: Json = item
    for key in field.split("."):
        if not isinstance(value, dict) or key not in value:
            return MISSING
        value = value[key]
    return value


def rank(value: Json) -> int:
    """Source: protocol F-30."""
    if isinstance(value, float):
        return 2
    return [type(None), str, int, bool, list, dict, type(MISSING)].index(type(value))


def compare(one: Json, other: Json) -> int:
    """Negative, zero or positive. Source: protocol F-30, F-31."""
    if rank(one) != rank(other):
        return rank(one) - rank(other)
    if isinstance(one, list | dict):
        by_size: int = len(one) - len(other)
        return by_size or _first(zip(_parts(one), _parts(other), strict=True))
    if isinstance(one, str):
        return int(one > other) - int(one < other)
    if one is None or one is MISSING:
        return 0
    left, right = (Decimal(repr(value + 0)) for value in (one, other))
    return (left > right) - (left < right)


def _first(pairs: Iterable[tuple[Json, Json]]) -> int:
    return next((result for one, other in pairs if (result := compare(one, other))), 0)


def _parts(item: Object | list[Json]) -> list[Json]:
    """The elements of an array; the keys of an object, each with its value."""
    if isinstance(item, list):
        return item
    keys = sorted(item, key=lambda key: (len(key.encode()), key))
    return [part for key in keys for part in (key, item[key])]


def holds(item: Object, one: Filter) -> bool:
    """Whether an object meets a filter. Source: protocol F-10 to F-22."""
    return _MEANINGS[one.operator](reach(item, one.field), one.value)


_MEANINGS: Final[dict[Operator, Callable[[Json, Json], bool]]] = {
    Operator.EQUAL: lambda value, wanted: compare(value, wanted) == 0,
    Operator.NOT: lambda value, wanted: compare(value, wanted) != 0,
    Operator.LESS: lambda value, wanted: compare(value, wanted) < 0,
    Operator.AT_MOST: lambda value, wanted: compare(value, wanted) <= 0,
    Operator.GREATER: lambda value, wanted: compare(value, wanted) > 0,
    Operator.AT_LEAST: lambda value, wanted: compare(value, wanted) >= 0,
    Operator.IN: lambda value, wanted: _has(wanted, value),
    Operator.EXCLUDE: lambda value, wanted: not _has(wanted, value),
    Operator.HAS: lambda value, wanted: (value is not MISSING) == bool(wanted),
    Operator.LIKE: lambda value, wanted: _like(_text(value), wanted),
    Operator.CONTAINS: lambda value, wanted: (
        isinstance(value, list) and all(_has(value, part) for part in wanted)
    ),
    Operator.CONTAINS_ANY: lambda value, wanted: (
        isinstance(value, list) and any(_has(value, part) for part in wanted)
    ),
}


def _has(values: Sequence[Json], wanted: Json) -> bool:
    return any(compare(value, wanted) == 0 for value in values)


def _text(value: Json) -> str | None:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        number = Decimal(repr(value))
        return format(number or abs(number), "f")
    return value if isinstance(value, str) else None


def _like(text: str | None, pattern: str) -> bool:
    if text is None:
        return False
    text, pattern = map(_plain, (text, pattern))
    return _matches(text, pattern if "*" in pattern else f"*{pattern}*")


def _plain(text: str) -> str:
    """One character for each, whatever its case."""
    folded = [(c, c.casefold(), c.lower()) for c in text]
    return "".join(next((x for x in (b, c) if len(x) == 1), a) for a, b, c in folded)


def _matches(text: str, pattern: str) -> bool:
    if not pattern:
        return not text
    if pattern[0] == "*":
        return any(_matches(text[start:], pattern[1:]) for start in range(len(text) + 1))
    return text[:1] == pattern[0] and _matches(text[1:], pattern[1:])
