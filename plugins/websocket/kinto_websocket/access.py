"""Who may see what: the same decisions as over HTTP, made for subscriptions.

Everything here blocks on the database and is called in threads. What was decided is kept, and kept
right, by ``sights.py``.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from kinto_core.errors import ObjectNotFound
from kinto_core.eventlog import Waiting
from kinto_core.objects import Grants, ObjectKey, Snapshot, StoredObject
from kinto_core.resources.access import Caller
from kinto_core.resources.addresses import ObjectAddress
from kinto_core.resources.calls import keys_of, live
from kinto_core.resources.definition import ResourceType
from kinto_core.server import Server
from kinto_core.storage.query import Query, SharedWith
from kinto_core.transactions import Transaction
from kinto_websocket.protocol import Refusal
from kinto_websocket.targets import inner_types, is_inside, list_uri


@dataclass(frozen=True, slots=True)
class View:
    """What one caller may see of a target, as it was at one moment.

    Attributes:
        principals: what the caller counts as.
        own: the target itself, if it may be seen.
        kinds: the types inside the target that may be seen altogether.
        prefixes: URIs of objects inside in which everything may be seen.
        objects: others that may be seen, by URI.
        times: timestamps of that moment: of lists and objects, by URI.
        is_whole: whether everything inside may be seen, whatever the grants on it.
    """

    principals: frozenset[str]
    own: StoredObject | None
    kinds: frozenset[str]
    prefixes: frozenset[str]
    objects: Mapping[str, StoredObject]
    times: Mapping[str, int]
    is_whole: bool = False


@dataclass(frozen=True, slots=True)
class Looked:
    """One object and the grants on it, as they were at one moment."""

    stored: StoredObject | None
    grants: Grants = field(default_factory=dict)


class Access:
    """Asks the database of a server.

    Args:
        server: whose objects and rules.
        max_objects: individually shared objects that one view can have.
    """

    def __init__(self, server: Server, max_objects: int) -> None:
        self.server = server
        self._max_objects = max_objects

    def view(self, caller: Caller, address: ObjectAddress) -> View:
        """What a caller may see of a target and of what is inside.

        Args:
            caller: who.
            address: the target.

        Raises:
            NotAllowed: nothing.
            ObjectNotFound: there is no such object, and the caller may know that.
            Refusal: there are too many shared objects.
        """
        with self.server.transaction() as tx:
            return self._view(tx, caller, address)

    def look_at(self, address: ObjectAddress) -> Looked:
        """An object with all grants on it."""
        with self.server.transaction() as tx:
            found = tx.look_up(keys_of(address), user_id=None)
        return Looked(live(found.objects[-1]), found.grants[-1])

    def is_shared(self, kind: ResourceType, grants: Grants, principals: frozenset[str]) -> bool:
        """Whether grants on an object itself let somebody see it. Source: protocol P-31."""
        names = self.server.rules.access.reading_permissions(kind)
        return any(not principals.isdisjoint(grants.get(name, ())) for name in names)

    def last_offset(self) -> int:
        """The offset of the last event in the log."""
        log = self.server.event_log
        if log is None:
            return 0
        with log.database.reading() as connection:
            return log.extent(connection).last

    def waiting(self) -> Waiting:
        """What to wait for to have passed everything that is committed now."""
        log = self.server.event_log
        if log is None:
            return Waiting(0, 0, 0, ())
        with log.database.reading() as connection:
            return log.waiting(connection)

    # -- inside -----------------------------------------------------------------------------------

    def _view(self, tx: Transaction, caller: Caller, address: ObjectAddress) -> View:
        kind = address.type
        children = self.server.types.children.get(kind.name, ())
        snapshot = tx.look_up(
            keys_of(address),
            user_id=caller.user_id,
            all_grants=bool(caller.extra),
            list_of=(address.uri, children[0].name) if len(children) == 1 else None,
        )
        principals = caller.principals(snapshot.groups)
        existing = live(snapshot.objects[-1])
        if existing is None:
            self._refuse_missing(caller, address, snapshot, principals)
        access = self.server.rules.access
        own = existing if access.may_read(kind, snapshot, principals) else None
        kinds = self._open_kinds(kind, snapshot, principals)
        prefixes, objects = self._shared(tx, address, kinds, principals)
        if (
            own is None
            and not (kinds or prefixes or objects)
            and not any(access.may_create(child, snapshot.grants, principals) for child in children)
        ):
            raise caller.refusal()
        times = {uri: stored.last_modified for uri, stored in objects.items()}
        if own is not None:
            times[address.uri] = own.last_modified
        if snapshot.list is not None and len(children) == 1:
            times[list_uri(address.uri, children[0].name)] = snapshot.list.timestamp
        is_whole = own is not None and kinds == inner_types(self.server.types, kind)
        return View(principals, own, kinds, prefixes, objects, times, is_whole=is_whole)

    def _refuse_missing(
        self,
        caller: Caller,
        address: ObjectAddress,
        snapshot: Snapshot,
        principals: frozenset[str],
    ) -> None:
        """Say that there is no such object to those who may know.

        Raises:
            NotAllowed, ObjectNotFound: one of them, always. Source: protocol P-35.
        """
        ancestors = snapshot.grants[:-1]
        if self.server.rules.access.may_list(address.type, ancestors, principals):
            raise ObjectNotFound(address.type.name, address.key.id)
        raise caller.refusal()

    def _open_kinds(
        self, kind: ResourceType, snapshot: Snapshot, principals: frozenset[str]
    ) -> frozenset[str]:
        """The types inside the target of which everything may be seen."""
        types, access = self.server.types, self.server.rules.access
        return frozenset(
            name
            for name in inner_types(types, kind)
            if access.may_list(types.by_name[name], snapshot.grants, principals)
        )

    def _shared(
        self,
        tx: Transaction,
        address: ObjectAddress,
        kinds: frozenset[str],
        principals: frozenset[str],
    ) -> tuple[frozenset[str], dict[str, StoredObject]]:
        """Where everything may be seen inside, and the single objects that may."""
        types = self.server.types
        missing = inner_types(types, address.type) - kinds
        if not missing:
            return frozenset(), {}
        direct = types.children.get(address.type.name, ())
        if missing <= {child.name for child in direct}:
            found: dict[str, StoredObject] = {}
            for child in direct:
                if child.name in missing:
                    found |= self._shared_in_list(tx, address, child, principals)
            return frozenset(), found
        return self._shared_below(tx, address, missing, principals)

    def _shared_in_list(
        self, tx: Transaction, address: ObjectAddress, kind: ResourceType, who: frozenset[str]
    ) -> dict[str, StoredObject]:
        shared = SharedWith(who, self.server.rules.access.reading_permissions(kind))
        query = Query(shared=shared, limit=self._max_objects + 1)
        found = tx.find(address.uri, kind.name, query)
        self._limit(found)
        return {ObjectKey(address.uri, kind.name, one.id).uri: one for one in found}

    def _shared_below(
        self, tx: Transaction, address: ObjectAddress, missing: frozenset[str], who: frozenset[str]
    ) -> tuple[frozenset[str], dict[str, StoredObject]]:
        """As for a list, at any depth."""
        types, access = self.server.types, self.server.rules.access
        prefixes: set[str] = set()
        keys: list[ObjectKey] = []
        for key, permissions in tx.granted_to(who):
            kind = types.by_name.get(key.resource)
            if kind is None or key.uri == address.uri or not is_inside(key.uri, address.uri):
                continue
            if types.children.get(kind.name) and not permissions.isdisjoint(("read", "write")):
                prefixes.add(key.uri)
            readable = not permissions.isdisjoint(access.reading_permissions(kind))
            if kind.name in missing and readable:
                keys.append(key)
        self._limit(keys)
        found = {key.uri: live(tx.fetch(key)) for key in keys}
        return frozenset(prefixes), {uri: one for uri, one in found.items() if one is not None}

    def _limit(self, found: Iterable[object]) -> None:
        if sum(1 for _ in found) > self._max_objects:
            text = f"more than {self._max_objects} objects are shared: follow them one by one"
            raise Refusal(429, text)
