"""Identifiers: which are accepted, and how new ones are made.

A generator both makes identifiers for new objects and says which ones a client may choose.
"""

import re
import secrets
import string
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


class RelaxedUUID(NameGenerator):
    """Random UUIDs for new objects; clients may choose any name.

    Source: protocol M-6.
    """

    def __call__(self) -> str:
        """A new random UUID (version 4) in lower case."""
        return str(uuid.uuid4())


class UUID4(RelaxedUUID):
    """Random UUIDs for new objects; clients may choose lower-case UUIDs only.

    Source: protocol M-7.
    """

    def match(self, candidate: str) -> bool:
        """Whether it is a UUID in lower case with dashes."""
        return _UUID.fullmatch(candidate) is not None
