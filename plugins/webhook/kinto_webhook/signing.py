"""Secrets and signatures, as the Standard Webhooks specification has them.

A secret is ``whsec_`` and the base64 of 24 to 64 random bytes, or the private key of a pair, for
which see ``asymmetric.py``. What is signed is the message's id, the second of the attempt and the
body, joined by dots.
"""

import base64
import binascii
import secrets
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

from standardwebhooks import Webhook

from kinto_webhook import asymmetric

PREFIX: Final = "whsec_"
SHORTEST: Final = 24
LONGEST: Final = 64
V1: Final = "v1"
V1A: Final = "v1a"
KINDS: Final = (V1, V1A)
"""Kinds of signatures."""

NEW: Final = 32
"""Bytes of the secrets that are made here."""


class InvalidSecret(ValueError):
    """The text is no secret; the message says what was expected and repeats nothing of it."""


def new_secret() -> str:
    """A new random secret."""
    return PREFIX + base64.b64encode(secrets.token_bytes(NEW)).decode()


def key_of(secret: str) -> bytes:
    """The bytes of a secret.

    Raises:
        InvalidSecret: it has another form or length.
    """
    expected = f"expected {PREFIX} and the base64 of {SHORTEST} to {LONGEST} random bytes"
    try:
        key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError):
        raise InvalidSecret(expected) from None
    if not secret.startswith(PREFIX) or not SHORTEST <= len(key) <= LONGEST:
        raise InvalidSecret(expected)
    return key


def kind_of(secret: str) -> str:
    """Which kind of signature a secret makes: ``v1`` or ``v1a``.

    Raises:
        InvalidSecret: it is neither a secret nor a private key.
    """
    if not secret.startswith(asymmetric.PRIVATE):
        key_of(secret)
        return V1
    try:
        asymmetric.public_key(secret)
    except asymmetric.InvalidKey as error:
        raise InvalidSecret(str(error)) from None
    return V1A


def signature(secret: str, message_id: str, second: int, body: bytes) -> str:
    """One signature: ``v1,`` and the base64 of an HMAC with SHA-256, or ``v1a,`` and of ed25519."""
    if secret.startswith(asymmetric.PRIVATE):
        signed_bytes = asymmetric.sign(secret, f"{message_id}.{second}.".encode() + body)
        return f"{V1A},{base64.b64encode(signed_bytes).decode()}"
    moment = datetime.fromtimestamp(second, UTC)
    signed = Webhook(key_of(secret)).sign(msg_id=message_id, timestamp=moment, data=body.decode())
    return str(signed)


def headers(
    secrets_: Sequence[str], message_id: str, second: int, body: bytes, attempt: int
) -> Mapping[str, str]:
    """The headers that tell who sends a message.

    Args:
        secrets_: every valid one, the newest first: each gives a signature.
        message_id: the same for each attempt.
        second: of this attempt, since 1970.
        body: as it is sent.
        attempt: counts from 1.
    """
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(second),
        "webhook-signature": " ".join(signature(one, message_id, second, body) for one in secrets_),
        "webhook-attempt": str(attempt),
    }
