"""Filters and sort orders on plain Python values, for the few lists that no table holds.

The meaning is that of ``sql_filters``, and the functions are those that SQLite calls.

Source: protocol sections 6.2, 6.3.
"""

from collections.abc import Callable, Mapping, Sequence
from operator import eq, ge, gt, le, lt, ne
from typing import Any, Final

from kinto_core import json
from kinto_core.database.functions import digits, is_like, value_key
from kinto_core.storage.query import MISSING, Filter, Operator, Sort

_LAST = b"\xff"


def order_key(value: Any) -> bytes:  # noqa: ANN401  any JSON value or MISSING
    """Bytes that sort as the databases sort values. Source: protocol F-30, F-31."""
    return _LAST if value is MISSING else value_key(value)


def reach(data: Any, path: str) -> Any:  # noqa: ANN401  any JSON value
    """The value of a field; dots reach into nested objects. ``MISSING`` when it is absent."""
    for part in path.split("."):
        if not isinstance(data, dict) or part not in data:
            return MISSING
        data = data[part]
    return data


def matches(data: Mapping[str, Any], filters: Sequence[Filter]) -> bool:
    """Whether an object fulfils every filter."""
    return all(_fulfils(reach(data, item.field), item) for item in filters)


def sorted_by(items: Sequence[dict[str, Any]], sorts: Sequence[Sort]) -> list[dict[str, Any]]:
    """Objects in a sort order."""
    result = list(items)
    for sort in reversed(sorts):
        result.sort(key=lambda item: order_key(reach(item, sort.field)), reverse=sort.descending)
    return result


def comes_after(data: Mapping[str, Any], after: Mapping[str, Any], sorts: Sequence[Sort]) -> bool:
    """Whether an object comes strictly after certain sort values. Source: protocol G-6."""
    for sort in sorts:
        mine = order_key(reach(data, sort.field))
        theirs = order_key(after.get(sort.field, MISSING))
        if mine != theirs:
            return (mine < theirs) if sort.descending else (mine > theirs)
    return False


def _fulfils(value: Any, item: Filter) -> bool:  # noqa: ANN401  any JSON value
    operator, wanted = item.operator, item.value
    if operator is Operator.HAS:
        return (value is not MISSING) == bool(wanted)
    if operator is Operator.LIKE:
        return bool(is_like(_text(value), str(wanted)))
    if operator in (Operator.IN, Operator.EXCLUDE):
        found = order_key(value) in {order_key(one) for one in wanted}
        return found == (operator is Operator.IN)
    if operator in (Operator.CONTAINS, Operator.CONTAINS_ANY):
        return _contains(value, wanted, every=operator is Operator.CONTAINS)
    return bool(_COMPARISONS[operator](order_key(value), order_key(wanted)))


_COMPARISONS: Final[Mapping[Operator, Callable[[bytes, bytes], Any]]] = {
    Operator.EQUAL: eq,
    Operator.NOT: ne,
    Operator.LESS: lt,
    Operator.AT_MOST: le,
    Operator.GREATER: gt,
    Operator.AT_LEAST: ge,
}


def _contains(value: Any, wanted: Sequence[Any], *, every: bool) -> bool:  # noqa: ANN401  JSON
    if not isinstance(value, list):
        return False
    keys = {order_key(one) for one in value}
    sought = {order_key(one) for one in wanted}
    return sought <= keys if every else not sought.isdisjoint(keys)


def _text(value: Any) -> str | None:  # noqa: ANN401  any JSON value or MISSING
    """What is searched in; ``None`` where nothing can be found. Source: protocol F-22, W-22."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return json.dumps(value)
    return digits(json.dumps(value)) if isinstance(value, int | float) else None
