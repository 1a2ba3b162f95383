"""Who may read what, in plain Python and as slowly as it is clear.

Shares no code with the product, so that both can be compared. Source: protocol P-15, P-30 to P-35.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

Lists = Mapping[str, set[str]]

READING = {
    "bucket": {"read", "write", "collection:create", "group:create"},
    "collection": {"read", "write", "record:create"},
    "group": {"read", "write"},
    "record": {"read", "write"},
}
"""The lists of an object itself that let one read it."""


def type_of(uri: str) -> str:
    """The type of an object."""
    return uri.split("/")[-2].removesuffix("s")


def parent_of(uri: str) -> str:
    """The URI of what contains an object or a list; empty at the top."""
    parts = uri.split("/")
    return "/".join(parts[: -2 if len(parts) % 2 else -1])


def above(uri: str) -> list[str]:
    """Everything that contains an object or a list, from the inside out."""
    found = []
    while uri := parent_of(uri):
        found.append(uri)
    return found


@dataclass(frozen=True)
class Layout:
    """Objects and their lists.

    Attributes:
        objects: the lists of each object by URI.
        members: the members of each group by URI.
    """

    objects: Mapping[str, Lists] = field(default_factory=dict)
    members: Mapping[str, set[str]] = field(default_factory=dict)

    def principals(self, user: str | None) -> set[str]:
        """Everything that somebody counts as. Source: protocol P-3."""
        if user is None:
            return {"system.Everyone"}
        own = {user, "system.Authenticated"}
        groups = {uri for uri, members in self.members.items() if members & own}
        return own | groups | {"system.Everyone"}

    def has(self, user: str | None, uri: str, names: set[str]) -> bool:
        """Whether somebody is in one of these lists of an object."""
        lists = self.objects.get(uri, {})
        return any(lists.get(name, set()) & self.principals(user) for name in names)

    def inherits(self, user: str | None, uri: str, names: set[str]) -> bool:
        """Whether somebody is in one of these lists of what contains an object or a list."""
        return any(self.has(user, one, names) for one in above(uri))

    def may_read(self, user: str | None, uri: str) -> bool:
        """Whether somebody may read an object that exists."""
        own = self.has(user, uri, READING[type_of(uri)])
        return own or self.inherits(user, uri, {"read", "write"})

    def may_write(self, user: str | None, uri: str) -> bool:
        """Whether somebody may change an object that exists."""
        return self.has(user, uri, {"write"}) or self.inherits(user, uri, {"write"})

    def refusal(self, user: str | None) -> int:
        """The status for what is not allowed. Source: protocol P-30."""
        return 401 if user is None else 403

    def get(self, user: str | None, uri: str) -> int:
        """The status of a read of an object. Source: protocol P-35."""
        if uri in self.objects:
            return 200 if self.may_read(user, uri) else self.refusal(user)
        return 404 if self.inherits(user, uri, {"read", "write"}) else self.refusal(user)

    def list(self, user: str | None, uri: str) -> int | set[str]:
        """What a read of a list shows, or its status. Source: protocol P-31, P-32, P-48."""
        inside = {one for one in self.objects if one.rpartition("/")[0] == uri}
        if self.inherits(user, uri, {"read", "write"}):
            return inside
        kind = uri.rsplit("/", maxsplit=1)[-1].removesuffix("s")
        shared = {one for one in inside if self.has(user, one, READING[kind])}
        may_create = (
            user is not None
            if kind == "bucket"
            else self.inherits(user, uri, {"write"})
            or self.has(user, parent_of(uri), {f"{kind}:create"})
        )
        return shared if shared or may_create else self.refusal(user)
