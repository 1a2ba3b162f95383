"""Filters and sort orders on plain Python values, for the few lists that no table holds.

Source: protocol sections 6.2, 6.3.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from kinto_core.storage.query import MISSING, Filter, Operator, Sort

Key = tuple[Any, ...]


def order_key(value: Any) -> Key:  # noqa: ANN401  any JSON value or MISSING
    """A key that sorts values by the protocol's total order. Source: protocol F-30, F-31."""
    if value is MISSING:
        return (6,)
    if value is None:
        return (0,)
    if isinstance(value, bool):
        return (3, value)
    if isinstance(value, str):
        return (1, value)
    if isinstance(value, int | float):
        return (2, value)
    if isinstance(value, dict):
        names = sorted(value)
        return (5, len(value), names, [order_key(value[name]) for name in names])
    return (4, len(value), [order_key(item) for item in value])


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


def comes_after(
    data: Mapping[str, Any], after: Mapping[str, Any], sorts: Sequence[Sort]
) -> bool:
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
        return isinstance(value, str) and _is_like(value.lower(), str(wanted).lower())
    if operator in (Operator.IN, Operator.EXCLUDE):
        found = order_key(value) in [order_key(one) for one in wanted]
        return found == (operator is Operator.IN)
    if operator in (Operator.CONTAINS, Operator.CONTAINS_ANY):
        return _contains(value, wanted, every=operator is Operator.CONTAINS)
    return _compares(order_key(value), operator, order_key(wanted))


def _compares(mine: Key, operator: Operator, theirs: Key) -> bool:
    results = {
        Operator.EQUAL: mine == theirs,
        Operator.NOT: mine != theirs,
        Operator.LESS: mine < theirs,
        Operator.AT_MOST: mine <= theirs,
        Operator.GREATER: mine > theirs,
        Operator.AT_LEAST: mine >= theirs,
    }
    return results[operator]


def _contains(value: Any, wanted: Sequence[Any], *, every: bool) -> bool:  # noqa: ANN401  JSON
    if not isinstance(value, list):
        return False
    keys = [order_key(one) for one in value]
    found = [order_key(one) in keys for one in wanted]
    return all(found) if every else any(found)


def _is_like(text: str, pattern: str) -> bool:
    """Substring search; with ``*``, the pattern covers the whole text. Source: protocol F-22."""
    if "*" not in pattern:
        return pattern in text
    first, *middle, last = pattern.split("*")
    if not text.startswith(first):
        return False
    position = len(first)
    for part in middle:
        found = text.find(part, position)
        if found < 0:
            return False
        position = found + len(part)
    return len(text) - position >= len(last) and text.endswith(last)
