"""What is no longer needed goes: contents without a reference, bytes without a content.

Nothing is deleted because it was unneeded once: each step looks again while it holds what it looks
at. Bytes that the database does not know may belong to a request that goes on, so they are given
some time.

Source: attachment A-80, A-82, A-83.
"""

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from kinto_attachment import sql
from kinto_attachment.plugin import Attachments
from kinto_attachment.store.interface import StoreUnavailable
from kinto_core.eventlog.consumer import Consumer
from kinto_core.eventlog.interface import LoggedEvent
from kinto_core.events.event import Action
from kinto_core.events.selector import Selector

logger = logging.getLogger(__name__)

CONSUMER = "attachment.cleaning"
BATCH = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Swept:
    """How much went.

    Attributes:
        references: of records that are not there.
        contents: that nobody referred to.
        files: in the store, complete or not, that the database did not know.
        uploads: that waited too long for their next piece.
    """

    references: int
    contents: int
    files: int
    uploads: int


def consumer(find: Callable[[], Attachments]) -> Consumer:
    """The durable consumer that collects contents soon after their last record let them go.

    Args:
        find: gives the plugin when events come.
    """

    def deliver(_events: Sequence[LoggedEvent]) -> None:
        collect(find())

    selector = Selector(
        actions=frozenset({Action.UPDATE, Action.DELETE}),
        resources=frozenset({"record", "collection", "bucket"}),
    )
    return Consumer(name=CONSUMER, deliver=deliver, selector=selector)


def sweep(plugin: Attachments, *, grace_seconds: float | None = None) -> Swept:
    """Remove everything that is not needed; gives how much.

    Args:
        plugin: whose store and tables.
        grace_seconds: how old unknown files must be; by default what the settings say.

    Raises:
        BackendUnavailable: the database or the store is away.
    """
    grace = plugin.settings.grace_seconds if grace_seconds is None else grace_seconds
    before = plugin.server.clock() - int(grace * 1000)
    with plugin.server.storage.database.writing() as connection:
        references = len(connection.run(sql.DETACH_GONE, {}))
    uploads = sum(1 for _ in _expire(plugin))
    contents = collect(plugin) + _collect_all(plugin)
    files = 0
    for file in plugin.store.files():
        if file.moment <= before and not _is_known(plugin, file.key):
            plugin.store.delete([file.key])
            files += 1
    files += _abort_unfinished(plugin, before)
    return Swept(references=references, contents=contents, files=files, uploads=uploads)


def _abort_unfinished(plugin: Attachments, before: int) -> int:
    """Give up what a process that died began to send to the store; gives how many.

    A store that does not tell keeps them until a rule of its own removes them.
    """
    count = 0
    try:
        for file in plugin.store.unfinished(before):
            plugin.store.abort(file)
            count += 1
    except StoreUnavailable as error:
        logger.warning("Let a rule of the store remove incomplete uploads: %s", error)
    return count


def collect(plugin: Attachments) -> int:
    """Remove contents that lost their last record lately; gives how many.

    The row goes first, held against those who would claim it, then the bytes, whose key nobody can
    learn any more. A crash in between leaves bytes that the next sweep finds.
    """
    count = 0
    while True:
        with plugin.server.storage.database.reading() as connection:
            found = connection.run(sql.RELEASED, {"limit": BATCH})
        last = {sha256: place for place, sha256 in found}
        gone = [key for sha256, place in last.items() for key in _forget(plugin, sha256, place)]
        plugin.store.delete(gone)
        count += len(gone)
        if len(found) < BATCH:
            return count


def _collect_all(plugin: Attachments) -> int:
    """Look at every content; gives how many were removed."""
    count = 0
    while True:
        with plugin.server.storage.database.reading() as connection:
            found = connection.run(sql.UNREFERENCED, {"limit": BATCH})
        gone = [key for sha256, _ in found for key in _forget(plugin, sha256, 0)]
        plugin.store.delete(gone)
        count += len(gone)
        if len(found) < BATCH or not gone:
            return count


def _forget(plugin: Attachments, sha256: str, last: int) -> list[str]:
    """Remove the row of a content unless somebody refers to it by now.

    Args:
        plugin: whose tables.
        sha256: of the content.
        last: the last note that it was released which this looks at.

    Returns:
        The key of its bytes, if it is gone.
    """
    with plugin.server.storage.database.writing() as connection:
        connection.run(sql.FORGET_RELEASED, {"hash": sha256, "last": last})
        connection.run(sql.LOCK_BLOB, {"hash": sha256})
        # A statement of its own, which sees what was committed before the row was held.
        return [row[0] for row in connection.run(sql.DELETE_BLOB, {"hash": sha256})]


def _is_known(plugin: Attachments, key: str) -> bool:
    with plugin.server.storage.database.reading() as connection:
        return bool(connection.run(sql.HAS_KEY, {"key": key}))


def _expire(plugin: Attachments) -> Iterator[str]:
    """Forget uploads that waited too long; gives their ids."""
    database = plugin.server.storage.database
    while True:
        with database.reading() as connection:
            moment = {"moment": plugin.server.clock(), "limit": BATCH}
            found = [row[0] for row in connection.run(sql.EXPIRED, moment)]
        for upload_id in found:
            with database.writing() as connection:
                rows = connection.run(sql.DELETE_PIECES, {"upload_id": upload_id})
                connection.run(sql.DELETE_UPLOAD, {"upload_id": upload_id})
            plugin.discard(row[0] for row in rows)
            yield upload_id
        if len(found) < BATCH:
            return


def forget_everything(plugin: Attachments) -> None:
    """After a flush: no rows, no bytes. What cannot be deleted now is found by the sweep."""
    with plugin.server.storage.database.writing() as connection:
        for statement in sql.EMPTY:
            connection.run(statement, {})
    plugin.discard(file.key for file in plugin.store.files())
