"""What changed since a ``last_modified``, from storage: objects and tombstones. Blocks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from kinto_core.objects import ObjectKey, StoredObject
from kinto_core.storage.query import Filter, Operator, Query, SharedWith, Sort
from kinto_websocket.access import Access, View
from kinto_websocket.events import replayed
from kinto_websocket.history import has_list
from kinto_websocket.protocol import Resync
from kinto_websocket.sights import Sight
from kinto_websocket.targets import list_uri

OLDEST_FIRST = (Sort("last_modified"),)


@dataclass(frozen=True, slots=True)
class Replay:
    """What changed.

    Attributes:
        resource: the type of the objects.
        objects: by URI, oldest change first.
        floors: the timestamp up to which everything is in ``objects``, by the URI of the list.
        view: what could be seen before and after reading, as it was after.
    """

    resource: str
    objects: Mapping[str, StoredObject]
    floors: dict[str, int]
    view: View

    def bodies(self, offset: int) -> list[bytes]:
        """The JSON of each change, with the offset after which live events follow."""
        return [replayed(stored, uri, offset) for uri, stored in self.objects.items()]

    def is_other(self, sight: Sight) -> bool:
        """Whether what was read was not what the sight shows."""
        return (self.view.kinds, self.view.own is not None) != (sight.kinds, sight.own)


def read_changes(access: Access, sight: Sight, since: int, limit: int) -> Replay | Resync:
    """What changed in a target after a timestamp, as far as the sight's caller may see it.

    Args:
        access: to the database.
        sight: who asks, and about what.
        since: in milliseconds.
        limit: the most objects.

    Raises:
        NotAllowed, ObjectNotFound: it can no longer be seen.
    """
    address = sight.address
    before = access.view(sight.caller, address)
    resource = has_list(address, access.server.types)
    if resource is None:
        if access.server.types.children.get(address.type.name):
            return Resync.FILTER  # a bucket has many lists, each with timestamps of its own
        return _single(before, sight, since)
    found = _changed(access, before, sight, resource, since, limit)
    after = access.view(sight.caller, address)
    if after.kinds != before.kinds or after.principals != before.principals:
        return Resync.PERMISSION
    if len(found) > limit:
        return Resync.LIMIT
    name = list_uri(address.uri, resource)
    floor = max([before.times.get(name, 0), *(one.last_modified for one in found)])
    objects = {ObjectKey(address.uri, resource, one.id).uri: one for one in found}
    return Replay(resource, objects, {name: floor}, after)


def _changed(  # noqa: PLR0913, PLR0917  the question has these parts
    access: Access, view: View, sight: Sight, resource: str, since: int, limit: int
) -> Sequence[StoredObject]:
    kind = access.server.types.by_name[resource]
    is_open = resource in view.kinds
    shared = SharedWith(view.principals, access.server.rules.access.reading_permissions(kind))
    query = Query(
        filters=(Filter("last_modified", Operator.GREATER, since),),
        sorts=OLDEST_FIRST,
        limit=limit + 1,
        include_deleted=is_open,
        shared=None if is_open else shared,
    )
    with access.server.transaction() as tx:
        return tx.find(sight.uri, resource, query)


def _single(view: View, sight: Sight, since: int) -> Replay:
    """A target that contains nothing: it is all there is to tell."""
    kind = sight.address.type.name
    if view.own is None:
        return Replay(kind, {}, {}, view)
    own = view.own
    objects = {sight.uri: own} if own.last_modified > since else {}
    return Replay(kind, objects, {sight.uri: own.last_modified}, view)
