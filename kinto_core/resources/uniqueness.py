"""What only one object of a list may have: kept with every write, and with every declaration.

Which indexes are unique is in ``indexes.py``; what makes two objects equal in ``Storage.rival``.
Whoever asks here holds the list until the commit, so that the answer stays true.
"""

from dataclasses import replace
from typing import Any

from kinto_core.errors import Fault, InvalidInput, NotUnique
from kinto_core.objects import StoredObject
from kinto_core.resources.addresses import ObjectAddress
from kinto_core.resources.calls import Rules, Situation
from kinto_core.resources.indexes import declaration, declaration_of
from kinto_core.transactions import ListKey, Transaction


def require_unique(
    tx: Transaction, rules: Rules, address: ObjectAddress, seen: Situation, new: StoredObject
) -> None:
    """Refuse an object that is not saved yet and would have what another one has.

    Raises:
        NotUnique: it would. The other object is told to those who may read it.
    """
    if not address.type.has_indexes:
        return
    unique = declaration(seen.parent(address.list)).unique
    if not unique:
        return
    list_key = (address.key.parent_id, address.type.name)
    found = tx.rival(list_key, unique, (seen.snapshot.objects[-1], new))
    if found is not None:
        field, rival_id = found
        raise NotUnique(field, _visible(tx, rules, address.list.object(rival_id), seen))


def _visible(tx: Transaction, rules: Rules, address: ObjectAddress, seen: Situation) -> str | None:
    """The text of another object of the same list, if the caller may read it."""
    key = address.key
    snapshot = replace(seen.snapshot, grants=[*seen.ancestor_grants(address.list), tx.grants(key)])
    if not rules.access.may_read(address.type, snapshot, seen.principals):
        return None
    stored = tx.fetch(key)
    return stored.text if stored is not None else None


def declare(tx: Transaction, key: ListKey, data: dict[str, Any], old: StoredObject | None) -> None:
    """Make the indexes of a list what the object that contains it is going to declare.

    Args:
        tx: the transaction.
        key: the list.
        data: the new fields of the object that contains it.
        old: that object until now; ``None`` when it is new and the list empty.

    Raises:
        InvalidInput: objects of the list are equal in a unique index; everything is as it was.
    """
    before, after = declaration(old), declaration_of(data)
    if before == after:
        return
    new = [name for name in after.names if name not in before.names]
    tx.declare_indexes(key, new=new, gone=())
    try:
        for name in after.unique:
            if old is not None and name not in before.unique:
                _require_no_twins(tx, key, name)
    except InvalidInput:  # a batch goes on
        tx.declare_indexes(key, new=(), gone=new)
        raise
    tx.declare_indexes(key, new=(), gone=[name for name in before.names if name not in after.names])


def _require_no_twins(tx: Transaction, key: ListKey, index: str) -> None:
    found = tx.twins(key, index)
    if found is not None:
        one, other = found
        text = f"'{index}': the {key[1]}s '{one}' and '{other}' have the same value"
        raise InvalidInput(Fault("body", "unique", text))
