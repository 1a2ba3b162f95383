"""Sessions that a provider has ended: tokens that are older count no more.

Kept in the cache that all processes share, for as long as such a token might be remembered.

Source: OpenID Connect Back-Channel Logout 1.0; built-in plugins BW-8.
"""

import hashlib
from typing import Final

from kinto_core.cache.interface import Cache
from kinto_core.errors import BackendUnavailable

KEPT_SECONDS: Final = 24 * 3600


class EndedSessions:
    """The ends of the sessions of one provider's users; used by many threads.

    Args:
        cache: shared by all processes.
        scope: tells this provider from others.

    Attributes:
        count: how many ended in this process.
    """

    def __init__(self, cache: Cache, scope: str) -> None:
        self._cache = cache
        self._scope = scope
        self.count = 0

    def end(self, subject: str | None, session: str | None, moment: int) -> None:
        """Remember an end.

        Args:
            subject: the user, all of whose sessions ended unless one is named.
            session: the session.
            moment: when, in milliseconds since 1970, by the provider's clock.

        Raises:
            BackendUnavailable: it cannot be kept.
        """
        key = self._key("sid", session) if session is not None else self._key("sub", subject)
        self._cache.set(key, moment, KEPT_SECONDS)
        self.count += 1

    def has_ended(self, subject: str | None, session: str | None, made_at: int) -> bool:
        """Whether a token is older than the end of its user's sessions, or of its session.

        Args:
            subject: the token's user.
            session: the token's session, if it names one.
            made_at: when it was made, in milliseconds since 1970.
        """
        names = (("sub", subject), ("sid", session))
        try:
            ends = [self._cache.get(self._key(*one)) for one in names if one[1] is not None]
        except BackendUnavailable:
            return False  # a remembered token is not found there either: the provider is asked
        return any(isinstance(end, int) and made_at < end for end in ends)

    def _key(self, kind: str, value: str | None) -> str:
        text = f"{self._scope}:{kind}:{value}".encode()
        return f"openid:ended:{hashlib.sha256(text).hexdigest()}"
