"""Signatures that are verified without a secret: ``v1a`` of Standard Webhooks, which is ed25519.

A private key is ``whsk_`` and the base64 of its 32 bytes, with or without those of the public key
behind them; a public key is ``whpk_`` and the base64 of its 32 bytes. The library for it is
optional: ``kinto-webhook[cryptography]``.
"""

import base64
import binascii
from typing import Final

try:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
except ImportError:
    IS_AVAILABLE = False
else:
    IS_AVAILABLE = True

PRIVATE: Final = "whsk_"
PUBLIC: Final = "whpk_"
SIZE: Final = 32
"""Bytes of either key."""

MISSING: Final = "signatures v1a need kinto-webhook[cryptography], which is not installed"


class InvalidKey(ValueError):
    """The text is no private key; the message says what was expected and repeats nothing of it."""


def new_key() -> str:
    """A new random private key.

    Raises:
        InvalidKey: the library is not installed.
    """
    return _text(_loaded(None))


def public_key(private: str) -> str:
    """The public key of a private one.

    Raises:
        InvalidKey: it is none, or the library is not installed.
    """
    public = _loaded(private).public_key().public_bytes_raw()
    return PUBLIC + base64.b64encode(public).decode()


def sign(private: str, message: bytes) -> bytes:
    """The 64 bytes of a signature.

    Raises:
        InvalidKey: it is no key, or the library is not installed.
    """
    return _loaded(private).sign(message)


def _text(key: "Ed25519PrivateKey") -> str:
    both = key.private_bytes_raw() + key.public_key().public_bytes_raw()
    return PRIVATE + base64.b64encode(both).decode()


def _loaded(private: str | None) -> "Ed25519PrivateKey":
    """The key of a text; a new one without."""
    if not IS_AVAILABLE:
        raise InvalidKey(MISSING)
    if private is None:
        return Ed25519PrivateKey.generate()
    expected = f"expected {PRIVATE} and the base64 of an ed25519 key of {SIZE} or {2 * SIZE} bytes"
    try:
        found = base64.b64decode(private.removeprefix(PRIVATE), validate=True)
    except (binascii.Error, ValueError):
        raise InvalidKey(expected) from None
    if not private.startswith(PRIVATE) or len(found) not in {SIZE, 2 * SIZE}:
        raise InvalidKey(expected)
    key = Ed25519PrivateKey.from_private_bytes(found[:SIZE])
    if len(found) > SIZE and found[SIZE:] != key.public_key().public_bytes_raw():
        raise InvalidKey(expected)
    return key
