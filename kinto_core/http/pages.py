"""Single-use tokens: pages of a deletion are not deleted twice.

Source: protocol G-12.
"""

import secrets

from kinto_core.cache.interface import Cache
from kinto_core.errors import Fault, InvalidInput

_PREFIX = "pagination-token-"


class PageTokens:
    """Issues and redeems nonces.

    Args:
        cache: shared by all processes.
        seconds: how long a nonce can be used.
    """

    def __init__(self, cache: Cache, seconds: int) -> None:
        self._cache = cache
        self._seconds = seconds

    def issue(self) -> str:
        """A new nonce."""
        nonce = _PREFIX + secrets.token_hex(16)
        self._cache.set(nonce, "unused", self._seconds)
        return nonce

    def redeem(self, nonce: str | None) -> None:
        """Use a nonce up.

        Raises:
            InvalidInput: it is unknown, used or expired.
        """
        if nonce is None or self._cache.delete(nonce) is None:
            text = "_token was already used or has expired."
            raise InvalidInput(Fault("querystring", None, text))
