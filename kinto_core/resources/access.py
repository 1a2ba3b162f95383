"""May they? The one place that decides, for every path to data.

Everything is decided from a ``Snapshot`` (the grants on the target and on what contains it, the
caller's groups) and the principals that the settings name.

Source: protocol section 7.
"""

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from kinto_core.authentication.principals import principals_of
from kinto_core.errors import Forbidden, NotAllowed, Unauthenticated
from kinto_core.objects import Grants, Snapshot
from kinto_core.resources.definition import ResourceType, ResourceTypes

_READ: Final = ("read", "write")


class Caller(NamedTuple):
    """Who asks.

    Attributes:
        user_id: prefixed, such as ``basicauth:…``; ``None`` when anonymous.
        extra: principals that plugins add.
    """

    user_id: str | None = None
    extra: frozenset[str] = frozenset()

    def principals(self, groups: Sequence[str]) -> frozenset[str]:
        """Everything that this caller counts as. Source: protocol P-3."""
        mine = principals_of(self.user_id, groups)
        return mine | self.extra if self.extra and self.user_id is not None else mine

    def refusal(self) -> NotAllowed:
        """The error for something this caller may not do. Source: protocol P-30."""
        return Unauthenticated() if self.user_id is None else Forbidden()


ANONYMOUS: Final = Caller()
"""Nobody in particular."""


class Access:
    """The rules of one server.

    Args:
        types: the resource types, which say what permission names exist.
        configured: principals by ``{resource}_{permission}``, from the settings.
        administrators: principals who may do everything.
    """

    def __init__(
        self,
        types: ResourceTypes,
        configured: Mapping[str, Sequence[str]],
        administrators: Sequence[str] = (),
    ) -> None:
        self._own_reading = {
            name: types.permission_names(kind) for name, kind in types.by_name.items()
        }
        self._configured = {name: frozenset(who) for name, who in configured.items() if who}
        self._administrators = frozenset(administrators)

    def reading_permissions(self, kind: ResourceType) -> tuple[str, ...]:
        """The permissions on an object that let one read it. Source: protocol P-15, P-31."""
        return self._own_reading[kind.name]

    def is_configured(self, principals: frozenset[str], resource: str, *permissions: str) -> bool:
        """Whether the settings alone grant one of the permissions. Source: protocol P-46."""
        if self._administrators and not self._administrators.isdisjoint(principals):
            return True
        for permission in permissions:
            who = self._configured.get(f"{resource}_{permission}")
            if who is not None and not who.isdisjoint(principals):
                return True
        return False

    def may_read(self, kind: ResourceType, snapshot: Snapshot, principals: frozenset[str]) -> bool:
        """Whether the target object may be read."""
        *ancestors, own = snapshot.grants
        return (
            holds(own, self._own_reading[kind.name], principals)
            or _inherits(ancestors, _READ, principals)
            or self.is_configured(principals, kind.name, "read", "write")
        )

    def may_write(self, kind: ResourceType, snapshot: Snapshot, principals: frozenset[str]) -> bool:
        """Whether the target object may be changed or deleted."""
        return _inherits(snapshot.grants, ("write",), principals) or self.is_configured(
            principals, kind.name, "write"
        )

    def may_create(
        self, kind: ResourceType, ancestors: Sequence[Grants], principals: frozenset[str]
    ) -> bool:
        """Whether objects may be created in a list, given the grants on what contains it."""
        names = ("create", "write") if kind.parent is not None else ("create",)
        return (
            _inherits(ancestors, ("write",), principals)
            or (bool(ancestors) and holds(ancestors[-1], (f"{kind.name}:create",), principals))
            or self.is_configured(principals, kind.name, *names)
        )

    def may_list(
        self, kind: ResourceType, ancestors: Sequence[Grants], principals: frozenset[str]
    ) -> bool:
        """Whether everything in a list may be read, tombstones included."""
        names = _READ if kind.parent is not None or kind.owner is not None else ("read",)
        return _inherits(ancestors, _READ, principals) or self.is_configured(
            principals, kind.name, *names
        )

    def may_empty(
        self, kind: ResourceType, ancestors: Sequence[Grants], principals: frozenset[str]
    ) -> bool:
        """Whether everything in a list may be deleted."""
        return _inherits(ancestors, ("write",), principals) or self.is_configured(
            principals, kind.name, "write"
        )


def holds(grants: Grants, permissions: Sequence[str], principals: frozenset[str]) -> bool:
    """Whether one of the principals has one of the permissions by these grants alone."""
    for permission in permissions:
        who = grants.get(permission)
        if who is not None and not principals.isdisjoint(who):
            return True
    return False


def _inherits(
    chain: Sequence[Grants], permissions: Sequence[str], principals: frozenset[str]
) -> bool:
    return any(holds(grants, permissions, principals) for grants in chain)
