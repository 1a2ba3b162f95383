"""HTTP Basic credentials without accounts: every user and password pair is its own user.

Nothing is remembered between requests, neither credentials nor their digests: each request does
the same work, which is one HMAC of a few hundred bytes and costs less than two microseconds.
"""

import hmac
from binascii import a2b_base64

from kinto_core.authentication.challenges import DEFAULT_REALM, challenge
from kinto_core.authentication.interface import Identity


def credentials(authorization: str | None) -> tuple[str, str] | None:
    """The user and password of an ``Authorization`` header; ``None`` if it holds none.

    The scheme is in any case and followed by blanks. What follows must be base64, as UTF-8 or else
    Latin-1, with a colon after a user that is not empty. The password may be empty.

    Source: protocol A-2, A-3, A-4.
    """
    if authorization is None or authorization[:6].lower() != "basic ":
        return None
    try:
        raw = a2b_base64(authorization[6:].strip(" \t"), strict_mode=True)
    except ValueError:
        return None
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        text = raw.decode("latin-1")
    user, colon, password = text.partition(":")
    return (user, password) if user and colon else None


class BasicPolicy:
    """Recognises any user and password; the user id is a keyed digest of both.

    Args:
        name: of the policy; its lower-case form begins the user ids.
        secret: key of the digests: who knows it and a password knows the user id.
        realm: for the challenge.

    Raises:
        ConfigurationError: the realm cannot stand in a header.
    """

    def __init__(self, name: str, secret: str, *, realm: str = DEFAULT_REALM) -> None:
        self.name = name
        self.challenge = challenge("Basic", realm, policy=name)
        self._prefix = f"{name.lower()}:"
        self._key = secret.encode()

    def authenticate(self, authorization: str | None) -> Identity | None:
        """See ``Policy.authenticate``. Source: protocol A-4."""
        found = credentials(authorization)
        if found is None:
            return None
        message = f"{found[0]}:{found[1]}".encode()
        digest = hmac.digest(self._key, message, "sha256").hex()
        return Identity(self._prefix + digest, self.name)
