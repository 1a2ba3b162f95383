"""How much something may hold, as values; how large an object is.

Source: built-in plugins B-155, B-161.
"""

from typing import Any, Final, NamedTuple

from kinto_core import json
from kinto_core.errors import Fault

ATTRIBUTE: Final = "quotas"
"""The field of buckets and collections with limits of their own."""


class Limits(NamedTuple):
    """What is allowed; ``None``: no limit.

    Attributes:
        max_bytes: size of everything together.
        max_items: number of records.
        max_bytes_per_item: size of one object.
    """

    max_bytes: int | None = None
    max_items: int | None = None
    max_bytes_per_item: int | None = None

    def and_also(self, other: "Limits") -> "Limits":
        """The limits that keep both: the smaller ones."""
        if other == NO_LIMITS:
            return self
        return Limits(*(_smaller(one, two) for one, two in zip(self, other, strict=True)))


NO_LIMITS: Final = Limits()


def size_of(text: str) -> int:
    """The size of an object in bytes: of its JSON text with everything but ASCII escaped.

    Args:
        text: as it is stored, without spaces.

    Source: built-in plugins B-161.
    """
    if text.isascii():
        return len(text)
    plain = len(text.encode("ascii", "ignore"))
    units = len(text.encode("utf-16-le")) // 2
    return plain + _ESCAPE * (units - plain)


_ESCAPE = len("\\u00e9")


def own_limits(text: str) -> Limits:
    """The limits that a stored bucket or collection sets itself; what is no limit is left out."""
    wanted = _attribute(text)
    if not isinstance(wanted, dict):
        return NO_LIMITS
    found = {name: wanted.get(name) for name in Limits._fields}
    return Limits(**{name: value for name, value in found.items() if _is_limit(value)})


def faults_of(text: str) -> list[Fault]:
    """What is wrong with the limits that a bucket or collection sets itself."""
    wanted = _attribute(text)
    if wanted is None:
        return []
    name = f"data.{ATTRIBUTE}"
    if not isinstance(wanted, dict):
        return [Fault("body", name, f"expected an object with {', '.join(Limits._fields)}")]
    faults = [
        Fault("body", f"{name}.{key}", f"there is no such quota, use {', '.join(Limits._fields)}")
        for key in wanted
        if key not in Limits._fields
    ]
    return faults + [
        Fault("body", f"{name}.{key}", "expected a whole number from 0 on")
        for key in Limits._fields
        if wanted.get(key) is not None and not _is_limit(wanted[key])
    ]


def _attribute(text: str) -> Any:  # noqa: ANN401  whatever a client stored
    """The field with limits of a stored object."""
    return json.parse(text).get(ATTRIBUTE) if f'"{ATTRIBUTE}"' in text else None


def _is_limit(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < _BEYOND


_BEYOND = 2**63
"""Databases keep smaller numbers only."""


def _smaller(one: int | None, other: int | None) -> int | None:
    if one is None or other is None:
        return other if one is None else one
    return min(one, other)
