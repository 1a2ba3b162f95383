"""Tokens that were looked at lately, so that not every request asks the provider.

A verified token is kept for a fixed time, or to its own end if that comes first; using it makes
neither longer. It is kept in the cache that all processes share, and for some seconds in this one.
A refused token is kept for seconds, in this process only: who sends rubbish fills nobody's memory.

Source: built-in plugins B-104, BW-8.
"""

import hmac
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from kinto_core.builtin.openid.provider import Vouched
from kinto_core.builtin.openid.sessions import EndedSessions
from kinto_core.builtin.openid.tokens import LEEWAY_SECONDS
from kinto_core.cache.interface import Cache
from kinto_core.errors import BackendUnavailable

REFUSED_SECONDS: Final = 5
NEAR_SECONDS: Final = 30
"""A token is looked up in the shared cache again after so long."""

CLOCKS_DIFFER: Final = LEEWAY_SECONDS * 1000
"""A token that does not say when it was made is taken to be so old, in milliseconds."""

MOST: Final = 2048
"""Tokens that one process keeps."""


@dataclass(frozen=True, slots=True)
class Found:
    """What is known about a token.

    Attributes:
        profile: of its user; ``None``: it was refused.
    """

    profile: Mapping[str, Any] | None


class Remembered:
    """The tokens of one provider; used by many threads.

    Args:
        cache: shared by all processes.
        clock: milliseconds since 1970.
        secret: key of the digests under which tokens are kept.
        scope: tells this provider's tokens from those of others.
        lifetime_seconds: of verified ones.
        ended: sessions whose tokens are to be verified again.
    """

    def __init__(  # noqa: PLR0913  one keyword for each fact about the provider
        self,
        cache: Cache,
        clock: Callable[[], int],
        *,
        secret: str,
        scope: str,
        lifetime_seconds: float,
        ended: EndedSessions,
    ) -> None:
        self._cache = cache
        self._clock = clock
        self._secret = secret.encode()
        self._scope = scope
        self._lifetime = round(lifetime_seconds * 1000)
        self._lock = threading.Lock()
        self._ended = ended
        self._near: dict[str, tuple[int, int, Found]] = {}

    def digest(self, token: str) -> str:
        """The name under which a token is kept; the token itself is kept nowhere."""
        return hmac.digest(self._secret, f"{self._scope}:{token}".encode(), "sha256").hex()

    def find(self, digest: str) -> Found | None:
        """What is known about a token; ``None``: nothing any more."""
        now = self._clock()
        near = self._near.get(digest)
        if near is not None and near[0] > now and near[1] == self._ended.count:
            return near[2]
        try:
            kept = self._cache.get(_key(digest))
        except BackendUnavailable:
            return None  # the provider knows
        if not isinstance(kept, dict) or kept["until"] <= now:
            return None
        if self._ended.has_ended(kept["sub"], kept["sid"], kept["at"]):
            return None
        return self._put(digest, Found(kept["profile"]), kept["until"], now)

    def keep(self, digest: str, vouched: Vouched) -> None:
        """Remember a verified token.

        Args:
            digest: of the token.
            vouched: what the provider said of it.
        """
        now = self._clock()
        until = now + self._lifetime
        if vouched.ends_at is not None:
            until = min(until, int(vouched.ends_at * 1000))
        if until <= now:
            return
        made_at = vouched.made_at
        kept = {
            "profile": vouched.profile,
            "until": until,
            "sub": vouched.subject,
            "sid": vouched.session,
            "at": now - CLOCKS_DIFFER if made_at is None else int(made_at * 1000),
        }
        self._put(digest, Found(vouched.profile), until, now)
        try:
            self._cache.set(_key(digest), kept, (until - now) / 1000)
        except BackendUnavailable:
            return  # this process remembers, the others will ask

    def refuse(self, digest: str) -> None:
        """Remember that a token is not to be believed."""
        now = self._clock()
        self._put(digest, Found(None), now + REFUSED_SECONDS * 1000, now)

    def _put(self, digest: str, found: Found, until: int, now: int) -> Found:
        near_until = min(until, now + NEAR_SECONDS * 1000)
        with self._lock:
            self._near.pop(digest, None)
            while len(self._near) >= MOST:
                del self._near[next(iter(self._near))]
            self._near[digest] = (near_until, self._ended.count, found)
        return found


def _key(digest: str) -> str:
    return f"openid:verify:{digest}"
