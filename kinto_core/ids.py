"""Identifiers: which are accepted, and how new ones are made.

A generator both makes identifiers for new objects and says which ones a client may choose.
"""

import os
import re
import secrets
import string
import time
import uuid
from typing import Protocol

_RELAXED = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_-]*")
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_FIRST = string.ascii_letters + string.digits
_REST = _FIRST + "_-"


class IdGenerator(Protocol):
    """Makes and checks the identifiers of one resource type."""

    def __call__(self) -> str:
        """A new identifier, unique for all practical purposes."""
        ...

    def match(self, candidate: str) -> bool:
        """Whether a client may use this identifier. Matches the whole text."""
        ...


class NameGenerator:
    """Eight random characters, the first a letter or digit.

    Source: protocol M-5, M-6.
    """

    def __call__(self) -> str:
        """A new name such as ``XODXy5HK``."""
        return secrets.choice(_FIRST) + "".join(secrets.choice(_REST) for _ in range(7))

    def match(self, candidate: str) -> bool:
        """Whether it is a letter or digit followed by letters, digits, ``_`` and ``-``."""
        return _RELAXED.fullmatch(candidate) is not None


def uuid_of_now(version: int) -> str:
    """A UUID in lower case whose first 48 bits are the time in milliseconds, the others random.

    Those that are made later sort after those that were made before, in another millisecond.

    Args:
        version: the number in the place of the version.

    Source: RFC 9562, 4 and 5.7.
    """
    moment = f"{time.time_ns() // 1_000_000:012x}"
    lot = os.urandom(10).hex()
    variant = "89ab"[int(lot[0], 16) & 3]
    return f"{moment[:8]}-{moment[8:]}-{version}{lot[1:4]}-{variant}{lot[4:7]}-{lot[7:19]}"


class RelaxedUUID(NameGenerator):
    """UUIDs for new objects; clients may choose any name.

    They look like those of version 4, which clients know, but begin with the time. Objects that are
    made together then lie together in every index, so that a batch touches a few pages of the
    database instead of several for each object, however large the collection is.

    Source: protocol M-6.
    """

    def __call__(self) -> str:
        """A new UUID, unique with 74 random bits in each millisecond."""
        return uuid_of_now(4)


class UUID4(RelaxedUUID):
    """Random UUIDs for new objects; clients may choose lower-case UUIDs only.

    Source: protocol M-7.
    """

    def __call__(self) -> str:
        """A new random UUID (version 4) in lower case."""
        return str(uuid.uuid4())

    def match(self, candidate: str) -> bool:
        """Whether it is a UUID in lower case with dashes."""
        return _UUID.fullmatch(candidate) is not None
