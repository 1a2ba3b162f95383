"""How a declared index can serve a query, decided on plain values.

An index is named by its fields, joined by commas: ``status`` or ``status,score``. It keeps the
objects of a list in the order of these fields. A query reads one range of it: filters of equality
give the first fields their values, a comparison bounds the next field, and the order of the rest is
the order of the range. What the range does not settle is checked or sorted afterwards.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from kinto_core.storage.query import MISSING, Filter, Operator, Query, Sort, total_order
from kinto_core.storage.sort_keys import END, FIRST, cut, is_whole, sort_key

COLUMNS: Final = frozenset(("id", "last_modified"))
"""Fields that every object has, with an index of their own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scan:
    """The part of an index that has everything a query looks for.

    Attributes:
        index: its name.
        prefix: what all its keys begin with.
        low, high: the range of keys, ``high`` excluded.
        keys: only these keys, instead of the range; ``None``: the whole range.
        equalities: how many fields have one value.
        residue: filters that the range does not settle.
        is_ordered: whether the order of keys is the order of the query, as far as it goes.
        descending: the direction in which it is.
        fields: those that the order is by.
        tail: how objects with equal keys are sorted; ends with the id.
    """

    index: str
    prefix: bytes
    low: bytes
    high: bytes
    keys: tuple[bytes, ...] | None
    equalities: int
    residue: tuple[Filter, ...]
    is_ordered: bool
    descending: bool
    fields: tuple[str, ...]
    tail: tuple[Sort, ...]

    @property
    def is_narrow(self) -> bool:
        """Whether it is less than the whole index."""
        return self.keys is not None or (self.low, self.high) != (FIRST, END)


@dataclass(frozen=True, slots=True)
class Choice:
    """The scans that come into question.

    Attributes:
        narrow: reads the fewest entries; all of them have to be sorted.
        ordered: reads entries in the query's order, until the page is full.
        elsewhere: whether the list has another quick way, by id or time.
    """

    narrow: Scan | None
    ordered: Scan | None
    elsewhere: bool


def choose(query: Query) -> Choice:
    """The best scans for a query; both are ``None`` when no index helps.

    An ordered scan that leaves nothing to check is the only one when there is such a scan.
    """
    if query.include_deleted or not query.indexed:
        return Choice(None, None, elsewhere=True)
    scans = [scan_of(name, query) for name in sorted(query.indexed)]
    narrow = max((scan for scan in scans if scan.is_narrow), key=_selects, default=None)
    ordered = None
    if query.limit is not None:
        ordered = max((scan for scan in scans if scan.is_ordered), key=_selects, default=None)
    if ordered is not None and not ordered.residue:
        narrow = None
    fields = {item.field for item in query.filters} | {query.sorts[0].field if query.sorts else ""}
    return Choice(narrow, ordered, elsewhere=not fields.isdisjoint(COLUMNS))


def _selects(scan: Scan) -> tuple[int, int, bool]:
    return -len(scan.residue), scan.equalities, scan.is_ordered


def scan_of(index: str, query: Query) -> Scan:
    """What to read of one index for a query."""
    fields = index.split(",")
    prefix, left, fixed = _equal_part(fields, query.filters)
    rest = fields[len(fixed) :]
    bounds = _Bounds(prefix)
    keys = None
    if rest:
        keys = _alternatives(prefix, rest, left)
        if keys is None:
            left = [item for item in left if item.field != rest[0] or not bounds.narrow(item)]
        else:
            left = [item for item in left if not _is_choice(item, rest[0])]
    sorts = total_order(query.sorts)
    wanted = [sort for sort in sorts if sort.field not in fixed]
    used, tail = wanted[: len(rest)], wanted[len(rest) :]
    directions = {sort.descending for sort in used}
    is_ordered = (
        keys is None
        and [sort.field for sort in used] == rest
        and len(directions) <= 1
        and bool(rest or {sort.field for sort in tail} <= {"id"})
    )
    return Scan(
        index=index,
        prefix=prefix,
        low=max(bounds.low, FIRST),
        high=bounds.high,
        keys=keys,
        equalities=len(fixed),
        residue=tuple(left),
        is_ordered=is_ordered,
        descending=sorts[-1].descending if not used else used[0].descending,
        fields=tuple(rest),
        tail=tuple(tail),
    )


def edge_of(scan: Scan, query: Query) -> bytes | None:
    """The whole key of the last object of the page before; ``None`` on the first page.

    It may be longer than keys are kept.
    """
    if query.after is None:
        return None
    values = (query.after.get(field, MISSING) for field in scan.fields)
    return scan.prefix + b"".join(map(sort_key, values))


def _equal_part(
    fields: Sequence[str], filters: Sequence[Filter]
) -> tuple[bytes, list[Filter], list[str]]:
    """What the first fields are equal to as a key, the filters left, and these fields."""
    prefix, left, fixed = b"", list(filters), list[str]()
    for field in fields:
        found = next((item for item in left if _is_equality(item, field)), None)
        if found is None:
            break
        value = found.value if found.operator is Operator.EQUAL else MISSING
        key = prefix + sort_key(value)
        if not is_whole(key):
            break
        prefix = key
        left = [item for item in left if item is not found]
        fixed.append(field)
    return prefix, left, fixed


def _is_equality(item: Filter, field: str) -> bool:
    if item.field != field:
        return False
    return item.operator is Operator.EQUAL or (item.operator is Operator.HAS and not item.value)


def _is_choice(item: Filter, field: str) -> bool:
    return item.field == field and item.operator is Operator.IN


def _alternatives(
    prefix: bytes, rest: Sequence[str], filters: Sequence[Filter]
) -> tuple[bytes, ...] | None:
    """The keys that a single filter ``in_`` on the last field allows."""
    choices = [item for item in filters if _is_choice(item, rest[0])]
    if len(rest) > 1 or len(choices) != 1:
        return None
    keys = tuple(sorted({prefix + sort_key(value) for value in choices[0].value}))
    return keys if all(map(is_whole, keys)) else None


class _Bounds:
    """A range of keys that filters make narrower.

    Args:
        prefix: what all keys begin with.

    Attributes:
        low, high: the range, ``high`` excluded.
    """

    def __init__(self, prefix: bytes) -> None:
        self._prefix = prefix
        self.low = prefix
        self.high = prefix + END

    def narrow(self, item: Filter) -> bool:
        """Respect a filter on the field after the prefix; whether it is settled by that."""
        operator, value = item.operator, item.value
        if operator is Operator.HAS and value:
            operator, value = Operator.LESS, MISSING
        if operator not in _RANGES:
            return False
        key = self._prefix + sort_key(value)
        whole = is_whole(key)
        first, beyond = cut(key), cut(key) + END
        if operator in (Operator.EQUAL, Operator.AT_LEAST) or not whole:
            after_low = first
        else:
            after_low = beyond
        if operator in _UPWARD:
            self.low = max(self.low, after_low)
        if operator in _DOWNWARD:
            self.high = min(self.high, first if operator is Operator.LESS and whole else beyond)
        return whole


_UPWARD: Final = (Operator.EQUAL, Operator.GREATER, Operator.AT_LEAST)
_DOWNWARD: Final = (Operator.EQUAL, Operator.LESS, Operator.AT_MOST)
_RANGES: Final = frozenset((*_UPWARD, *_DOWNWARD))
