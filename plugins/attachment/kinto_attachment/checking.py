"""Compares tables and store; changes nothing."""

import hashlib
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from kinto_attachment import sql
from kinto_attachment.plugin import Attachments
from kinto_attachment.store.interface import StoreUnavailable

BATCH = 500
logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What was found.

    Attributes:
        references: how many paths there are.
        contents: how many different files.
        dangling: paths, and keys in the store, whose bytes are missing.
        damaged: keys in the store with bytes that are not those that were sent.
        unreferenced: how many contents no record refers to.
        unknown: how many files in the store, complete or not, the database does not know.
    """

    references: int
    contents: int
    dangling: tuple[str, ...]
    damaged: tuple[str, ...]
    unreferenced: int
    unknown: int


def check(plugin: Attachments, *, reads: bool = False) -> Checked:
    """Compare what the database says with what is in the store.

    Args:
        plugin: whose tables and store.
        reads: whether every file is read and its hash compared.

    Raises:
        BackendUnavailable: the database or the store is away.
    """
    database = plugin.server.storage.database
    with database.reading() as connection:
        references = connection.run(sql.COUNT_REFERENCES, {})[0][0]
        dangling = [row[0] for row in connection.run(sql.REFERENCES_WITHOUT_BLOB, {})]
        unreferenced = len(connection.run(sql.UNREFERENCED, {"limit": 2**31 - 1}))
    contents = 0
    damaged: list[str] = []
    for sha256, key, size in _contents(plugin):
        contents += 1
        actual = plugin.store.size(key)
        if actual is None:
            dangling.append(key)
        elif actual != size or (reads and _sha256(plugin, key, size) != sha256):
            damaged.append(key)
    unknown = 0
    for file in plugin.store.files():
        with database.reading() as connection:
            unknown += not connection.run(sql.HAS_KEY, {"key": file.key})
    unknown += _unfinished(plugin)
    return Checked(
        references=references,
        contents=contents,
        dangling=tuple(dangling),
        damaged=tuple(damaged),
        unreferenced=unreferenced,
        unknown=unknown,
    )


def _unfinished(plugin: Attachments) -> int:
    """How many files were begun and are not complete, as far as the store tells."""
    try:
        return sum(1 for _ in plugin.store.unfinished(plugin.server.clock()))
    except StoreUnavailable as error:
        logger.warning("Incomplete uploads in the store were not counted: %s", error)
        return 0


def _contents(plugin: Attachments) -> Iterator[Any]:
    """Hash, key and size of every content."""
    after = ""
    while True:
        with plugin.server.storage.database.reading() as connection:
            found = connection.run(sql.BLOBS, {"after": after, "limit": BATCH})
        yield from found
        if len(found) < BATCH:
            return
        after = found[-1][0]


def _sha256(plugin: Attachments, key: str, size: int) -> str | None:
    """The hash of the bytes that are there; ``None`` when they cannot be read."""
    digest = hashlib.sha256()
    try:
        for chunk in plugin.store.read(key, 0, size):
            digest.update(chunk)
    except StoreUnavailable:
        return None
    return digest.hexdigest()
