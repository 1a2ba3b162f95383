"""Only the wanted fields of an object. Which fields are wanted is read elsewhere."""

from collections.abc import Sequence
from typing import Any, Final

ALWAYS: Final = ("id", "last_modified", "deleted")
"""Fields that are kept whatever is asked for; a tombstone stays one. Source: protocol L-1, W-24."""


def project(data: dict[str, Any], fields: Sequence[str]) -> dict[str, Any]:
    """A new object with the wanted fields of another, in their order; unknown ones are ignored.

    Args:
        data: the fields of an object, left as they are.
        fields: names; ``a.b`` keeps that part of the object ``a``, or ``a`` whole if it is none.

    Source: protocol L-1 to L-5.
    """
    wanted: dict[str, Any] = {}
    for field in fields:
        _want(wanted, field.split("."))
    chosen = _choose(data, wanted)
    chosen.update((name, data[name]) for name in ALWAYS if name in data)
    return chosen


def _want(wanted: dict[str, Any], keys: Sequence[str]) -> None:
    """Add a way to the tree of wanted fields, in which ``None`` means the whole value."""
    for key in keys[:-1]:
        branch = wanted.setdefault(key, {})
        if branch is None:
            return
        wanted = branch
    wanted[keys[-1]] = None


def _choose(data: dict[str, Any], wanted: dict[str, Any]) -> dict[str, Any]:
    chosen: dict[str, Any] = {}
    for key, below in wanted.items():
        if key in data:
            value = data[key]
            is_part = below is not None and isinstance(value, dict)
            chosen[key] = _choose(value, below) if is_part else value
    return chosen
