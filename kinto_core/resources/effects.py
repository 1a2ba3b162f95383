"""What else happens when an object changes: to lists, indexes and members, and in the events."""

from collections.abc import Sequence
from typing import Any

from kinto_core.events.event import Action, Change
from kinto_core.objects import ObjectKey, StoredObject
from kinto_core.resources.addresses import ListAddress, ObjectAddress
from kinto_core.resources.calls import Call, Rules
from kinto_core.resources.definition import ResourceType
from kinto_core.resources.indexes import declared
from kinto_core.resources.uniqueness import declare
from kinto_core.transactions import Transaction


def before_write(
    tx: Transaction,
    rules: Rules,
    address: ObjectAddress,
    data: dict[str, Any],
    old: StoredObject | None,
) -> None:
    """Before an object is changed: the lists inside it get the indexes that it will declare.

    Args:
        tx: the transaction.
        rules: of the server.
        address: the object.
        data: its new fields.
        old: what it was before; ``None`` when it is going to be created: see ``after_write``.

    Raises:
        InvalidInput: what a list has contradicts an index; everything is as it was.
    """
    if old is None:
        return
    for child in rules.types.children.get(address.type.name, ()):
        if child.has_indexes:
            declare(tx, (address.uri, child.name), data, old)


def after_write(
    tx: Transaction,
    rules: Rules,
    address: ObjectAddress,
    data: dict[str, Any],
    old: StoredObject | None,
) -> None:
    """After an object was created or changed.

    Args:
        tx: the transaction.
        rules: of the server.
        address: the object.
        data: its new fields.
        old: what it was before; ``None`` when it was created just now: then its empty lists begin.
    """
    children = rules.types.children.get(address.type.name, ())
    for child in children:
        list_key = (address.uri, child.name)
        if old is None:
            tx.open_list(list_key, max(tx.backends.clock(), data["last_modified"]))
            if child.has_indexes:
                declare(tx, list_key, data, None)
    if address.type.has_members:
        tx.set_members(address.uri, data.get("members", ()))
    if children or address.type.has_members:
        tx.forget_reading()


def index(
    tx: Transaction,
    address: ListAddress,
    parent: StoredObject | None,
    changes: Sequence[tuple[StoredObject | None, StoredObject]],
) -> None:
    """Bring the indexes that a list's parent declares up to date.

    Args:
        tx: the transaction.
        address: the list.
        parent: the object that contains it, with its text.
        changes: each object that is saved, as it was and as it becomes.
    """
    if address.type.has_indexes:
        indexes = declared(parent)
        if indexes:
            tx.index((address.parent_id, address.type.name), indexes, changes)


def before_delete(tx: Transaction, rules: Rules, kind: ResourceType, key: ObjectKey) -> int:
    """Before an object is deleted: everything inside it goes.

    Returns the latest timestamp that was in use inside it, or 0: when the object is created anew,
    its lists begin later than that, so that nobody who remembers the old ones misses a change.

    Source: protocol R-30, P-8, W-4, W-10.
    """
    latest = 0
    if rules.types.children.get(kind.name):
        latest = tx.delete_below(key.uri)
    if kind.has_members:
        tx.set_members(key.uri, ())
    if latest or kind.has_members:
        tx.forget_reading()
    return latest


def announce(  # noqa: PLR0913  everything that a change tells
    tx: Transaction,
    address: ObjectAddress,
    call: Call[Any],
    new: StoredObject,
    old: StoredObject | None,
    *,
    grants_changed: bool = False,
) -> None:
    """Record a change for the events. Source: events E-10."""
    written = Action.CREATE if old is None else Action.UPDATE
    tx.record(
        Change(
            resource_name=address.type.name,
            parent_uri=address.key.parent_id,
            object_id=new.id,
            uri=address.uri,
            action=Action.DELETE if new.deleted else written,
            timestamp=new.last_modified,
            user_id=call.caller.user_id,
            new=new.text,
            old=old.text if old is not None else None,
            request_uri=call.uri or address.uri,
            url_ids=call.url_ids,
            grants_changed=grants_changed,
        )
    )
