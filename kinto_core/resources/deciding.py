"""How every write comes to a decision: look, decide, hold, and look again if need be.

An operation first reads and decides without holding anything, then holds the list. If the list
changed in between, it reads and decides again; so a refused request costs no lock, and two writers
never overlook each other. Who wrote to the list lately holds it at once and reads once. What is
written then is the business of the operations.
"""

from collections.abc import Callable
from typing import Any

from kinto_core.errors import ObjectNotFound, WriteConflict
from kinto_core.objects import StoredObject
from kinto_core.resources.addresses import ListAddress, ObjectAddress
from kinto_core.resources.calls import Call, Rules, Situation, keys_of
from kinto_core.resources.checks import require_id
from kinto_core.resources.reading import require_parent
from kinto_core.transactions import Transaction

Decide = Callable[[Situation], Any]
"""Checks a situation; raises what speaks against the operation."""


def look(
    tx: Transaction, address: ObjectAddress, call: Call[Any], *, new_only: bool = False
) -> Situation:
    """Read everything that decides. ``new_only``: the target's id was just made up."""
    list_of = (address.key.parent_id, address.type.name)
    keys = keys_of(address.list if new_only else address)
    snapshot = tx.look_up_to_write(
        keys,
        user_id=call.caller.user_id,
        all_grants=bool(call.caller.extra),
        list_of=list_of,
        target_is_list=new_only,
    )
    if new_only:
        snapshot.objects = [*snapshot.objects, None]
        snapshot.grants = [*snapshot.grants, {}]
    return Situation.of(snapshot, call.caller, target_is_list=False)


def hold(
    tx: Transaction, address: ObjectAddress, call: Call[Any], seen: Situation, decide: Decide
) -> Situation:
    """Hold the list; if it changed since it was read, read and decide again.

    Raises:
        WriteConflict: the list was not there when it was to be held, and is again.
    """
    state = tx.lock_list((address.key.parent_id, address.type.name))
    if state is not None and state == seen.snapshot.list:
        return seen
    tx.forget_reading()
    seen = look(tx, address, call)
    decide(seen)
    require_parent(address.list, seen)
    if state is None:
        message = "the list was made anew meanwhile"
        raise WriteConflict(message)
    return seen


def require_writable(
    rules: Rules, address: ObjectAddress, call: Call[Any], seen: Situation
) -> None:
    """Refuse a change by a caller who may not make it.

    Raises:
        NotAllowed: it may not, or may not know that the object is missing.
        ParentNotFound: the object that should contain it does not exist.

    Source: protocol P-36.
    """
    if seen.existing is None:
        if not rules.access.may_list(
            address.type, seen.ancestor_grants(address.list), seen.principals
        ):
            raise call.caller.refusal()
        require_parent(address.list, seen)
    elif not rules.access.may_write(address.type, seen.snapshot, seen.principals):
        raise call.caller.refusal()


def require_existing(
    rules: Rules, address: ObjectAddress, call: Call[Any], seen: Situation
) -> StoredObject:
    """The target, in the version that the caller expects.

    Raises:
        InvalidInput: the identifier is malformed.
        ObjectNotFound, ModifiedMeanwhile: as they say.
    """
    require_id(rules, address)
    if seen.existing is None:
        raise ObjectNotFound(address.type.name, address.key.id)
    may_see = rules.access.may_read(address.type, seen.snapshot, seen.principals)
    call.preconditions.unmodified(
        seen.existing.last_modified, seen.existing.text if may_see else None
    )
    return seen.existing


def require_creation(rules: Rules, address: ListAddress, call: Call[Any], seen: Situation) -> None:
    """Refuse a creation by a caller who may not create in the list.

    Raises:
        NotAllowed: it may not, or may not know that what should contain the list is missing.
        ParentNotFound: the object that should contain it does not exist.

    Source: protocol P-37.
    """
    ancestors = seen.ancestor_grants(address)
    if not rules.access.may_create(address.type, ancestors, seen.principals):
        if seen.parent(address) is None and rules.access.may_list(
            address.type, ancestors, seen.principals
        ):
            require_parent(address, seen)
        raise call.caller.refusal()
    require_parent(address, seen)


def list_timestamp(seen: Situation) -> int:
    """The list's timestamp in milliseconds; 0 when there is no such list."""
    return seen.snapshot.list.timestamp if seen.snapshot.list is not None else 0
