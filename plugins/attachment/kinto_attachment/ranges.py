"""Conditions and ranges of a download: pure decisions on header values.

Source: RFC 9110, sections 8.8, 13 and 14.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

_RANGE = re.compile(r"bytes=\s*([0-9]{0,18})-([0-9]{0,18})\s*")


@dataclass(frozen=True, slots=True)
class Span:
    """The bytes from ``start`` up to and without ``stop``."""

    start: int
    stop: int


class Unsatisfiable(Exception):
    """The range begins behind the end of the file."""


def is_failed(headers: Mapping[str, str], etag: str) -> bool:
    """Whether ``If-Match`` asks for another content."""
    wanted = headers.get("if-match")
    return wanted is not None and not _names(wanted, etag, weakly=False)


def is_unchanged(headers: Mapping[str, str], etag: str) -> bool:
    """Whether ``If-None-Match`` says that the client has this content."""
    known = headers.get("if-none-match")
    return known is not None and _names(known, etag, weakly=True)


def span(headers: Mapping[str, str], size: int, etag: str, date: str | None) -> Span | None:
    """The range that is wanted; ``None``: everything.

    Several ranges, other units and what cannot be read are ignored, as is a range of another
    content (``If-Range``).

    Args:
        headers: by lower-case name.
        size: of the file in bytes.
        etag: of its content, quoted.
        date: its ``Last-Modified``; ``None`` when that does not tell contents apart.

    Raises:
        Unsatisfiable: the range has no byte of the file.
    """
    condition = headers.get("if-range")
    if condition is not None and condition.strip() not in (etag, date):
        return None
    found = _RANGE.fullmatch(headers.get("range", "").strip())
    if found is None or not (found[1] or found[2]):
        return None
    if not found[1]:
        wanted = int(found[2])
        if wanted == 0 or size == 0:
            raise Unsatisfiable
        return Span(max(size - wanted, 0), size)
    start = int(found[1])
    last = int(found[2]) if found[2] else size - 1
    if found[2] and last < start:
        return None
    if start >= size:
        raise Unsatisfiable
    return Span(start, min(last + 1, size))


def _names(listed: str, etag: str, *, weakly: bool) -> bool:
    """Whether a list of entity tags has one, or is ``*``."""
    if listed.strip() == "*":
        return True
    tags = (tag.strip() for tag in listed.split(","))
    return any((tag.removeprefix("W/") if weakly else tag) == etag for tag in tags)
