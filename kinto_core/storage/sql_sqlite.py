"""Fields of stored objects on SQLite, through its JSON functions.

SQLite keeps numbers as 64-bit integers or doubles: integers beyond 64 bits compare as the nearest
double, so two of them that agree in their first fifteen digits may count as equal. Inside arrays
and objects numbers are exact.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import (
    Boolean,
    ColumnElement,
    Float,
    LargeBinary,
    Text,
    and_,
    cast,
    exists,
    false,
    func,
    literal,
    or_,
    true,
    type_coerce,
)
from sqlalchemy.types import NullType

from kinto_core import json
from kinto_core.database.functions import is_like, value_key
from kinto_core.storage.query import Rank, rank_of
from kinto_core.storage.sql_field import Comparison, Condition, by_kind, by_rank, ranks
from kinto_core.storage.sql_text import like

_KINDS: Final[Mapping[Rank, Sequence[str]]] = {
    Rank.NULL: ("null",),
    Rank.STRING: ("text",),
    Rank.NUMBER: ("integer", "real"),
    Rank.BOOLEAN: ("true", "false"),
    Rank.ARRAY: ("array",),
    Rank.OBJECT: ("object",),
}
_ODD: Final = re.compile(r'["\\\x00-\x1f]')
"""What a JSON text writes in another way, and SQLite's paths cannot express."""
_CONTAINERS: Final = (Rank.ARRAY, Rank.OBJECT)
_FEW: Final = 8
"""Up to so many elements SQL finds them quicker than our function."""


class SqliteField:
    """A field of a JSON text. See ``Field``.

    Args:
        data: the column with the JSON text of the whole object.
        keys: the way through nested objects.
    """

    def __init__(self, data: ColumnElement[Any], keys: Sequence[str]) -> None:
        self._data = data
        self._keys = json.dumps(list(keys))
        if any(_ODD.search(key) for key in keys):
            found = self._found()
            self._kind = func.json_type(found, type_=Text())
            self._value = func.json_extract(found, "$", type_=NullType())
        else:
            path = "$" + "".join(f'."{key}"' for key in keys)
            self._kind = func.json_type(data, path, type_=Text())
            self._value = func.json_extract(data, path, type_=NullType())

    def present(self) -> Condition:
        """See ``Field.present``."""
        return self._kind.is_not(None)

    def equals(self, value: Any) -> Condition:  # noqa: ANN401  any JSON value
        """See ``Field.equals``."""
        rank = rank_of(value)
        if rank not in _CONTAINERS:
            return _is(self._kind, self._value, value)
        return by_kind(self._kind, {_KINDS[rank][0]: self._key() == _key(value)}, false())

    def is_in(self, values: Sequence[Any]) -> Condition:
        """See ``Field.is_in``."""
        by_rank_of: dict[Rank, list[Any]] = {}
        for value in values:
            by_rank_of.setdefault(rank_of(value), []).append(value)
        outcomes: dict[str, Condition] = {}
        for rank, wanted in by_rank_of.items():
            outcomes |= self._one_of(rank, wanted)
        return by_kind(self._kind, outcomes, false()) if outcomes else false()

    def compare(self, comparison: Comparison, value: Any) -> Condition:  # noqa: ANN401  any JSON value
        """See ``Field.compare``."""
        rank = rank_of(value)
        return by_rank(self._kind, _KINDS, comparison, rank, self._within(comparison, rank, value))

    def like(self, pattern: str) -> Condition:
        """See ``Field.like``."""
        matches: dict[str, Condition] = {
            "text": like(type_coerce(self._value, Text()), pattern, "sqlite"),
            "true": true() if is_like("true", pattern) else false(),
            "false": true() if is_like("false", pattern) else false(),
        }
        number = func.kinto_like(func.kinto_digits(self._found()), pattern, type_=Boolean())
        matches |= {"integer": number, "real": number}
        return by_kind(self._kind, matches, false())

    def contains(self, values: Sequence[Any], *, all_of_them: bool) -> Condition:
        """See ``Field.contains``."""
        if len(values) <= _FEW and not any(rank_of(value) in _CONTAINERS for value in values):
            holding = [self._holds(value) for value in values]
            found = and_(true(), *holding) if all_of_them else or_(false(), *holding)
        else:
            wanted = json.dumps(list(values))
            found = func.kinto_contains(self._value, wanted, int(all_of_them), type_=Boolean())
        return by_kind(self._kind, {"array": found}, false())

    def order(self) -> list[ColumnElement[Any]]:
        """See ``Field.order``."""
        keys = dict.fromkeys(("array", "object"), self._key())
        return [ranks(self._kind, _KINDS), by_kind(self._kind, keys, self._value)]

    def _one_of(self, rank: Rank, values: Sequence[Any]) -> dict[str, Condition]:
        """How the field equals one of several values of a type, by SQLite's names of that."""
        if rank is Rank.NULL:
            return {"null": true()}
        if rank is Rank.BOOLEAN:
            return {"true" if value else "false": true() for value in values}
        if rank is Rank.STRING:
            return {"text": self._value.in_([literal(value, Text()) for value in values])}
        if rank is Rank.NUMBER:
            condition = self._value.in_([_number(value) for value in values])
            return {"integer": condition, "real": condition}
        return {_KINDS[rank][0]: self._key().in_([_key(value) for value in values])}

    def _within(self, comparison: Comparison, rank: Rank, value: Any) -> dict[str, Condition]:  # noqa: ANN401  any JSON value
        if rank is Rank.NULL:
            return {"null": true() if comparison(0, 0) else false()}
        if rank is Rank.BOOLEAN:
            outcomes = {"true": comparison(True, value), "false": comparison(False, value)}  # noqa: FBT003  the values compared
            return {name: true() if holds else false() for name, holds in outcomes.items()}
        if rank is Rank.MISSING:
            return {}
        if rank is Rank.STRING:
            return {"text": comparison(self._value, literal(value, Text()))}
        if rank is Rank.NUMBER:
            condition: Condition = comparison(self._value, _number(value))
            return {"integer": condition, "real": condition}
        return {_KINDS[rank][0]: comparison(self._key(), _key(value))}

    def _holds(self, value: Any) -> Condition:  # noqa: ANN401  any JSON value
        """The field, which is an array, has this element, which is none and no object."""
        elements = func.json_each(self._value).table_valued("value", "type")
        kind, element = elements.c.type, elements.c.value
        return exists().select_from(elements).where(_is(kind, element, value))

    def _found(self) -> ColumnElement[str]:
        return func.kinto_at(self._data, self._keys, type_=Text())

    def _key(self) -> ColumnElement[Any]:
        return func.kinto_key(self._value, type_=LargeBinary())


def _is(kind: ColumnElement[Any], found: ColumnElement[Any], value: Any) -> Condition:  # noqa: ANN401  any JSON value
    """A value that is no array or object equals another; the quick test comes first."""
    rank = rank_of(value)
    if rank is Rank.NULL:
        return kind == "null"
    if rank is Rank.BOOLEAN:
        return kind == ("true" if value else "false")
    if rank is Rank.STRING:
        return (found == literal(value, Text())) & (kind == "text")
    return (found == _number(value)) & kind.in_(("integer", "real"))


def _key(value: Any) -> ColumnElement[Any]:  # noqa: ANN401  any JSON value
    return literal(value_key(value), LargeBinary())


def _number(value: float) -> ColumnElement[Any]:
    """A number for SQLite, read by its own reader unless it is an integer of 64 bits.

    That reader may miss the nearest double by a bit; so both sides miss it in the same way.
    """
    if isinstance(value, int) and -(2**63) <= value < 2**63:
        return literal(value, NullType())
    return cast(literal(json.dumps(value), Text()), Float())
