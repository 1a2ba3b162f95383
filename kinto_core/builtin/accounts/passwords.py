"""From passwords to what proves them, and back to yes or no; pure, and slow on purpose.

New proofs are argon2id with 19 MiB, two passes and one lane. Those of bcrypt, which other servers
made, are accepted. Where and when the work is done is the business of ``turns.py``.

Source: RFC 9106; built-in plugins BW-4, BW-5.
"""

from typing import Final

import argon2
import bcrypt
from argon2.exceptions import InvalidHashError, VerificationError

MAX_BYTES: Final = 1024
"""Longest password, as UTF-8."""

BCRYPT_BYTES: Final = 72
"""So much of a password bcrypt looks at; no account of its has a longer one."""

_BCRYPT: Final = ("$2a$", "$2b$", "$2y$")
_hasher: Final = argon2.PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
_NOBODYS: Final = (
    "$argon2id$v=19$m=19456,t=2,p=1$9X/Q3cs4x+O6I0ywBL0ckw$"
    "bHUZaegXc+xW199sGRAbSFVL7nMXABlY3SV10fOrENs"
)
"""A proof of the usual cost, to be checked where there is none."""


def make_proof(password: str) -> str:
    """What proves a password later; takes about 25 ms of one processor, and 19 MiB."""
    return _hasher.hash(password)


def proves(proof: str | None, password: str) -> bool:
    """Whether a password is the right one.

    Args:
        proof: of the account; ``None`` when there is no such account, which costs the same work.
        password: what was given, at most ``MAX_BYTES`` long.
    """
    if proof is not None and proof.startswith(_BCRYPT):
        given = password.encode()
        is_same = _bcrypt_proves(proof, given[:BCRYPT_BYTES])
        return is_same and len(given) <= BCRYPT_BYTES
    try:
        _hasher.verify(proof or _NOBODYS, password)
    except (VerificationError, InvalidHashError):
        return False
    return proof is not None


def is_outdated(proof: str) -> bool:
    """Whether a new proof of the same password would be a better one."""
    return proof.startswith(_BCRYPT) or _hasher.check_needs_rehash(proof)


def is_proof(text: str) -> bool:
    """Whether a text is a proof that ``proves`` understands."""
    if text.startswith(_BCRYPT):
        return len(text) == 60  # noqa: PLR2004  the length of every bcrypt hash
    try:
        argon2.extract_parameters(text)
    except InvalidHashError:
        return False
    return text.startswith("$argon2id$")


def _bcrypt_proves(proof: str, password: bytes) -> bool:
    try:
        return bcrypt.checkpw(password, proof.encode())
    except ValueError:  # a damaged proof
        return False
