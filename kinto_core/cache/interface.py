"""What a cache promises. ``kinto_core.testing.contracts.cache`` tests it on any backend.

A cache keeps JSON values for a while. It takes no part in transactions: what is written stays
written when the request fails, so nothing belongs here that must agree with the storage.
"""

from typing import Any, Protocol

DEFAULT_PREFIX = "kinto:"
"""Put before keys when the settings name no prefix, so that flushing never reaches further."""


class Cache(Protocol):
    """Keeps values until their lifetime ends; used by many threads at once.

    Keys are texts. Lifetimes are seconds and may be fractions; zero or less counts as one
    millisecond. An entry whose lifetime has ended is absent for every method. JSON ``null`` cannot
    be told from an absent entry by ``get`` and ``delete``.

    Raises:
        BackendUnavailable: any method, when the backend is away.

    Source: settings S-104, S-105.
    """

    def get(self, key: str) -> Any | None:  # noqa: ANN401  any JSON value
        """The value, or ``None``."""
        ...

    def set(self, key: str, value: Any, ttl_seconds: float) -> None:  # noqa: ANN401  any JSON value
        """Keep a value, over what was there."""
        ...

    def add(self, key: str, value: Any, ttl_seconds: float) -> bool:  # noqa: ANN401  any JSON value
        """Keep a value unless there is an entry: true for exactly one of many at once."""
        ...

    def delete(self, key: str) -> Any | None:  # noqa: ANN401  any JSON value
        """Forget an entry; its value for exactly one of many at once, ``None`` for the others."""
        ...

    def expire(self, key: str, ttl_seconds: float) -> bool:
        """Give an entry a new lifetime from now on; whether there is one."""
        ...

    def ttl(self, key: str) -> float | None:
        """The rest of an entry's lifetime in seconds; ``None`` when it is absent."""
        ...

    def increment(self, key: str, ttl_seconds: float) -> int:
        """Count one more and give the count; nothing is lost when many count at once.

        The first count is 1 and starts the lifetime, which later ones leave as it is.

        Raises:
            TypeError: the entry is no integer; it stays as it is.
        """
        ...

    def flush(self) -> None:
        """Forget every entry under this cache's prefix, and no other. Source: settings SW-23."""
        ...

    def ping(self) -> None:
        """Look whether the backend answers, without changing anything. Source: settings SW-16."""
        ...

    def close(self) -> None:
        """Give back connections; the cache is not used afterwards."""
        ...


def lifetime_milliseconds(ttl_seconds: float) -> int:
    """A lifetime as whole milliseconds, at least one."""
    return max(1, round(ttl_seconds * 1000))


def not_a_count(key: str) -> TypeError:
    """The error for counting on an entry that is no integer."""
    message = f"cache entry {key!r} is not an integer and cannot be incremented"
    return TypeError(message)
