"""What an event may do to permissions; pure.

The log does not say who may do what, but which objects have other grants than before, which groups
have other members, and what came and went. Whoever depends on that has to be looked at anew.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from kinto_core import json
from kinto_core.authentication.principals import AUTHENTICATED, EVERYONE
from kinto_core.events.event import Action, Change, ResourceChanged
from kinto_core.resources.definition import ResourceType, ResourceTypes
from kinto_websocket.sights import Sight, Sights
from kinto_websocket.targets import containers, inner_types, is_inside

ACCOUNT = "account"
"""The resource type whose objects are users with passwords."""


@dataclass(frozen=True, slots=True)
class Effects:
    """What one event touches.

    Attributes:
        containers: URIs of objects that contain others and have other grants, came or went.
        leaves: changes of other objects that have other grants, came or went.
        users: members that groups gained or lost.
        groups: URIs under which groups are gone.
        accounts: whether accounts changed.
    """

    containers: tuple[str, ...] = ()
    leaves: tuple[Change, ...] = ()
    users: frozenset[str] = frozenset()
    groups: tuple[str, ...] = ()
    accounts: bool = False

    def candidates(self, sights: Sights) -> set[Sight]:
        """Sights among which are all that may be concerned."""
        if self.groups or not self.users.isdisjoint(_ALL):
            return set(sights)
        found = {sight for user in self.users for sight in sights.of(user)}
        found.update(sight for uri in self.containers for sight in sights.below(uri))
        found.update(
            sight
            for change in self.leaves
            for uri in containers(change.uri)
            for sight in sights.at(uri)
        )
        return found

    @property
    def is_wide(self) -> bool:
        """Whether more may be concerned than those who see the changed objects one by one."""
        return bool(self.containers or self.users or self.groups)

    @property
    def is_nothing(self) -> bool:
        """Whether nobody has to be looked at anew."""
        return not (self.containers or self.leaves or self.users or self.groups or self.accounts)

    def concerns(self, sight: Sight) -> bool:
        """Whether a sight as a whole has to be looked at anew."""
        uri = sight.uri
        for one in self.containers:
            if is_inside(uri, one):
                return True
            if is_inside(one, uri) and not sight.sees_all_inside(one):
                return True
        if any(change.uri == uri for change in self.leaves):
            return True
        user = sight.caller.user_id
        if self.users and (user in self.users or not self.users.isdisjoint(_ALL)):
            return user is not None
        return any(
            is_inside(principal, gone)
            for gone in self.groups
            for principal in sight.principals
            if principal.startswith("/")
        )


_ALL = frozenset({AUTHENTICATED, EVERYONE})
_NOTHING = Effects()


def effects_of(event: ResourceChanged, types: ResourceTypes) -> Effects:
    """What an event touches."""
    kind = types.by_name.get(event.resource_name)
    if kind is None:
        return _NOTHING
    is_update = event.action is Action.UPDATE
    touched = [one for one in event.changes if one.grants_changed or not is_update]
    uris = tuple(change.uri for change in touched)
    is_gone = event.action is Action.DELETE
    has_children = bool(types.children.get(kind.name))
    users: frozenset[str] = frozenset()
    if kind.has_members:
        users = frozenset(user for change in event.changes for user in _moved(change))
    return Effects(
        containers=uris if has_children else (),
        leaves=() if has_children else tuple(touched),
        users=users,
        groups=uris if is_gone and _has_groups(kind, types) else (),
        accounts=kind.name == ACCOUNT and event.action is not Action.CREATE,
    )


def _has_groups(kind: ResourceType, types: ResourceTypes) -> bool:
    """Whether an object of a type is a group or contains some."""
    inside = (types.by_name[name] for name in inner_types(types, kind))
    return kind.has_members or any(one.has_members for one in inside)


def _moved(change: Change) -> frozenset[str]:
    """The members that a group gained or lost."""
    return _members(change.new) ^ _members(change.old)


def _members(text: str | None) -> frozenset[str]:
    found: Iterable[str] = json.parse(text).get("members", ()) if text is not None else ()
    return frozenset(found)
