"""How often somebody may guess: counts of failures by account and by network address.

The counts are in the cache, so that the processes of a server count together where they share it.
Whoever has proven a password already is never asked to wait, see ``policy.py``.

Source: built-in plugins BW-5.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from math import ceil

from kinto_core.cache.interface import Cache
from kinto_core.errors import TooManyRequests

HOUR = 3600

SLOW_DOWN = "Too many failed attempts, please try again later."
TOO_MANY_CREATIONS = "Too many new accounts, please try again later."


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempts:
    """Counts attempts.

    Attributes:
        cache: where.
        per_name: failures that one account may have; 0: any number.
        per_network: those that may come from one network.
        window_seconds: when they are forgotten, from the first one on.
        creations: accounts that may be created from one network within an hour.
    """

    cache: Cache
    per_name: int
    per_network: int
    window_seconds: int
    creations: int

    def require_room(self, name: str, network: str | None) -> None:
        """Refuse an attempt after too many failures.

        Raises:
            TooManyRequests: whether the credentials are right or not.
        """
        for key, limit in self._keys(name, network):
            if (self.cache.get(key) or 0) >= limit:
                raise TooManyRequests(self._rest(key), SLOW_DOWN)

    def failed(self, name: str, network: str | None) -> None:
        """Count a failure."""
        for key, _ in self._keys(name, network):
            self.cache.increment(key, self.window_seconds)

    def created(self, network: str | None) -> None:
        """Count a stranger who wants to create an account.

        Raises:
            TooManyRequests: there were too many.
        """
        if network is None or not self.creations:
            return
        key = f"accounts:created:{network}"
        if self.cache.increment(key, HOUR) > self.creations:
            raise TooManyRequests(self._rest(key), TOO_MANY_CREATIONS)

    def _keys(self, name: str, network: str | None) -> Iterable[tuple[str, int]]:
        if self.per_name:
            digest = hashlib.sha256(name.encode()).hexdigest()
            yield f"accounts:failed:name:{digest}", self.per_name
        if self.per_network and network is not None:
            yield f"accounts:failed:network:{network}", self.per_network

    def _rest(self, key: str) -> int:
        """Seconds until a count is forgotten."""
        return max(1, ceil(self.cache.ttl(key) or 0))
