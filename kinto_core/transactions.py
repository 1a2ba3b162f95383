"""One unit of work: reads, writes, the events they make, and one commit.

A ``Transaction`` binds storage and permission to one connection. It opens the database transaction
at the first write only; until then each statement sees the latest commit. What several steps of one
transaction need again and again (a collection, its grants, the caller's groups) is read once and
forgotten as soon as something that could change it is written.

It knows nothing of resource types, of who may do what, or of HTTP.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from kinto_core.clock import Clock
from kinto_core.database.containers import Containers, forget_versions, replace_versions
from kinto_core.database.engine import Connection
from kinto_core.database.lookup import Found, Question
from kinto_core.eventlog.opening import Machinery
from kinto_core.events.collector import Collector
from kinto_core.events.event import Change, ResourceChanged
from kinto_core.hooks import Plugins, dispatch_after, dispatch_before, dispatch_settling
from kinto_core.objects import ListState, ObjectKey, Snapshot, StoredObject, tree_of
from kinto_core.permission.interface import Permission
from kinto_core.readings import Readings
from kinto_core.remembering import ListKey, Parents, Writers
from kinto_core.storage.interface import Storage
from kinto_core.storage.query import Query

__all__ = ["Backends", "ListKey", "Transaction"]


@dataclass(frozen=True, slots=True)
class Backends:
    """What a transaction works on, and what all of them together keep in mind.

    Attributes:
        containers: the resource types whose objects contain others.
    """

    storage: Storage
    permission: Permission
    plugins: Plugins
    clock: Clock
    event_log: Machinery | None = None
    containers: frozenset[str] = frozenset()
    look_up: Callable[..., Found] = field(default_factory=lambda: Containers().look_up)
    writers: Writers = field(default_factory=Writers)


@dataclass(slots=True)
class _HeldList:
    """A list that this transaction writes to."""

    timestamp: int
    version: int
    is_dirty: bool = False


class Transaction(Readings):
    """Use as a context manager: commits when the block ends, undoes everything when it raises.

    Args:
        backends: storage, permission and the plugins that want to know.
        request_id: names the request in the events.
        remembers: keep what was read about parents and callers, for a batch of requests.

    Raises:
        BackendUnavailable: the database is away, full or locked; nothing was kept.
        WriteConflict: two transactions met; run the whole block again.
    """

    def __init__(
        self, backends: Backends, *, request_id: str | None = None, remembers: bool = False
    ) -> None:
        super().__init__(backends.storage, backends.permission, backends.look_up)
        self.backends = backends
        self.collector = Collector(request_id=request_id)
        self._parents = (
            Parents(self._read_anew, self._list_state, self._is_held) if remembers else None
        )
        self._writer: tuple[str | None, ListKey] | None = None
        self._lists: dict[ListKey, _HeldList] = {}

    def __enter__(self) -> Self:
        """Begin; nothing is opened yet."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Commit, or undo after an error."""
        if error is not None:
            if self._writer is not None:
                self.backends.writers.forget(*self._writer)
            self._connections.undo(error)
            return
        events: Sequence[ResourceChanged] = ()
        try:
            if self._connections.is_writing:
                events = self._announce()
                self.write_list_timestamps()
                self._replace_versions()
        except BaseException as failure:
            self._connections.undo(failure)
            raise
        self._connections.commit()
        if self._writer is not None and self._connections.is_writing:
            self.backends.writers.add(*self._writer)
        if events:
            if self.backends.event_log is not None:
                self.backends.event_log.written.ring()
            dispatch_after(self.backends.plugins, events)

    # -- reading ----------------------------------------------------------------------------------

    def look_up(  # noqa: PLR0913  the question has these parts
        self,
        keys: Sequence[ObjectKey],
        *,
        user_id: str | None,
        ancestor_bodies: bool = False,
        list_of: ListKey | None = None,
        target_is_list: bool = False,
        all_grants: bool = False,
        page: Query | None = None,
    ) -> Snapshot:
        """Read what decides about a request; see ``kinto_core.database.lookup.Question``.

        ``page`` is one of the list for which ``page_text`` is going to be called if the caller may
        read it. It may be read on the way.
        """
        if self._parents is not None:
            return self._parents.look_up(
                keys, user_id, list_of, target_is_list=target_is_list, all_grants=all_grants
            )
        question = Question(
            tuple(keys), user_id, list_of, ancestor_bodies, target_is_list, all_grants
        )
        return self._snapshot(question, page)

    # -- writing ----------------------------------------------------------------------------------

    @property
    def connection(self) -> Connection:
        """The writing connection, for backends and plugins that have tables of their own."""
        return self._begin()

    def lock_list(self, key: ListKey) -> ListState | None:
        """Hold a list until the end of the transaction; ``None`` when it does not exist."""
        held = self._lists.get(key)
        if held is None:
            state = self.storage.lock_list(self._begin(key), *key)
            if state is None:
                return None
            held = self._lists[key] = _HeldList(*state)
        return ListState(held.timestamp, held.version)

    def look_up_to_write(
        self,
        keys: Sequence[ObjectKey],
        *,
        user_id: str | None,
        list_of: ListKey,
        target_is_list: bool,
        all_grants: bool,
    ) -> Snapshot:
        """``look_up`` for a write to the list.

        For who wrote to it lately the list is held first, so that what is read here stays true.
        """
        holding: Connection | None = None
        if self._parents is None and not self._connections.is_writing:
            self._writer = (user_id, list_of)
            if self.backends.writers.knows(user_id, list_of):
                holding = self._begin(list_of)
                if not holding.holds(list_of):
                    self.storage.hold_list(holding, *list_of)
        snapshot = self.look_up(
            keys,
            user_id=user_id,
            ancestor_bodies=True,
            list_of=list_of,
            target_is_list=target_is_list,
            all_grants=all_grants,
        )
        if holding is not None and snapshot.list is not None:
            self._lists[list_of] = _HeldList(*snapshot.list)
            holding.keep(list_of)
        return snapshot

    def save(self, list_key: ListKey, objects: Sequence[StoredObject], timestamp: int) -> None:
        """Write objects or tombstones of a held list, whose timestamp becomes ``timestamp``."""
        self.storage.save(self._begin(), *list_key, objects)
        if list_key[1] in self.backends.containers:
            self._change_trees([ObjectKey(*list_key, item.id) for item in objects])
        held = self._lists[list_key]
        held.timestamp = timestamp
        held.version += 1
        held.is_dirty = True

    def index(
        self,
        key: ListKey,
        indexes: Sequence[str],
        changes: Sequence[tuple[StoredObject | None, StoredObject]],
    ) -> None:
        """Bring a list's declared indexes up to date; see ``Storage.index``."""
        self.storage.index(self._begin(), *key, indexes, changes)

    def declare_indexes(self, key: ListKey, *, new: Sequence[str], gone: Sequence[str]) -> None:
        """Make and forget indexes of a list; who read it before has to look again."""
        self.lock_list(key)
        self.storage.declare_indexes(self._begin(), *key, new=new, gone=gone)
        held = self._lists.get(key)
        if held is not None:
            held.version += 1
            held.is_dirty = True

    def rival(
        self,
        key: ListKey,
        indexes: Sequence[str],
        change: tuple[StoredObject | None, StoredObject],
    ) -> tuple[str, str] | None:
        """Which object of a held list speaks against a change; see ``Storage.rival``."""
        return self.storage.rival(self._begin(), *key, indexes, change)

    def twins(self, key: ListKey, index: str) -> tuple[str, str] | None:
        """Two objects of a held list that are equal in an index; see ``Storage.twins``."""
        return self.storage.twins(self._begin(), *key, index)

    def open_list(self, key: ListKey, timestamp: int) -> None:
        """Begin an empty list."""
        self.storage.open_list(self._begin(), *key, timestamp)

    def set_grants(
        self, key: ObjectKey, grants: Mapping[str, Iterable[str]], *, fresh: bool = False
    ) -> None:
        """Replace all grants on an object."""
        self.permission.set_grants(self._connections.writing_grants(), key, grants, fresh=fresh)
        self._change_trees([key])

    def delete_grants(self, keys: Sequence[ObjectKey]) -> None:
        """Forget all grants on objects."""
        self.permission.delete_grants(self._connections.writing_grants(), keys)
        self._change_trees(keys)

    def set_members(self, group: str, user_ids: Iterable[str]) -> None:
        """Replace the members of a group."""
        self.permission.set_members(self._connections.writing_grants(), group, user_ids)

    def forget_principal(self, principal: str) -> None:
        """Take a principal out of all permissions and groups."""
        connection = self._connections.writing_grants()
        self._change_trees([key for key, _ in self.permission.granted_to(connection, [principal])])
        self.permission.forget_principal(connection, principal)
        self.forget_reading()

    def delete_below(self, uri: str) -> int:
        """Forget everything inside an object: objects, tombstones, lists, grants, members.

        Gives the latest timestamp of its lists, or 0.
        """
        self.write_list_timestamps()
        latest = self.storage.delete_below(self._begin(), uri)
        self._changed_trees.add(tree_of(uri))
        self.permission.delete_below(self._connections.writing_grants(), uri)
        inside = uri + "/"
        for key in [key for key in self._lists if key[0] == uri or key[0].startswith(inside)]:
            del self._lists[key]
        return latest

    def flush(self) -> None:
        """Forget everything that is stored."""
        self.storage.flush(self._begin(), self.backends.clock())
        self.permission.flush(self._connections.writing_grants())
        if self.backends.event_log is not None:
            self.backends.event_log.log.begin_epoch(self._begin())
        if self._connections.are_one:
            forget_versions(self._begin())
        self._lists.clear()
        self.forget_reading()

    def forget_reading(self) -> None:
        """What was read about parents and callers may have changed."""
        if self._parents is not None:
            self._parents.forget()

    def record(self, change: Change) -> None:
        """Announce a change: it becomes part of an event."""
        self.collector.add(change)

    def write_list_timestamps(self) -> None:
        """Bring the stored list timestamps up to date with what was saved."""
        for key, held in self._lists.items():
            if held.is_dirty:
                self.storage.set_list(self._begin(), *key, held.timestamp)
                held.is_dirty = False

    # -- inside -----------------------------------------------------------------------------------

    def _announce(self) -> Sequence[ResourceChanged]:
        """Tell the plugins and the event log what is going to be committed."""
        machinery = self.backends.event_log
        events = dispatch_before(
            self.backends.plugins, self.collector, self, is_logged=machinery is not None
        )
        if machinery is not None and events:
            machinery.log.append(self._begin(), events, self.backends.clock())
        dispatch_settling(self.backends.plugins, self.collector, self)
        return events

    def _change_trees(self, keys: Iterable[ObjectKey]) -> None:
        """Objects that may contain others, or the grants on them, were written."""
        for key in keys:
            if key.resource in self.backends.containers:
                self._changed_trees.add(tree_of(key.uri))

    def _replace_versions(self) -> None:
        """Tell those who remember what is in a tree that it changed."""
        if self._changed_trees and self._connections.are_one:
            replace_versions(self._begin(), self._changed_trees)

    def _write_timestamp_of(self, key: ListKey | None) -> None:
        held = self._lists.get(key) if key is not None else None
        if held is not None and held.is_dirty:
            self.write_list_timestamps()

    def _snapshot(self, question: Question, page: Query | None = None) -> Snapshot:
        if self._lists:
            self._write_timestamp_of(question.list_of)
        return super()._snapshot(question, page)

    def _read_anew(  # noqa: PLR0913  the question has these parts
        self,
        keys: Sequence[ObjectKey],
        user_id: str | None,
        list_of: ListKey | None,
        *,
        ancestor_bodies: bool = False,
        target_is_list: bool = False,
        all_grants: bool = False,
    ) -> Snapshot:
        """For ``Parents``; see ``Question``."""
        return self._snapshot(
            Question(tuple(keys), user_id, list_of, ancestor_bodies, target_is_list, all_grants)
        )

    def _list_state(self, key: ListKey | None) -> ListState | None:
        if key is None:
            return None
        held = self._lists.get(key)
        if held is not None:
            return ListState(held.timestamp, held.version)
        return super()._list_state(key)

    def _is_held(self, key: ListKey) -> bool:
        return key in self._lists

    def _begin(self, key: ListKey | None = None) -> Connection:
        """The writing connection; ``key``: a list that the transaction is about."""
        about = None if key is None or self._parents is not None else f"{key[0]} {key[1]}"
        return self._connections.writing(about)
