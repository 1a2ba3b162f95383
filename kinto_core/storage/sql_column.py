"""The fields that every object has, as the real columns they are: quick, and on an index."""

from collections.abc import Sequence
from math import ceil, floor
from operator import ge, lt
from typing import Any

from sqlalchemy import ColumnElement, Text, cast, false, true

from kinto_core.storage.query import Rank, rank_of
from kinto_core.storage.sql_field import DOWNWARD, Comparison, Condition
from kinto_core.storage.sql_text import like

_LONGEST = 2**63


class ColumnField:
    """A column that is never ``NULL``: a string or an integer. See ``Field``.

    Args:
        column: where the field is.
        rank: ``Rank.STRING`` or ``Rank.NUMBER``.
        dialect: the database's name.
    """

    def __init__(self, column: ColumnElement[Any], rank: Rank, dialect: str) -> None:
        self._column = column
        self._rank = rank
        self._dialect = dialect

    def present(self) -> Condition:
        """See ``Field.present``."""
        return true()

    def equals(self, value: Any) -> Condition:  # noqa: ANN401  any JSON value
        """See ``Field.equals``."""
        return self.is_in([value])

    def is_in(self, values: Sequence[Any]) -> Condition:
        """See ``Field.is_in``."""
        possible = [value for value in values if self._is_possible(value)]
        if not possible:
            return false()
        condition: Condition = self._column.in_(possible)
        if len(possible) == 1:
            condition = self._column == possible[0]
        return condition

    def compare(self, comparison: Comparison, value: Any) -> Condition:  # noqa: ANN401  any JSON value
        """See ``Field.compare``."""
        rank = rank_of(value)
        if rank is not self._rank:
            return true() if (self._rank < rank) == (comparison in DOWNWARD) else false()
        if isinstance(value, float):
            value = ceil(value) if comparison in (lt, ge) else floor(value)
        if isinstance(value, int) and not -_LONGEST <= value < _LONGEST:
            return true() if comparison(0, value) else false()
        condition: Condition = comparison(self._column, value)
        return condition

    def like(self, pattern: str) -> Condition:
        """See ``Field.like``."""
        text = self._column if self._rank is Rank.STRING else cast(self._column, Text)
        return like(text, pattern, self._dialect)

    def contains(self, values: Sequence[Any], *, all_of_them: bool) -> Condition:  # noqa: ARG002  as promised
        """See ``Field.contains``: neither text nor number contains anything."""
        return false()

    def _is_possible(self, value: Any) -> bool:  # noqa: ANN401  any JSON value
        """Whether the column could hold a value."""
        if rank_of(value) is not self._rank:
            return False
        if isinstance(value, str):
            return True
        return bool(value == int(value) and -_LONGEST <= value < _LONGEST)

    def order(self) -> list[ColumnElement[Any]]:
        """See ``Field.order``."""
        return [self._column]
