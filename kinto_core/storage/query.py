"""What to look for, as values: filters, sort orders and pages, without SQL or HTTP.

Source: protocol section 6.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, IntEnum
from typing import Any, Final


class Missing(Enum):
    """The single value that stands for a field that an object does not have."""

    MISSING = "missing"


MISSING: Final = Missing.MISSING
"""Stands for an absent field: greater than every value. Source: protocol F-30."""


class Rank(IntEnum):
    """Where the types of JSON values stand in the order of values. Source: protocol F-30."""

    NULL = 0
    STRING = 1
    NUMBER = 2
    BOOLEAN = 3
    ARRAY = 4
    OBJECT = 5
    MISSING = 6


_RANKS: Final[dict[type, Rank]] = {
    type(None): Rank.NULL,
    str: Rank.STRING,
    int: Rank.NUMBER,
    float: Rank.NUMBER,
    bool: Rank.BOOLEAN,
    list: Rank.ARRAY,
    dict: Rank.OBJECT,
    Missing: Rank.MISSING,
}


def rank_of(value: Any) -> Rank:  # noqa: ANN401  any JSON value
    """The rank of a JSON value, or of ``MISSING``."""
    return _RANKS[type(value)]


class Operator(Enum):
    """How a field is compared; each value is the prefix in a query string.

    Source: protocol F-10 to F-19.
    """

    EQUAL = ""
    NOT = "not"
    LESS = "lt"
    AT_MOST = "max"
    GREATER = "gt"
    AT_LEAST = "min"
    IN = "in"
    EXCLUDE = "exclude"
    LIKE = "like"
    HAS = "has"
    CONTAINS = "contains"
    CONTAINS_ANY = "contains_any"


@dataclass(frozen=True, slots=True)
class Filter:
    """One condition on one field.

    Attributes:
        field: a name; dots reach into nested objects (``a.b``).
        operator: how to compare.
        value: any JSON value; a tuple of JSON values for ``IN``, ``EXCLUDE``, ``CONTAINS`` and
            ``CONTAINS_ANY``; text for ``LIKE`` (``*`` is the only special character); a boolean
            for ``HAS``.
    """

    field: str
    operator: Operator
    value: Any


@dataclass(frozen=True, slots=True)
class Sort:
    """One sort criterion: a field (dots reach into nested objects) and a direction."""

    field: str
    descending: bool = False


NEWEST_FIRST: Final = (Sort("last_modified", descending=True),)
"""The default order. Source: protocol S-2."""


@dataclass(frozen=True, slots=True)
class SharedWith:
    """Only objects whose own permissions name one of these principals.

    Attributes:
        principals: who asks.
        permissions: the permission names that suffice, such as ``("read", "write")``.

    Source: protocol P-31.
    """

    principals: frozenset[str]
    permissions: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """Which objects of one list, in which order, and how many.

    Attributes:
        filters: all must hold.
        sorts: criteria from first to last. The storage appends the id, so that the order is total.
        after: values of the sort fields (and ``id``) of the last object of the page before; a field
            that object did not have is ``MISSING``. ``None`` for the first page.
        limit: the most objects to return; ``None`` for all.
        include_deleted: whether tombstones count as objects. Source: protocol F-40.
        shared: restricts the list to objects shared with somebody; ``None`` for the whole list.
        indexed: the names of the indexes that the list's parent declares; see ``indexes.py``. They
            change how quickly a query is answered, never the answer.
    """

    filters: tuple[Filter, ...] = ()
    sorts: tuple[Sort, ...] = NEWEST_FIRST
    after: Mapping[str, Any] | None = None
    limit: int | None = None
    include_deleted: bool = False
    shared: SharedWith | None = None
    indexed: frozenset[str] = frozenset()


def total_order(sorts: Sequence[Sort]) -> list[Sort]:
    """The criteria that matter: none twice, none after the id, which ends the list.

    Source: protocol S-1 to S-3, W-25.
    """
    kept: dict[str, Sort] = {}
    for sort in sorts:
        kept.setdefault(sort.field, sort)
        if sort.field == "id":
            return list(kept.values())
    last = next(reversed(kept.values()), None)
    return [*kept.values(), Sort("id", descending=last is not None and last.descending)]
