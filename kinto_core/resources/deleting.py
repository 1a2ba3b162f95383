"""Delete one object, or the objects of a list, with everything inside them."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from kinto_core.objects import ObjectKey, StoredObject, tombstone
from kinto_core.resources import effects
from kinto_core.resources.addresses import ListAddress, ObjectAddress
from kinto_core.resources.calls import Call, ObjectAnswer, Rules, Situation, keys_of
from kinto_core.resources.deciding import hold, look, require_existing, require_writable
from kinto_core.resources.indexes import indexed
from kinto_core.resources.reading import ReadQuery, page, require_parent, timestamp_for
from kinto_core.resources.timestamps import stamp
from kinto_core.storage.query import Query, SharedWith
from kinto_core.transactions import Transaction


@dataclass(frozen=True, slots=True)
class DeletedList:
    """What a deletion of a list left.

    Attributes:
        tombstones: of the deleted objects, in the order of the query.
        timestamp: the latest of theirs; of the list when nothing was deleted. Source: R-13.
        after: the sort values of the last deleted object, when more remain.
    """

    tombstones: list[StoredObject]
    timestamp: int
    after: Mapping[str, Any] | None = None


def delete(
    tx: Transaction, rules: Rules, address: ObjectAddress, call: Call[int | None]
) -> ObjectAnswer:
    """Delete an object; what is left is a tombstone.

    ``call.read`` gives the timestamp that the client wishes for the tombstone.

    Raises:
        NotAllowed, ParentNotFound, ObjectNotFound, ModifiedMeanwhile, InvalidInput: see ``fetch``.

    Source: protocol R-27 to R-33, T-14.
    """
    wanted: list[int | None] = []

    def decide(seen: Situation) -> None:
        require_writable(rules, address, call, seen)
        wanted[:] = [call.read()]
        require_existing(rules, address, call, seen)

    seen = look(tx, address, call)
    decide(seen)
    seen = hold(tx, address, call, seen, decide)
    existing = require_existing(rules, address, call, seen)
    dead = _bury(tx, rules, address.list, seen, [existing], wanted[0])
    effects.announce(tx, address, call, dead[0], existing, grants_changed=True)
    return ObjectAnswer(dead[0], {})


def delete_list(
    tx: Transaction, rules: Rules, address: ListAddress, call: Call[ReadQuery]
) -> DeletedList:
    """Delete the objects of a list that match a query and that the caller may write.

    Raises:
        NotAllowed, ParentNotFound, ModifiedMeanwhile, InvalidInput: see ``list_objects``.

    Source: protocol R-12 to R-16, P-33.
    """
    list_key = (address.parent_id, address.type.name)

    def look_at() -> Situation:
        snapshot = tx.look_up(
            keys_of(address),
            user_id=call.caller.user_id,
            all_grants=bool(call.caller.extra),
            ancestor_bodies=True,
            list_of=list_key,
            target_is_list=True,
        )
        return Situation.of(snapshot, call.caller, target_is_list=True)

    seen = look_at()
    shared = _deletable_part(tx, rules, address, call, seen)
    require_parent(address, seen)
    read_query = call.read()
    tx.lock_list(list_key)
    tx.forget_reading()
    seen = look_at()
    require_parent(address, seen)
    timestamp = timestamp_for(tx, address, call, seen.snapshot.list)
    call.preconditions.unmodified(timestamp)
    query = replace(
        read_query(timestamp).query,
        shared=shared,
        include_deleted=False,
        indexed=indexed(address.type, seen.parent(address)),
    )
    objects, after = page(tx, address, query)
    if not objects:
        return DeletedList([], timestamp)
    dead = _bury(tx, rules, address, seen, objects, None)
    for old, new in zip(objects, dead, strict=True):
        effects.announce(tx, address.object(old.id), call, new, old, grants_changed=True)
    return DeletedList(dead, max(item.last_modified for item in dead), after)


def _deletable_part(
    tx: Transaction, rules: Rules, address: ListAddress, call: Call[Any], seen: Situation
) -> SharedWith | None:
    ancestors = seen.ancestor_grants(address)
    access, kind = rules.access, address.type
    if access.may_empty(kind, ancestors, seen.principals):
        return None
    shared = SharedWith(seen.principals, ("write",))
    if access.may_create(kind, ancestors, seen.principals):
        return shared
    if tx.find(address.parent_id, kind.name, Query(shared=shared, limit=1)):
        return shared
    raise call.caller.refusal()


def _bury(  # noqa: PLR0913, PLR0917  everything that a deletion depends on
    tx: Transaction,
    rules: Rules,
    address: ListAddress,
    seen: Situation,
    objects: list[StoredObject],
    wanted: int | None,
) -> list[StoredObject]:
    """Replace objects of a held list by tombstones, oldest timestamp last given first."""
    kind = address.type
    keys = [ObjectKey(address.parent_id, kind.name, item.id) for item in objects]
    state = tx.lock_list((address.parent_id, kind.name))
    timestamp = state.timestamp if state is not None else 0
    dead: list[StoredObject] = []
    for key, item in zip(keys, objects, strict=True):
        latest = effects.before_delete(tx, rules, kind, key)
        wish = wanted if wanted is not None and wanted > item.last_modified else None
        times = stamp(
            now=max(tx.backends.clock(), latest + 1),
            list_timestamp=timestamp,
            wanted=wish,
            old=item.last_modified,
        )
        timestamp = times.list_timestamp
        dead.append(tombstone(key.id, times.last_modified))
    tx.delete_grants(keys)
    tx.save((address.parent_id, kind.name), dead, timestamp)
    effects.index(tx, address, seen.parent(address), list(zip(objects, dead, strict=True)))
    return dead
