"""Fields of stored objects on PostgreSQL, through the parsed ``jsonb`` column.

Inside arrays and objects strings compare by the collation of the database, which is meant to be
``C``; everywhere else they compare by code point.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Text,
    and_,
    case,
    cast,
    exists,
    false,
    func,
    literal,
    literal_column,
    or_,
    true,
)
from sqlalchemy.dialects.postgresql import JSONB, JSONPATH
from sqlalchemy.types import NullType

from kinto_core import json
from kinto_core.storage.query import Rank, rank_of
from kinto_core.storage.sql_field import Comparison, Condition, by_kind, by_rank, ranks
from kinto_core.storage.sql_text import like

_KINDS: Final[Mapping[Rank, Sequence[str]]] = {
    Rank.NULL: ("null",),
    Rank.STRING: ("string",),
    Rank.NUMBER: ("number",),
    Rank.BOOLEAN: ("boolean",),
    Rank.ARRAY: ("array",),
    Rank.OBJECT: ("object",),
}
_SHORT_PATH: Final = 8
"""Longer ways are written as a path, which nests no SQL."""


class PostgresqlField:
    """A field of a ``jsonb`` value. See ``Field``.

    Args:
        fields: the column with the whole object.
        keys: the way through nested objects; arrays are not entered. Source: protocol F-23.
    """

    def __init__(self, fields: ColumnElement[Any], keys: Sequence[str]) -> None:
        value = fields
        if len(keys) > _SHORT_PATH:
            path = "strict $" + "".join(f".{json.dumps(key)}" for key in keys)
            value = func.jsonb_path_query_first(
                fields,
                cast(literal(path, Text()), JSONPATH()),
                literal_column("'{}'::jsonb"),
                true(),
                type_=NullType(),
            )
        else:
            for key in keys:
                value = value.op("->", precedence=15)(literal(key, Text()))
        self._value: ColumnElement[Any] = value
        self._kind = func.jsonb_typeof(value, type_=Text())

    def present(self) -> Condition:
        """See ``Field.present``."""
        return self._value.is_not(None)

    def equals(self, value: Any) -> Condition:  # noqa: ANN401  any JSON value
        """See ``Field.equals``."""
        return self._value == _json(value)

    def is_in(self, values: Sequence[Any]) -> Condition:
        """See ``Field.is_in``."""
        return self._value.in_([_json(value) for value in values]) if values else false()

    def compare(self, comparison: Comparison, value: Any) -> Condition:  # noqa: ANN401  any JSON value
        """See ``Field.compare``."""
        rank = rank_of(value)
        within: dict[str, Condition] = {}
        if rank is Rank.STRING:
            within["string"] = comparison(self._text().collate("C"), literal(value, Text()))
        elif rank is not Rank.MISSING:
            within[_KINDS[rank][0]] = comparison(self._value, _json(value))
        return by_rank(self._kind, _KINDS, comparison, rank, within)

    def like(self, pattern: str) -> Condition:
        """See ``Field.like``."""
        matches = like(self._text(), pattern, "postgresql")
        return self._kind.in_(("string", "number", "boolean")) & matches

    def contains(self, values: Sequence[Any], *, all_of_them: bool) -> Condition:
        """See ``Field.contains``."""
        nested = [self._holds(value) for value in values if isinstance(value, dict | list)]
        plain = [value for value in values if not isinstance(value, dict | list)]
        if all_of_them:
            found = and_(self._has_all(plain), *nested)
        else:
            found = or_(false(), *(self._has_all([value]) for value in plain), *nested)
        return by_kind(self._kind, {"array": found}, false())

    def order(self) -> list[ColumnElement[Any]]:
        """See ``Field.order``."""
        is_text = self._kind == "string"
        text = case((is_text, self._text())).collate("C")
        other = case((is_text, None), else_=self._value)
        return [ranks(self._kind, _KINDS), text, other]

    def _text(self) -> ColumnElement[str]:
        text = self._value.op("#>>", precedence=15)(literal_column("'{}'"))
        text.type = Text()
        return text

    def _has_all(self, values: Sequence[Any]) -> Condition:
        """An array has all these elements; not for arrays and objects, of which parts suffice."""
        return self._value.op("@>", is_comparison=True)(_json(values))

    def _holds(self, value: Any) -> Condition:  # noqa: ANN401  any JSON value
        """An array has an element equal to an array or object."""
        elements = func.jsonb_array_elements(self._value).table_valued("value")
        return exists().select_from(elements).where(elements.c.value == _json(value))


def _json(value: Any) -> ColumnElement[Any]:  # noqa: ANN401  any JSON value
    return cast(literal(json.dumps(value), Text()), JSONB())
