"""From a path to the resource that it names: the URL tree of the protocol.

Pyramid routes what comes over the network; this serves those who have only a path: batches and
aliases. Both follow from the declarations of resource types.
"""

from dataclasses import dataclass

from kinto_core.resources.addresses import ListAddress, ObjectAddress, list_address
from kinto_core.resources.definition import ResourceType, ResourceTypes


@dataclass(frozen=True, slots=True)
class Target:
    """What a path names.

    Attributes:
        type: the resource type.
        ids: the identifiers in the path, from the top down.
        is_list: whether it is a list, else an object.
    """

    type: ResourceType
    ids: tuple[str, ...]
    is_list: bool

    @property
    def list(self) -> ListAddress:
        """The list that is named, or that holds the named object."""
        return list_address(self.type, self.ids if self.is_list else self.ids[:-1])

    @property
    def object(self) -> ObjectAddress:
        """The object that is named."""
        return self.list.object(self.ids[-1])

    @property
    def url_ids(self) -> dict[str, str]:
        """The identifiers by name, as events carry them. Source: events E-16."""
        names = [f"{ancestor.name}_id" for ancestor in self.type.ancestors]
        if not self.is_list:
            names.append(f"{self.type.name}_id")
        return dict(zip(names, self.ids, strict=True))


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
