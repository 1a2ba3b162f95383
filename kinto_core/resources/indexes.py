"""The field ``indexes`` of collections: what it may hold, and what an object declares with it.

``["status", "author.name", "status,score"]``: fields of records by which they are found quickly;
several joined by commas make one index, in the order of the first, then of the next. What an index
can do for a query is in ``kinto_core.storage.indexes``.
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

from kinto_core import json
from kinto_core.errors import Fault
from kinto_core.objects import StoredObject
from kinto_core.resources.definition import ResourceType

MOST_INDEXES: Final = 8
"""Each costs a row for every record."""

MOST_FIELDS: Final = 3
"""So many fields one index may have."""

_NAME: Final = re.compile(r"[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*")
_LONGEST: Final = 200
_COLUMNS: Final = ("id", "last_modified")
_WORD: Final = '"indexes"'
_SHORT: Final = 1 << 16
"""What objects with indexes declare is remembered for texts up to this many characters."""


def index_faults(name: str, value: Any) -> list[Fault]:  # noqa: ANN401  any JSON value
    """What is wrong with the field ``indexes``.

    Args:
        name: of the field, for the faults.
        value: of the field.
    """
    text = _fault(value)
    return [] if text is None else [Fault("body", name, text)]


def declared(parent: StoredObject | None) -> tuple[str, ...]:
    """The names of the indexes that an object declares for what it contains.

    Costs a search in the text when there are none.
    """
    if parent is None or parent.deleted or _WORD not in parent.text:
        return ()
    return _names_in(parent.text) if len(parent.text) < _SHORT else names_of(parent.data)


@lru_cache(maxsize=64)
def _names_in(text: str) -> tuple[str, ...]:
    return names_of(json.parse(text))


def indexed(kind: ResourceType, parent: StoredObject | None) -> frozenset[str]:
    """The indexes of a list of this type in an object whose text was read."""
    return frozenset(declared(parent)) if kind.has_indexes else frozenset()


def names_of(data: Mapping[str, Any]) -> tuple[str, ...]:
    """The names of the indexes in an object's fields, in order; none when the field is no list."""
    value = data.get("indexes")
    return tuple(value) if isinstance(value, list) and _fault(value) is None else ()


def _fault(value: Any) -> str | None:  # noqa: ANN401  any JSON value
    if not isinstance(value, list):
        return "a list of field names is expected"
    if len(value) > MOST_INDEXES:
        return f"at most {MOST_INDEXES} indexes are accepted, not {len(value)}"
    for position, name in enumerate(value):
        text = _name_fault(name)
        if text is not None:
            return f"{text} (index {position})"
        if name in value[:position]:
            return f"'{name}' is there twice"
    return None


def _name_fault(name: Any) -> str | None:  # noqa: ANN401  any JSON value
    if not isinstance(name, str) or not name:
        return "the name of a field is expected, or several joined by commas"
    if len(name) > _LONGEST:
        return f"at most {_LONGEST} characters are accepted"
    fields = name.split(",")
    if len(fields) > MOST_FIELDS or len(set(fields)) < len(fields):
        return f"'{name}': an index has up to {MOST_FIELDS} different fields"
    for field in fields:
        if not _NAME.fullmatch(field):
            return f"'{name}': only letters, digits, '_', '-' and dots between them are accepted"
        if field in _COLUMNS:
            return f"'{name}': '{field}' is quick without an index"
    return None
