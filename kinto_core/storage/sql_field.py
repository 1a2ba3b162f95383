"""What every way to reach a field of the stored objects offers to filters and sorts.

Real columns, SQLite's JSON functions and PostgreSQL's ``jsonb`` each keep this promise in a file
of their own. What filters mean is decided elsewhere.
"""

from collections.abc import Callable, Mapping, Sequence
from operator import le, lt
from typing import Any, Final, Protocol, TypeVar

from sqlalchemy import ColumnElement, Integer, Text, case, false, literal_column, true

from kinto_core.storage.query import Rank

Condition = ColumnElement[bool]
Comparison = Callable[[Any, Any], Any]
"""One of ``lt``, ``le``, ``gt`` and ``ge`` of the module ``operator``."""

DOWNWARD: Final = (lt, le)
T = TypeVar("T")


class Field(Protocol):
    """A field of the stored objects.

    A condition may be ``NULL`` where the field is missing, which means that it does not hold.
    Values are JSON values.
    """

    def present(self) -> Condition:
        """The object has the field; a field that is ``null`` is there."""
        ...

    def equals(self, value: Any) -> Condition:  # noqa: ANN401  any JSON value
        """The field is there and has this value. Source: protocol F-10."""
        ...

    def is_in(self, values: Sequence[Any]) -> Condition:
        """The field is there and equals one of these. Source: protocol F-14."""
        ...

    def compare(self, comparison: Comparison, value: Any) -> Condition:  # noqa: ANN401  any JSON value
        """The field stands there in the order of values; missing comes last. Source: F-30."""
        ...

    def like(self, pattern: str) -> Condition:
        """The field's text matches; ``*`` is special. Source: protocol F-22."""
        ...

    def contains(self, values: Sequence[Any], *, all_of_them: bool) -> Condition:
        """The field is an array with all, or any, of these. Source: protocol F-18, F-19."""
        ...

    def order(self) -> list[ColumnElement[Any]]:
        """What to sort by, one after the other, for the order of values."""
        ...


def by_rank(
    kind: ColumnElement[Any],
    kinds: Mapping[Rank, Sequence[str]],
    comparison: Comparison,
    rank: Rank,
    within: Mapping[str, Condition],
) -> Condition:
    """Compare by type first; ``kind`` is looked at once.

    Args:
        kind: gives the name that the database has for the field's type, ``NULL`` if missing.
        kinds: the database's names of the types.
        comparison: upward or downward.
        rank: of the value to compare with.
        within: for each name of that rank, how to compare two values of the type.
    """
    down = comparison in DOWNWARD
    lower = [name for other, names in kinds.items() if other < rank for name in names]
    outcomes = {**within, **dict.fromkeys(lower, true() if down else false())}
    return by_kind(kind, outcomes, false() if down else true())


def by_kind(
    kind: ColumnElement[Any], outcomes: Mapping[str, ColumnElement[T]], otherwise: ColumnElement[T]
) -> ColumnElement[T]:
    """What belongs to the field's type; ``kind`` is looked at once."""
    branches = [(literal_column(f"'{name}'", Text()), item) for name, item in outcomes.items()]
    return case(*branches, value=kind, else_=otherwise)


def ranks(kind: ColumnElement[Any], kinds: Mapping[Rank, Sequence[str]]) -> ColumnElement[int]:
    """The rank of the field's type as a number."""
    numbers = {name: _constant(rank) for rank, names in kinds.items() for name in names}
    return by_kind(kind, numbers, _constant(Rank.MISSING))


def _constant(rank: Rank) -> ColumnElement[int]:
    return literal_column(str(int(rank)), Integer())
