"""Everything that one caller has a permission on.

Source: protocol section 7.7.
"""

from collections.abc import Iterable
from typing import Any

from kinto_core.objects import ObjectKey
from kinto_core.resources.access import Caller
from kinto_core.resources.calls import Rules
from kinto_core.resources.definition import ResourceType
from kinto_core.storage.query import Query
from kinto_core.transactions import Transaction

ATTRIBUTES = "read:attributes"
"""The pseudo permission that means: may read the object itself. Source: protocol Q-3."""


def shared_objects(tx: Transaction, rules: Rules, caller: Caller) -> list[dict[str, Any]]:
    """One entry for each object on which the caller has permissions, and for the root.

    Entries are ``{"uri", "resource_name", "permissions", "id", "bucket_id", …}``. Source: Q-2.
    """
    principals = caller.principals(tuple(tx.groups(caller.user_id)))
    found: dict[ObjectKey, set[str]] = {}
    for key, permissions in tx.granted_to(principals):
        found.setdefault(key, set()).update(permissions)
    _add_configured(tx, rules, principals, found)
    entries = [
        _entry(rules, key, permissions)
        for key, permissions in found.items()
        if key.resource in rules.types.by_name
    ]
    creatable = [
        f"{kind.name}:create"
        for kind in rules.types.by_name.values()
        if kind.parent is None and rules.access.may_create(kind, (), principals)
    ]
    if creatable:
        entries.append({"uri": "/", "resource_name": "root", "permissions": creatable})
    return entries


def _add_configured(
    tx: Transaction, rules: Rules, principals: frozenset[str], found: dict[ObjectKey, set[str]]
) -> None:
    """Permissions on every bucket, collection or group, granted by settings. Source: Q-5."""
    parents = [""]
    for kind in _above_records(rules):
        granted = {
            name
            for name in ("read", "write")
            if rules.access.is_configured(principals, kind.name, name)
        }
        granted |= {
            f"{child.name}:create"
            for child in rules.types.children.get(kind.name, ())
            if rules.access.is_configured(principals, child.name, "create")
        }
        if granted:
            for parent in parents if kind.parent is None else _parents(tx, kind):
                for stored in tx.find(parent, kind.name, Query()):
                    key = ObjectKey(parent, kind.name, stored.id)
                    found.setdefault(key, set()).update(granted)


def _above_records(rules: Rules) -> Iterable[ResourceType]:
    return (kind for kind in rules.types.by_name.values() if len(kind.ancestors) <= 1)


def _parents(tx: Transaction, kind: ResourceType) -> list[str]:
    parent = kind.parent
    if parent is None:
        return [""]
    return [ObjectKey("", parent.name, item.id).uri for item in tx.find("", parent.name, Query())]


def _entry(rules: Rules, key: ObjectKey, permissions: set[str]) -> dict[str, Any]:
    kind = rules.types.by_name[key.resource]
    ids = dict(
        zip(
            (f"{ancestor.name}_id" for ancestor in kind.ancestors),
            key.parent_id.split("/")[2::2],
            strict=False,
        )
    )
    implied = set(permissions)
    if "write" in implied:
        implied |= set(rules.types.permission_names(kind))
    if rules.types.children.get(kind.name):
        implied.add(ATTRIBUTES)
    return {
        "uri": key.uri,
        "resource_name": kind.name,
        "permissions": sorted(implied),
        "id": key.id,
        **ids,
        f"{kind.name}_id": key.id,
    }
