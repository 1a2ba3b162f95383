"""The fields ``indexes`` and ``unique`` of collections: what they may hold, and what they declare.

``["status", "author.name", "status,score"]``: fields of records by which they are found quickly;
several joined by commas make one index, in the order of the first, then of the next. What an index
can do for a query is in ``kinto_core.storage.indexes``. An index that ``unique`` names is one like
the others, and no two records are equal in it (see ``uniqueness.py``).
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final, NamedTuple

from kinto_core import json
from kinto_core.errors import Fault
from kinto_core.objects import StoredObject
from kinto_core.resources.definition import ResourceType

MOST_INDEXES: Final = 8
"""Each costs a row for every record, in whichever field it is named."""

MOST_FIELDS: Final = 3
"""So many fields one index may have."""

LONGEST_NAME: Final = 200
"""So many characters the name of an index may have."""

_NAME: Final = re.compile(r"[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*")
_COLUMNS: Final = ("id", "last_modified")
_FIELDS: Final = ("indexes", "unique")
_INDEXES: Final = '"indexes"'
_UNIQUE: Final = '"unique"'
_SHORT: Final = 1 << 16
"""What objects with indexes declare is remembered for texts up to this many characters."""


class Declaration(NamedTuple):
    """What an object declares for what it contains.

    Attributes:
        names: of all its indexes, each once.
        unique: of those in which no two objects may be equal.
    """

    names: tuple[str, ...]
    unique: tuple[str, ...]


NOTHING: Final = Declaration((), ())


def index_faults(data: Mapping[str, Any], prefix: str) -> list[Fault]:
    """What is wrong with the indexes in an object's fields.

    Args:
        data: the fields.
        prefix: of their names, for the faults.
    """
    given = [field for field in _FIELDS if field in data]
    texts = {field: _fault(data[field]) for field in given}
    faults = [Fault("body", prefix + field, text) for field, text in texts.items() if text]
    together = len(declaration_of(data).names)
    if not faults and together > MOST_INDEXES:
        text = f"at most {MOST_INDEXES} indexes are accepted with 'indexes', not {together}"
        return [Fault("body", f"{prefix}unique", text)]
    return faults


def declaration(parent: StoredObject | None) -> Declaration:
    """The indexes that an object declares for what it contains.

    Costs two searches in the text when there are none.
    """
    if parent is None or parent.deleted:
        return NOTHING
    text = parent.text
    if _INDEXES not in text and _UNIQUE not in text:
        return NOTHING
    return _declaration_in(text) if len(text) < _SHORT else declaration_of(parent.data)


def declared(parent: StoredObject | None) -> tuple[str, ...]:
    """The names of all indexes that an object declares."""
    return declaration(parent).names


@lru_cache(maxsize=64)
def _declaration_in(text: str) -> Declaration:
    return declaration_of(json.parse(text))


def indexed(kind: ResourceType, parent: StoredObject | None) -> frozenset[str]:
    """The indexes of a list of this type in an object whose text was read."""
    return frozenset(declared(parent)) if kind.has_indexes else frozenset()


def declaration_of(data: Mapping[str, Any]) -> Declaration:
    """The indexes in an object's fields; a field that is no list of names declares none."""
    indexes, unique = (_names(data.get(field)) for field in _FIELDS)
    return Declaration(tuple(dict.fromkeys((*indexes, *unique))), unique)


def _names(value: Any) -> tuple[str, ...]:  # noqa: ANN401  any JSON value
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
    if len(name) > LONGEST_NAME:
        return f"at most {LONGEST_NAME} characters are accepted"
    fields = name.split(",")
    if len(fields) > MOST_FIELDS or len(set(fields)) < len(fields):
        return f"'{name}': an index has up to {MOST_FIELDS} different fields"
    for field in fields:
        if not _NAME.fullmatch(field):
            return f"'{name}': only letters, digits, '_', '-' and dots between them are accepted"
        if field in _COLUMNS:
            return f"'{name}': '{field}' is quick without an index"
    return None
