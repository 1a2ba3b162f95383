"""Create, replace and patch objects, with everything that follows from it.

How an operation reads, decides and holds the list is told in ``deciding.py``.
"""

from dataclasses import dataclass
from typing import Any

from kinto_core import json
from kinto_core.authentication.principals import EVERYONE
from kinto_core.errors import InvalidInput, ObjectNotFound
from kinto_core.objects import Grants, StoredObject
from kinto_core.resources import effects
from kinto_core.resources.addresses import ListAddress, ObjectAddress
from kinto_core.resources.bodies import ObjectBody
from kinto_core.resources.calls import Call, ObjectAnswer, Rules, Situation
from kinto_core.resources.checks import require_id, require_same_id
from kinto_core.resources.deciding import (
    hold,
    list_timestamp,
    look,
    require_creation,
    require_existing,
    require_writable,
)
from kinto_core.resources.definition import Writing
from kinto_core.resources.patching import Patch, Patched
from kinto_core.resources.schemas import validate_object
from kinto_core.resources.timestamps import stamp
from kinto_core.resources.uniqueness import require_unique
from kinto_core.transactions import Transaction


@dataclass(frozen=True, slots=True)
class _New:
    """What an object is going to be.

    Attributes:
        data: its fields, ``id`` and ``last_modified`` aside.
        grants: its permissions.
        wanted: the timestamp that the client asks for.
    """

    data: dict[str, Any]
    grants: Grants
    wanted: int | None


def create(
    tx: Transaction,
    rules: Rules,
    address: ListAddress,
    call: Call[ObjectBody],
    wanted_id: str | None,
) -> ObjectAnswer:
    """Add an object to a list; if one with the wanted id exists it is given back unchanged.

    Args:
        tx: the transaction.
        rules: of the server.
        address: the list.
        call: the request; ``call.read`` gives ``{"data", "permissions"}``.
        wanted_id: the identifier in the request's data, checked already; ``None`` to make one.

    Raises:
        NotAllowed, ParentNotFound, ModifiedMeanwhile, InvalidInput: see ``fetch``.

    Source: protocol R-5 to R-9, T-18.
    """
    generator = rules.types.ids[address.type.name]
    target = address.object(wanted_id if wanted_id is not None else generator())
    body: list[ObjectBody] = []

    def decide(seen: Situation) -> None:
        existing = seen.existing
        if existing is not None:
            if not rules.access.may_read(address.type, seen.snapshot, seen.principals):
                raise call.caller.refusal()
            body[:] = [call.read()]
            call.preconditions.unmodified(existing.last_modified, existing.text)
            return
        require_creation(rules, address, call, seen)
        body[:] = [call.read()]
        call.preconditions.creatable(list_timestamp(seen))

    seen = look(tx, target, call, new_only=wanted_id is None)
    decide(seen)
    if seen.existing is None:
        seen = hold(tx, target, call, seen, decide)
    if seen.existing is not None:
        return ObjectAnswer(seen.existing, seen.visible_grants(rules, address.type))
    return _write(tx, rules, target, call, seen, _from_body(target, seen, body[0]))


def replace(
    tx: Transaction, rules: Rules, address: ObjectAddress, call: Call[ObjectBody]
) -> ObjectAnswer:
    """Write an object over what is there, or create it.

    Raises:
        NotAllowed, ParentNotFound, ModifiedMeanwhile, InvalidInput: see ``fetch``.

    Source: protocol R-22 to R-26, P-37, P-38.
    """
    body: list[ObjectBody] = []

    def decide(seen: Situation) -> None:
        existing = seen.existing
        if existing is None or call.preconditions.must_be_new:
            require_creation(rules, address.list, call, seen)
        elif not rules.access.may_write(address.type, seen.snapshot, seen.principals):
            raise call.caller.refusal()
        body[:] = [call.read()]
        require_id(rules, address)
        if existing is None:
            call.preconditions.creatable(list_timestamp(seen))
        else:
            may_see = rules.access.may_read(address.type, seen.snapshot, seen.principals)
            call.preconditions.unmodified(
                existing.last_modified, existing.text if may_see else None
            )

    seen = look(tx, address, call)
    decide(seen)
    seen = hold(tx, address, call, seen, decide)
    return _write(tx, rules, address, call, seen, _from_body(address, seen, body[0]))


def patch(
    tx: Transaction, rules: Rules, address: ObjectAddress, call: Call[Patch]
) -> tuple[ObjectAnswer, Patched]:
    """Change some fields or permissions of an object; gives the new object and what was changed.

    Raises:
        NotAllowed, ParentNotFound, ObjectNotFound, ModifiedMeanwhile, InvalidInput: see ``fetch``.

    Source: protocol section 4, P-36.
    """
    changes: list[Patch] = []

    def decide(seen: Situation) -> None:
        require_writable(rules, address, call, seen)
        changes[:] = [call.read()]
        require_existing(rules, address, call, seen)

    seen = look(tx, address, call)
    decide(seen)
    seen = hold(tx, address, call, seen, decide)
    existing = seen.existing
    if existing is None:
        raise ObjectNotFound(address.type.name, address.key.id)
    names = rules.types.permission_names(address.type)
    patched = changes[0].apply(existing.data, seen.snapshot.grants[-1], names)
    require_same_id(address.key.id, patched.data)
    data, faults = address.type.fields(patched.data, "")
    if faults:
        raise InvalidInput(*faults)
    new = _New(data, patched.permissions, patched.last_modified)
    return _write(tx, rules, address, call, seen, new), patched


def _from_body(address: ObjectAddress, seen: Situation, body: ObjectBody) -> _New:
    """What a POST or PUT makes of the object. Source: protocol R-23, P-21, P-22."""
    existing = seen.existing
    if body.data is not None:
        require_same_id(address.key.id, body.data)
        data, wanted = body.data, body.last_modified
    else:
        data = existing.data if existing is not None else {}
        wanted = None
    if not body.permissions and existing is not None:
        grants = {name: set(who) for name, who in seen.snapshot.grants[-1].items()}
    else:
        grants = {name: set(who) for name, who in (body.permissions or {}).items()}
    return _New(data, grants, wanted)


def _write(  # noqa: PLR0913, PLR0917  everything that a write depends on
    tx: Transaction,
    rules: Rules,
    address: ObjectAddress,
    call: Call[Any],
    seen: Situation,
    new: _New,
) -> ObjectAnswer:
    """Validate, stamp and save the new object, with what follows from it."""
    key, kind = address.key, address.type
    data = {name: new.data[name] for name in new.data if name not in _OURS}
    if rules.validates_schemas:
        validate_object(data, address, seen.snapshot.objects)
    if kind.prepare is not None:
        kind.prepare(tx, Writing(address.uri, call.caller.user_id, seen.existing), data)
    _own(rules, address, call, new.grants)
    previous = seen.snapshot.objects[-1]
    times = stamp(
        now=tx.backends.clock(),
        list_timestamp=list_timestamp(seen),
        wanted=_wish(new.wanted, previous),
        old=previous.last_modified if previous is not None else None,
    )
    data["id"] = key.id
    data["last_modified"] = times.last_modified
    saved = StoredObject(key.id, times.last_modified, json.dumps(data))
    require_unique(tx, rules, address, seen, saved)
    effects.before_write(tx, rules, address, data, seen.existing)
    tx.save((key.parent_id, kind.name), [saved], times.list_timestamp)
    effects.index(tx, address.list, seen.parent(address.list), [(previous, saved)])
    before = seen.snapshot.grants[-1]
    grants = {name: who for name, who in new.grants.items() if who}
    grants_changed = grants != before
    if grants_changed:
        tx.set_grants(key, grants, fresh=not before)
    effects.after_write(tx, rules, address, data, seen.existing)
    effects.announce(tx, address, call, saved, seen.existing, grants_changed=grants_changed)
    shown = grants if _is_shown(rules, seen, address, grants) else {}
    return ObjectAnswer(saved, shown, is_new=seen.existing is None)


_OURS = frozenset(("id", "last_modified", "deleted"))


def _wish(wanted: int | None, previous: StoredObject | None) -> int | None:
    """A timestamp that is not later than what it would replace is no wish. Source: T-11."""
    if wanted is not None and previous is not None and wanted <= previous.last_modified:
        return None
    return wanted


def _own(rules: Rules, address: ObjectAddress, call: Call[Any], grants: Grants) -> None:
    """Add the writer, or whom the object belongs to, to those who may write.

    Source: protocol P-20, W-13.
    """
    if address.type.owner is not None:
        grants.setdefault("write", set()).add(address.type.owner(address.key.id))
        return
    if not rules.explicit_permissions:
        return
    if call.caller.user_id is not None:
        grants.setdefault("write", set()).add(call.caller.user_id)
    elif rules.anonymous_ownership:
        grants.setdefault("write", set()).add(EVERYONE)


def _is_shown(rules: Rules, seen: Situation, address: ObjectAddress, grants: Grants) -> bool:
    """Whether the writer may see the permissions of what it wrote."""
    if address.type.owner is not None and seen.existing is None:
        return True
    if not seen.principals.isdisjoint(grants.get("write", ())):
        return True
    return rules.access.may_write(address.type, seen.snapshot, seen.principals)
