"""A cache in the memory of one process: quick, bounded, shared with nobody."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from kinto_core import json
from kinto_core.cache.interface import lifetime_milliseconds, not_a_count

_ENTRY_BYTES = 48
_KEPT_SHARE = 0.8
_SHORTEST_ROUND = 1024


@dataclass(slots=True)
class _Entry:
    """A value as JSON text, which callers cannot change, and when it ends."""

    text: str
    expires_at: float


class MemoryCache:
    """Keeps values in a mapping; see ``Cache`` for each method.

    When an entry is added and the estimated size has reached the limit, entries that ended go
    first and then the oldest, until four fifths are left.

    Args:
        prefix: counts towards the size, as with other backends.
        max_size_bytes: the limit of this process; ``None`` for none.
        clock: seconds that only ever rise.

    Source: settings S-98.
    """

    def __init__(
        self,
        *,
        prefix: str = "",
        max_size_bytes: int | None = 524288,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._prefix_length = len(prefix)
        self._limit = max_size_bytes
        self._clock = clock
        self._lock = threading.Lock()
        self._entries: dict[str, _Entry] = {}
        self._size = 0
        self._until_sweep = _SHORTEST_ROUND

    @property
    def size_bytes(self) -> int:
        """The estimated size of all entries, those that ended and are still there included."""
        return self._size

    def get(self, key: str) -> Any | None:  # noqa: ANN401  any JSON value
        """See ``Cache.get``."""
        with self._lock:
            entry = self._live(key)
        return None if entry is None else json.parse(entry.text)

    def set(self, key: str, value: Any, ttl_seconds: float) -> None:  # noqa: ANN401  any JSON value
        """See ``Cache.set``."""
        text = json.dumps(value)
        with self._lock:
            self._put(key, text, ttl_seconds)

    def add(self, key: str, value: Any, ttl_seconds: float) -> bool:  # noqa: ANN401  any JSON value
        """See ``Cache.add``."""
        text = json.dumps(value)
        with self._lock:
            if self._live(key) is not None:
                return False
            self._put(key, text, ttl_seconds)
            return True

    def delete(self, key: str) -> Any | None:  # noqa: ANN401  any JSON value
        """See ``Cache.delete``."""
        with self._lock:
            entry = self._live(key)
            if entry is None:
                return None
            self._drop(key)
        return json.parse(entry.text)

    def expire(self, key: str, ttl_seconds: float) -> bool:
        """See ``Cache.expire``."""
        with self._lock:
            entry = self._live(key)
            if entry is None:
                return False
            entry.expires_at = self._end_of(ttl_seconds)
            return True

    def ttl(self, key: str) -> float | None:
        """See ``Cache.ttl``."""
        with self._lock:
            entry = self._live(key)
            return None if entry is None else entry.expires_at - self._clock()

    def increment(self, key: str, ttl_seconds: float) -> int:
        """See ``Cache.increment``."""
        with self._lock:
            entry = self._live(key)
            if entry is None:
                self._put(key, "1", ttl_seconds)
                return 1
            value = json.parse(entry.text)
            if type(value) is not int:
                raise not_a_count(key)
            text = str(value + 1)
            self._size += len(text) - len(entry.text)
            entry.text = text
            return value + 1

    def flush(self) -> None:
        """See ``Cache.flush``."""
        with self._lock:
            self._entries.clear()
            self._size = 0

    def ping(self) -> None:
        """See ``Cache.ping``: memory always answers."""

    def close(self) -> None:
        """See ``Cache.close``."""
        self.flush()

    # The methods below are called by a thread that holds the lock.

    def _live(self, key: str) -> _Entry | None:
        entry = self._entries.get(key)
        if entry is None:
            return None
        if entry.expires_at <= self._clock():
            self._drop(key)
            return None
        return entry

    def _put(self, key: str, text: str, ttl_seconds: float) -> None:
        if key in self._entries:
            self._drop(key)
        self._make_room()
        self._entries[key] = _Entry(text, self._end_of(ttl_seconds))
        self._size += self._size_of(key, text)

    def _make_room(self) -> None:
        is_full = self._limit is not None and self._size >= self._limit
        self._until_sweep -= 1
        if is_full or self._until_sweep <= 0:
            self._drop_ended()
            self._until_sweep = max(_SHORTEST_ROUND, len(self._entries))
        if self._limit is None or self._size < self._limit:
            return
        while self._entries and self._size >= self._limit * _KEPT_SHARE:
            self._drop(next(iter(self._entries)))

    def _drop_ended(self) -> None:
        now = self._clock()
        for key in [key for key, entry in self._entries.items() if entry.expires_at <= now]:
            self._drop(key)

    def _drop(self, key: str) -> None:
        entry = self._entries.pop(key)
        self._size -= self._size_of(key, entry.text)

    def _size_of(self, key: str, text: str) -> int:
        return 3 * (self._prefix_length + len(key)) + len(text) + _ENTRY_BYTES

    def _end_of(self, ttl_seconds: float) -> float:
        return self._clock() + lifetime_milliseconds(ttl_seconds) / 1000
