"""What a store of files promises. It knows keys and bytes, nothing of records."""

import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol

from kinto_core.errors import BackendUnavailable

BLOBS = "blobs"
"""Folder of the bytes of files."""
PIECES = "pieces"
"""Folder of the pieces of uploads that are not complete."""


class StoreUnavailable(BackendUnavailable):
    """The store of files cannot be used now."""


class FileMissing(StoreUnavailable):
    """The store lacks a file that it should have: run ``kinto attachment check``."""


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file in a store.

    Attributes:
        key: its own, used once and never again.
        size: in bytes.
        moment: when it was complete, or last written to; milliseconds since 1970.
    """

    key: str
    size: int
    moment: int


@dataclass(frozen=True, slots=True)
class Unfinished:
    """A file that was begun and is not complete, where the store keeps such apart.

    Attributes:
        key: that it would have.
        upload_id: the store's own name for it.
    """

    key: str
    upload_id: str


class Store(Protocol):
    """Keeps files by key."""

    def save(self, key: str, chunks: Iterable[bytes], media_type: str) -> None:
        """Write a file; it is durable when this returns.

        Whatever ``chunks`` raises is raised, and nothing is kept then.

        Raises:
            StoreUnavailable: the store is away or full; nothing is kept.
        """
        ...

    def read(self, key: str, start: int, stop: int) -> Iterator[bytes]:
        """The bytes from ``start`` up to and without ``stop``; the file is found at once.

        Raises:
            FileMissing: there is none.
            StoreUnavailable: the store is away.
        """
        ...

    def delete(self, keys: Iterable[str]) -> None:
        """Forget files; those that are not there are no matter.

        Raises:
            StoreUnavailable: the store is away.
        """
        ...

    def size(self, key: str) -> int | None:
        """The size of a file in bytes; ``None`` when there is none.

        Raises:
            StoreUnavailable: the store is away.
        """
        ...

    def files(self) -> Iterator[StoredFile]:
        """Every file, in any order.

        Raises:
            StoreUnavailable: the store is away.
        """
        ...

    def unfinished(self, before: int) -> Iterator[Unfinished]:
        """Files that were begun, are not among ``files``, and got nothing since a moment.

        Args:
            before: the moment, in milliseconds since 1970.

        Raises:
            StoreUnavailable: the store is away, or does not tell.
        """
        ...

    def abort(self, file: Unfinished) -> None:
        """Give up a file that was begun; one that is complete or gone by now is no matter.

        Raises:
            StoreUnavailable: the store is away.
        """
        ...


def new_key(folder: str) -> str:
    """A key that nothing has or had."""
    name = uuid.uuid4().hex
    return f"{folder}/{name[:2]}/{name}"
