"""Fetch one object, list many. Nothing here writes."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from kinto_core.errors import ObjectNotFound, ParentNotFound
from kinto_core.objects import ListState, StoredObject
from kinto_core.resources.addresses import ListAddress, ObjectAddress
from kinto_core.resources.calls import Call, ObjectAnswer, Rules, Situation, keys_of
from kinto_core.resources.checks import require_id
from kinto_core.resources.indexes import indexed
from kinto_core.storage.pages import page_of
from kinto_core.storage.query import Query, SharedWith
from kinto_core.transactions import Transaction


@dataclass(frozen=True, slots=True)
class ListInput:
    """How to read a list.

    Attributes:
        query: which objects; ``limit`` is the page size.
        count: whether only the number of objects is wanted.
        as_text: whether the page is wanted as one text, for who passes it on as it is.
    """

    query: Query
    count: bool = False
    as_text: bool = False


ReadQuery = Callable[[int], ListInput]
"""Gives what to list, from the list's timestamp. Raises ``InvalidInput`` for faulty filters."""


@dataclass(frozen=True, slots=True)
class ListAnswer:
    """A page of a list, or its size.

    Attributes:
        objects: in order; empty when the page was wanted as a text.
        timestamp: of the whole list, in milliseconds; never later than what the page shows.
        after: the sort values of the last object when more follow.
        total: how many live objects match, when a count was asked for.
        parent: the object that contains the list, as far as it was read.
        text: the objects' JSON in order, joined by commas, when it was wanted so.
    """

    objects: list[StoredObject]
    timestamp: int
    after: Mapping[str, Any] | None = None
    total: int | None = None
    parent: StoredObject | None = None
    text: str | None = None


def fetch(tx: Transaction, rules: Rules, address: ObjectAddress, call: Call[None]) -> ObjectAnswer:
    """Read one object.

    Raises:
        NotAllowed: the caller may not read it, or may not know that it is missing.
        ParentNotFound: the object that should contain it does not exist.
        ObjectNotFound: it does not exist.
        NotModified, ModifiedMeanwhile: by the preconditions.
        InvalidInput: the request has faults.

    Source: protocol R-18 to R-21, P-35.
    """
    snapshot = tx.look_up(
        keys_of(address),
        user_id=call.caller.user_id,
        all_grants=bool(call.caller.extra),
        ancestor_bodies=call.caller.user_id is None,
    )
    seen = Situation.of(snapshot, call.caller, target_is_list=False)
    kind = address.type
    if seen.existing is None:
        if not rules.access.may_list(kind, seen.ancestor_grants(address.list), seen.principals):
            raise call.caller.refusal()
        require_parent(address.list, seen)
    elif not rules.access.may_read(kind, snapshot, seen.principals):
        raise call.caller.refusal()
    call.read()
    require_id(rules, address)
    if seen.existing is None:
        raise ObjectNotFound(kind.name, address.key.id)
    call.preconditions.not_modified(seen.existing.last_modified)
    call.preconditions.unmodified(seen.existing.last_modified, seen.existing.text)
    return ObjectAnswer(
        seen.existing, seen.visible_grants(rules, kind), parent=seen.parent(address.list)
    )


def require_parent(address: ListAddress, seen: Situation) -> None:
    """Refuse to go on inside something that does not exist.

    Raises:
        ParentNotFound: naming what is missing. Source: protocol R-20, W-27.
    """
    if address.ancestors and seen.parent(address) is None:
        key = address.ancestors[-1]
        raise ParentNotFound(key.resource, key.id)


def list_objects(
    tx: Transaction, rules: Rules, address: ListAddress, call: Call[ReadQuery]
) -> ListAnswer:
    """Read a page of a list, restricted to what the caller may see.

    ``call.read`` raises for faults of form and gives a second function, which looks at the filters
    after the preconditions and is told the list's timestamp.

    Raises:
        NotAllowed: nothing in this list is for the caller.
        ParentNotFound: the object that should contain the list does not exist.
        NotModified, ModifiedMeanwhile: by the preconditions on the list.
        InvalidInput: the request has faults.

    Source: protocol R-1, P-31, P-32, T-19.
    """
    snapshot = tx.look_up(
        keys_of(address),
        user_id=call.caller.user_id,
        all_grants=bool(call.caller.extra),
        ancestor_bodies=call.looks_inside or call.caller.user_id is None,
        list_of=(address.parent_id, address.type.name),
        target_is_list=True,
        page=call.page,
    )
    seen = Situation.of(snapshot, call.caller, target_is_list=True)
    shared = visible_part(tx, rules, address, call, seen)
    require_parent(address, seen)
    timestamp = timestamp_for(tx, address, call, snapshot.list)
    read_query = call.read()
    call.preconditions.not_modified(timestamp)
    call.preconditions.unmodified(timestamp)
    asked = read_query(timestamp)
    query = asked.query
    if shared is not None:
        query = replace(query, shared=shared, include_deleted=False)
    if call.looks_inside:
        query = replace(query, indexed=indexed(address.type, seen.parent(address)))
    parent = seen.parent(address)
    if asked.count:
        total = tx.count(address.parent_id, address.type.name, query)
        return ListAnswer([], timestamp, total=total, parent=parent)
    if asked.as_text:
        found = tx.page_text(address.parent_id, address.type.name, query)
        return ListAnswer([], timestamp, found.after, parent=parent, text=found.text)
    objects, after = page(tx, address, query)
    return ListAnswer(objects, timestamp, after, parent=parent)


def timestamp_for(
    tx: Transaction, address: ListAddress, call: Call[Any], state: ListState | None
) -> int:
    """The timestamp that a list has for the caller, in milliseconds; 0 when there is no list."""
    stored = tx.fetch(address.object(call.only).key) if call.only is not None else None
    if stored is not None:
        return stored.last_modified
    return state.timestamp if state is not None else 0


def visible_part(
    tx: Transaction, rules: Rules, address: ListAddress, call: Call[Any], seen: Situation
) -> SharedWith | None:
    """What the caller may see of a list: everything (``None``), or what is shared with it."""
    ancestors = seen.ancestor_grants(address)
    access, kind = rules.access, address.type
    if access.may_list(kind, ancestors, seen.principals):
        return None
    shared = SharedWith(seen.principals, access.reading_permissions(kind))
    if access.may_create(kind, ancestors, seen.principals):
        return shared
    if tx.find(address.parent_id, kind.name, Query(shared=shared, limit=1)):
        return shared
    raise call.caller.refusal()


def page(
    tx: Transaction, address: ListAddress, query: Query
) -> tuple[list[StoredObject], Mapping[str, Any] | None]:
    """The objects of one page, and where the next one begins if there is one."""
    return page_of(lambda wider: tx.find(address.parent_id, address.type.name, wider), query)
