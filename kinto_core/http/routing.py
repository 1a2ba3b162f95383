"""From a path to the resource that it names: the URL tree of the protocol.

Pyramid routes what comes over the network; this serves those who have only a path: batches and
aliases. Both follow from the declarations of resource types.
"""

from functools import cache
from typing import NamedTuple

from kinto_core.resources.addresses import ListAddress, ObjectAddress, list_address
from kinto_core.resources.definition import ResourceType, ResourceTypes

MOST_LISTS = 1024
"""The addresses of so many lists are remembered, ..."""

LONGEST_PATH = 512
"""... if their paths have at most so many characters."""


class Target(NamedTuple):
    """What a path names.

    Attributes:
        list: the list that is named, or that holds the named object.
        ids: the identifiers in the path, from the top down.
        is_list: whether it is a list, else an object.
    """

    list: ListAddress
    ids: tuple[str, ...]
    is_list: bool

    @property
    def type(self) -> ResourceType:
        """The resource type."""
        return self.list.type

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
        self._lists: dict[str, Target] = {}

    def find(self, path: str) -> Target | None:
        """What a path names, without version prefix; ``None`` when it is no resource."""
        above, _, last = path.rpartition("/")
        holder = self._lists.get(above)
        if holder is not None and last:
            return Target(holder.list, (*holder.ids, last), is_list=False)
        return self._lists.get(path) or self._find(path)

    def _find(self, path: str) -> Target | None:
        first, *parts = path.split("/")
        if first or not parts or not all(parts):
            return None
        kind = self._types.get(tuple(parts[::2]))
        if kind is None:
            return None
        ids = tuple(parts[1::2])
        if len(parts) % 2 == 0:
            return Target(self._list(kind, path.rpartition("/")[0], ids[:-1]), ids, is_list=False)
        return Target(self._list(kind, path, ids), ids, is_list=True)

    def _list(self, kind: ResourceType, path: str, ids: tuple[str, ...]) -> ListAddress:
        """The address of a list, which is probably going to be asked for again."""
        address = list_address(kind, ids)
        if len(path) <= LONGEST_PATH:
            if len(self._lists) >= MOST_LISTS:
                self._lists.clear()
            self._lists[path] = Target(address, ids, is_list=True)
        return address
