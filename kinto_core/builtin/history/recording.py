"""Writes entries in the transaction of the changes that they tell of.

A change costs three statements: one reads the permissions that the entry shows, one gives the entry
its time, one writes it. Nothing is counted and nothing trimmed here.
"""

import logging
from collections.abc import Iterable, Mapping, Sequence
from typing import Final
from uuid import uuid4
from weakref import WeakKeyDictionary

from kinto_core.builtin.history import sql_writing
from kinto_core.builtin.history.entries import (
    SERVER,
    Entry,
    Recorded,
    ancestors_of,
    bucket_of,
    entry_of,
    purge_notice,
    readers_of,
)
from kinto_core.builtin.history.settings import excluded_resources, limit_of, settings_of
from kinto_core.builtin.history.sql_grants import Granted, grants_on
from kinto_core.builtin.history.trimming import Trimmer
from kinto_core.events.event import Action, Change
from kinto_core.objects import ObjectKey
from kinto_core.server import Server
from kinto_core.transactions import Transaction

logger = logging.getLogger(__name__)

_BUCKET: Final = "bucket"


class Recorder:
    """Writes the history of one server.

    Args:
        server: whose changes are recorded.

    Attributes:
        trimmer: removes what is too much; ``None`` when everything is kept.

    Raises:
        ConfigurationError: the settings cannot work.
    """

    def __init__(self, server: Server) -> None:
        table = settings_of(server.settings)
        self._excluded = excluded_resources(table)
        self._excluded_users = frozenset(table.exclude_user_ids)
        limit = limit_of(table)
        self.trimmer = Trimmer(server.storage.database, limit) if limit is not None else None
        self._metrics = server.metrics

    def record(self, changes: Sequence[Change], tx: Transaction) -> None:
        """Write an entry for each change of a transaction, as its last act.

        Source: B-116, B-131 to B-133; settings S-227.
        """
        with self._metrics.timer("plugins_history_seconds"):
            ended = _deleted_buckets(changes)
            told = _Told()
            for place, change in enumerate(changes):
                bucket = bucket_of(change)
                if bucket is not None and not self._is_excluded(change):
                    told.add(change, is_kept=place > ended.get(bucket, -1))
            _write(tx, told.by_bucket(tx), ended)

    def _is_excluded(self, change: Change) -> bool:
        """Whether the settings want no entry, which is logged. Source: B-138."""
        if change.user_id in self._excluded_users:
            logger.info("History entries for user '%s' are disabled in config", change.user_id)
            return True
        for one in self._excluded:
            if one.contains(change.uri):
                kind = list(one.ids)[-1]
                logger.info("History entries for %s '%s' are disabled in config", kind, one.uri)
                return True
        return False


class _Told:
    """The changes of a transaction in the order of their entries.

    Changes of one type, parent and action stand together, where the first of them was made.
    Source: B-131.
    """

    def __init__(self) -> None:
        self._groups: dict[tuple[str, str, Action], list[tuple[Change, bool]]] = {}

    def add(self, change: Change, *, is_kept: bool) -> None:
        """One more change; ``is_kept``: its bucket is not deleted later."""
        key = (change.resource_name, change.parent_uri, change.action)
        self._groups.setdefault(key, []).append((change, is_kept))

    def by_bucket(self, tx: Transaction) -> dict[str, list[Recorded]]:
        """What each bucket's history gets, and the log of the server."""
        found: dict[str, list[Recorded]] = {}
        for (resource, _, action), group in self._groups.items():
            is_bucket = resource == _BUCKET
            kept = [change for change, is_kept in group if is_kept]
            if kept and not (is_bucket and action is Action.DELETE):
                for one in _recorded(tx, kept):
                    found.setdefault(str(bucket_of(one.change)), []).append(one)
            if is_bucket and action is not Action.UPDATE:
                for one in _recorded(tx, [change for change, _ in group]):
                    found.setdefault(SERVER, []).append(one)
        return found


def _deleted_buckets(changes: Sequence[Change]) -> dict[str, int]:
    """The buckets that are deleted, and where in the transaction that was last done."""
    return {
        change.object_id: place
        for place, change in enumerate(changes)
        if change.resource_name == _BUCKET and change.action is Action.DELETE
    }


def _write(tx: Transaction, told: Mapping[str, Sequence[Recorded]], ended: Iterable[str]) -> None:
    """Write all entries, the histories in the same order as everybody does."""
    gone = set(ended)
    for bucket in sorted({*told, *gone}):
        if bucket in gone:
            sql_writing.clear_bucket(tx.connection, bucket)
        if bucket in told:
            _add(tx, bucket, told[bucket])


_recorders: WeakKeyDictionary[Server, Recorder] = WeakKeyDictionary()


def recorder_of(server: Server) -> Recorder:
    """The recorder of a server, made when it is first asked for.

    Raises:
        ConfigurationError: the settings cannot work.
    """
    found = _recorders.get(server)
    if found is None:
        found = _recorders[server] = Recorder(server)
    return found


def note_purge(tx: Transaction, bucket: str, user_id: str | None, count: int) -> None:
    """Tell in the log of the server that somebody purged a bucket's history."""
    now = tx.backends.clock()
    at = sql_writing.stamp(tx.connection, SERVER, 1, now)
    notice = purge_notice(bucket, user_id, entry_id=str(uuid4()), last_modified=at, count=count)
    sql_writing.add(tx.connection, [notice])


def _recorded(tx: Transaction, changes: Sequence[Change]) -> list[Recorded]:
    """The changes with the permissions that hold at the end of the request. Source: B-129."""
    ancestors = ancestors_of(changes[0])
    is_deletion = changes[0].action is Action.DELETE
    keys = [] if is_deletion else list(dict.fromkeys(_key(change) for change in changes))
    granted = _granted(tx, ancestors, keys)
    above = readers_of(granted.get(key, {}) for key in ancestors)
    return [
        Recorded(change, own, above | readers_of([own]))
        for change in changes
        for own in [{} if is_deletion else granted.get(_key(change), {})]
    ]


def _granted(
    tx: Transaction, ancestors: Sequence[ObjectKey], objects: Sequence[ObjectKey]
) -> Granted:
    if tx.permission.database is tx.storage.database:
        return grants_on(tx.connection, ancestors, objects)
    return {key: tx.grants(key) for key in (*ancestors, *objects)}


def _key(change: Change) -> ObjectKey:
    return ObjectKey(change.parent_uri, change.resource_name, change.object_id)


def _add(tx: Transaction, bucket: str, told: Sequence[Recorded]) -> None:
    """Write entries of one history, in order."""
    now = tx.backends.clock()
    forgotten = 0 if _is_beginning(bucket, told[0].change) else now
    at = sql_writing.stamp(tx.connection, bucket, len(told), now, forgotten)
    entries: list[Entry] = [
        entry_of(bucket, one, at + place, now) for place, one in enumerate(told)
    ]
    sql_writing.add(tx.connection, entries)


def _is_beginning(bucket: str, change: Change) -> bool:
    """Whether nothing can have happened before: the bucket is just being created."""
    if bucket == SERVER:
        return False
    return change.resource_name == _BUCKET and change.action is Action.CREATE
