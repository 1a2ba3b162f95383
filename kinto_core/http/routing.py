"""From a path to the resource that it names: the URL tree of the protocol.

Pyramid routes what comes over the network; this serves those who have only a path: batches and
aliases. Both follow from the declarations of resource types.
"""

from dataclasses import dataclass, field
from functools import cache

from kinto_core.resources.addresses import ListAddress, ObjectAddress, list_address
from kinto_core.resources.definition import ResourceType, ResourceTypes


@dataclass(slots=True)
class Target:
    """What a path names.

    Attributes:
        type: the resource type.
        ids: the identifiers in the path, from the top down.
        is_list: whether it is a list, else an object.
        list: the list that is named, or that holds the named object.
    """

    type: ResourceType
    ids: tuple[str, ...]
    is_list: bool
    list: ListAddress = field(init=False, compare=False)

    def __post_init__(self) -> None:
        """Find the list, which everybody asks for."""
        self.list = list_address(self.type, self.ids if self.is_list else self.ids[:-1])

    @property
    def object(self) -> ObjectAddress:
        """The object that is named."""
        return self.list.object(self.ids[-1])

    @property
    def url_ids(self) -> dict[str, str]:
        """The identifiers by name, as events carry them. Source: events E-16."""
        return dict(zip(_names(self.type), self.ids, strict=False))


@cache
def _names(kind: ResourceType) -> tuple[str, ...]:
    """The names of the identifiers in an object's URL; a list's has the last one not."""
    return tuple(f"{one.name}_id" for one in (*kind.ancestors, kind))


class Router:
    """Finds targets by path.

    Args:
        types: the resource types of the server.
    """

    def __init__(self, types: ResourceTypes) -> None:
        self._types = {
            tuple(a.plural for a in (*kind.ancestors, kind)): kind
            for kind in types.by_name.values()
        }

    def find(self, path: str) -> Target | None:
        """What a path names, without version prefix; ``None`` when it is no resource."""
        first, *parts = path.split("/")
        if first or not parts or not all(parts):
            return None
        kind = self._types.get(tuple(parts[::2]))
        if kind is None:
            return None
        return Target(kind, tuple(parts[1::2]), len(parts) % 2 == 1)
