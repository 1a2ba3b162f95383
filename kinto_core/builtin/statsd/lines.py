"""From measurements to lines of the statsd protocol; no I/O.

Source: settings S-219 to S-229, built-in plugins B-190.
"""

import math
import re
from collections.abc import Iterator, Mapping
from typing import Final

from kinto_core.metrics import MAX_SERIES, OVERFLOW, Labels

SETS: Final = frozenset({"request_summary", "authentication", "users"})
"""Counters that are sent as sets: their labels are the value."""

USERS: Final = "users"
"""Has a value for each user."""

SECONDS: Final = "_seconds"
"""Ends the names of durations; anything else that is observed is a size."""

LONGEST_LABEL: Final = 200
"""Characters of a name or a value of a label that are sent."""

_PARTS = re.compile(r"(backend|authentication|plugins|listeners)_(.+)_seconds")
_MEANINGFUL = re.compile(r"[|@#\s\x00-\x1f\x7f]")
"""What divides a line or a datagram, besides the colon."""

_FIRST = ("method", "endpoint")
"""Labels that come before all others. Source: settings S-220."""


class Lines:
    """Writes the lines of one server; used by many threads at once.

    There is a bounded number of series of each name, because clients choose some labels.

    Args:
        prefix: starts every name; ``""`` for nothing.
        has_counters: whether sets are sent as counters as well.
        has_users: whether users are sent.
    """

    def __init__(self, prefix: str, *, has_counters: bool = False, has_users: bool = False) -> None:
        self._prefix = f"{clean(prefix)}." if prefix else ""
        self._has_counters = has_counters
        self._has_users = has_users
        self._names: dict[str, dict[Labels, str]] = {}
        self._members: dict[tuple[str, Labels], bytes] = {}

    def counted(self, name: str, value: float, labels: Mapping[str, str] | None) -> Iterator[bytes]:
        """The lines about something that was counted; none for what is not to be sent."""
        if not math.isfinite(value):
            return
        if name not in SETS:
            yield _line(self._named(name, labels), value, "c")
            return
        if name == USERS and not self._has_users:
            return
        yield self._member(name, labels or {})
        if self._has_counters and name != USERS:
            yield _line(self._named(name, labels), value, "c")

    def observed(
        self, name: str, value: float, labels: Mapping[str, str] | None
    ) -> Iterator[bytes]:
        """The lines about a duration in seconds or a size."""
        if not math.isfinite(value):
            return
        if name.endswith(SECONDS):
            yield _line(self._named(name, labels), round(value * 1000, 3), "ms")
            return
        if value < 0:  # a sign would change the gauge by so much, rather than set it
            yield _line(self._named(name, None), 0, "g")
        yield _line(self._named(name, None), value, "g")

    def _member(self, name: str, labels: Mapping[str, str]) -> bytes:
        """The line of a set; remembered, but for users, of whom there may be many."""
        key = (name, tuple(labels.items()))
        found = self._members.get(key)
        if found is None:
            found = _encoded(f"{self._prefix}{clean(name)}:{joined(labels)}|s")
            if name != USERS and len(self._members) < MAX_SERIES:
                self._members[key] = found
        return found

    def _named(self, name: str, labels: Mapping[str, str] | None) -> str:
        """The full name of a series."""
        key = tuple(labels.items()) if labels else ()
        known = self._names.setdefault(name, {})
        if key not in known and len(known) >= MAX_SERIES:
            key = OVERFLOW
        found = known.get(key)
        if found is None:
            words = [clean(dotted(name)), joined(dict(key))]
            found = known[key] = self._prefix + ".".join(word for word in words if word)
        return found


def dotted(name: str) -> str:
    """A name with dots where the protocol has them. Source: settings S-225 to S-228."""
    found = _PARTS.fullmatch(name)
    return f"{found[1]}.{found[2]}.seconds" if found else name


def joined(labels: Mapping[str, str]) -> str:
    """Names and values of labels in one word: ``method.get.endpoint.hello``."""
    first: Labels = tuple((name, labels[name]) for name in _FIRST if name in labels)
    others: Labels = tuple(one for one in labels.items() if one[0] not in _FIRST)
    return ".".join(clean(word[:LONGEST_LABEL]) for one in first + others for word in one)


def clean(text: str) -> str:
    """A text without what means something in a line. Source: built-in plugins B-190."""
    return _MEANINGFUL.sub("_", text.replace(":", ""))


def _line(name: str, value: float, kind: str) -> bytes:
    number = f"{value:.6f}".rstrip("0").rstrip(".")
    return _encoded(f"{name}:{number}|{kind}")


def _encoded(text: str) -> bytes:
    return text.encode(errors="replace")
