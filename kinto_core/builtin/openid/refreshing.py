"""A value of the provider's that is fetched at first need, kept, and fetched again in time.

Nothing is fetched at start: a provider that is away then is none of the start's business.

Source: built-in plugins BW-18.
"""

import threading
import time
from collections.abc import Callable
from typing import Final, Generic, TypeVar

from kinto_core.builtin.openid.fetching import TURN_SECONDS, ProviderAway

T = TypeVar("T")

FRESH_SECONDS: Final = 3600.0
"""A value is fetched again after so long."""

USABLE_SECONDS: Final = 24 * 3600.0
"""A value that cannot be fetched again is used for so long."""

RETRY_SECONDS: Final = 30.0
"""The pause after fetching again failed."""

RENEW_SECONDS: Final = 10.0
"""Whoever asks for a new value gets one that is at most so old."""


class Refreshed(Generic[T]):
    """Keeps one value; used by many threads, of which one at a time fetches it.

    Args:
        fetch: gives the value, or raises ``ProviderAway``.
        clock: seconds that only ever rise.
    """

    def __init__(
        self, fetch: Callable[[], T], *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._fetch = fetch
        self._clock = clock
        self._turn = threading.Lock()
        self._value: T | None = None
        self._fetched = 0.0
        self._due = 0.0

    def get(self) -> T:
        """The value; an older one while another thread fetches it, or the provider is away.

        Raises:
            ProviderAway: there is none, or it is a day old.
        """
        value = self._value
        if value is None:
            return self._first()
        if self._clock() >= self._due and self._turn.acquire(blocking=False):
            try:
                return self._again(value)
            finally:
                self._turn.release()
        return value

    def renew(self) -> T:
        """The value as it is now, or was some seconds ago.

        Raises:
            ProviderAway: it cannot be known.
        """
        with _Turn(self._turn):
            value = self._value
            if value is not None and self._clock() - self._fetched < RENEW_SECONDS:
                return value
            return self._keep(self._fetch())

    def _first(self) -> T:
        with _Turn(self._turn):
            value = self._value
            return self._keep(self._fetch()) if value is None else value

    def _again(self, value: T) -> T:
        try:
            return self._keep(self._fetch())
        except ProviderAway:
            now = self._clock()
            if now - self._fetched > USABLE_SECONDS:
                raise
            self._due = now + RETRY_SECONDS
            return value

    def _keep(self, value: T) -> T:
        self._fetched = self._clock()
        self._due = self._fetched + FRESH_SECONDS
        self._value = value
        return value


class _Turn:
    """A lock that is not waited for longer than for the provider itself."""

    def __init__(self, lock: threading.Lock) -> None:
        self._lock = lock

    def __enter__(self) -> None:
        if not self._lock.acquire(timeout=TURN_SECONDS):
            message = "the identity provider takes long to answer"
            raise ProviderAway(message)

    def __exit__(self, *_: object) -> None:
        self._lock.release()
