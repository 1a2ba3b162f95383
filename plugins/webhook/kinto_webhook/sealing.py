"""Secrets at rest: sealed with keys of the settings, if there are any.

A copy of the database alone then tells nobody how to sign. Each text is sealed for the webhook that
it belongs to: moved to another one it does not open. The first of the keys seals, each of them
opens. Without keys secrets are kept as they are; those that were kept so before there were keys
stay readable, until they are written anew. The library is optional:
``kinto-webhook[cryptography]``.
"""

import base64
import os
from collections.abc import Sequence
from typing import Final

from kinto_core.errors import KintoError

try:
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF
except ImportError:
    IS_AVAILABLE = False
else:
    IS_AVAILABLE = True

SEALED: Final = "sealed:1:"
"""How a sealed text begins; neither secrets nor headers do."""

SHORTEST_KEY: Final = 32
"""Characters."""

_PURPOSE: Final = b"kinto webhook secrets, 1"
_NONCE: Final = 12


class Unreadable(KintoError):
    """A sealed text does not open with any of the keys in ``webhook.encryption_keys``."""


class Seal:
    """Seals and opens texts; used by many threads at once.

    Args:
        keys: random texts, the newest first; without any, nothing is sealed.
    """

    def __init__(self, keys: Sequence[str]) -> None:
        self._ciphers = [_cipher(key) for key in keys]

    def close(self, text: str, uri: str) -> str:
        """A text as it is to be stored for the webhook with this URI; an empty one stays so."""
        if not text or not self._ciphers:
            return text
        nonce = os.urandom(_NONCE)
        sealed = nonce + self._ciphers[0].encrypt(nonce, text.encode(), uri.encode())
        return SEALED + base64.b64encode(sealed).decode()

    def open(self, stored: str, uri: str) -> str:
        """The text that was stored for the webhook with this URI.

        Raises:
            Unreadable: none of the keys opens it.
        """
        if not stored.startswith(SEALED):
            return stored
        sealed = base64.b64decode(stored.removeprefix(SEALED))
        for cipher in self._ciphers:
            try:
                text = cipher.decrypt(sealed[:_NONCE], sealed[_NONCE:], uri.encode())
            except InvalidTag:
                continue
            return text.decode()
        message = (
            f"the secrets of {uri} were sealed with a key that is not in webhook.encryption_keys: "
            "put it back there, behind the present one"
        )
        raise Unreadable(message)


def _cipher(key: str) -> "AESGCM":
    derived = HKDF(algorithm=SHA256(), length=32, salt=None, info=_PURPOSE).derive(key.encode())
    return AESGCM(derived)
