"""Bytes that stand for values in an index, and sort as the values do.

Only bytes are made here: which rows an index has is in ``sql_indexes.py``, and how a query becomes
a range of bytes in ``indexes.py``.

The key of several fields is the keys of their values, one after the other. The key of no value
begins with that of another, so the first fields decide before the later ones. A key longer than
``LONGEST`` bytes is cut: keys of that length may be equal while the values differ, and whoever
meets one looks at the values themselves.

Source: protocol F-30, F-31.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from kinto_core.database.functions import value_key
from kinto_core.storage.matching import reach
from kinto_core.storage.query import MISSING

LONGEST: Final = 200
"""The most bytes of a key; one that has so many may have been cut."""

FIRST: Final = b"\x01"
"""Not after any key."""

END: Final = b"\xff"
"""What follows a key or the beginning of one never begins with this: the end of a range."""

_MISSING_KEY: Final = b"\x07"


def sort_key(value: Any) -> bytes:  # noqa: ANN401  any JSON value or MISSING
    """The key of one value, of any length; equal values have equal keys, however they are spelled.

    Numbers are exact: integers of any size, and doubles, in one order.
    """
    return _MISSING_KEY if value is MISSING else value_key(value)


def object_key(data: Mapping[str, Any], fields: Sequence[str]) -> bytes:
    """The key of an object in an index on some fields, cut when it is long.

    Args:
        data: the object.
        fields: names; dots reach into nested objects.
    """
    return cut(b"".join([sort_key(reach(data, field)) for field in fields]))


def claim(data: Mapping[str, Any], fields: Sequence[str]) -> bytes | None:
    """The whole key that an object has for itself alone in a unique index on some fields.

    ``None`` when a field is absent or null: then the object claims nothing.
    """
    values = [reach(data, field) for field in fields]
    if any(value is MISSING or value is None for value in values):
        return None
    return b"".join(map(sort_key, values))


def cut(key: bytes) -> bytes:
    """The key as it is kept: at most ``LONGEST`` bytes."""
    return key[:LONGEST]


def is_whole(key: bytes) -> bool:
    """Whether a key, kept or not yet cut, says everything about its values."""
    return len(key) < LONGEST
