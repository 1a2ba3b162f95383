"""Where a request points: at one object, or at a list of objects."""

from collections.abc import Sequence
from typing import NamedTuple

from kinto_core.objects import ObjectKey
from kinto_core.resources.definition import ResourceType


class ListAddress(NamedTuple):
    """A list.

    Attributes:
        type: of its objects.
        ancestors: the objects that contain it, from the top down.
        parent_id: the URI of the object that holds it; ``""`` at the top.
    """

    type: ResourceType
    ancestors: tuple[ObjectKey, ...]
    parent_id: str

    @property
    def uri(self) -> str:
        """The list's own URI."""
        return f"{self.parent_id}/{self.type.plural}"

    def object(self, object_id: str) -> "ObjectAddress":
        """The address of one object of the list."""
        return ObjectAddress(self, ObjectKey(self.parent_id, self.type.name, object_id))


class ObjectAddress(NamedTuple):
    """One object: its list and its key."""

    list: ListAddress
    key: ObjectKey

    @property
    def type(self) -> ResourceType:
        """The object's type."""
        return self.list.type

    @property
    def uri(self) -> str:
        """The object's own URI."""
        return self.key.uri


def list_address(kind: ResourceType, parent_ids: Sequence[str]) -> ListAddress:
    """The list of a type inside the objects with these ids, from the top down."""
    ancestors: list[ObjectKey] = []
    parent = ""
    for ancestor, object_id in zip(kind.ancestors, parent_ids, strict=True):
        key = ObjectKey(parent, ancestor.name, object_id)
        ancestors.append(key)
        parent = key.uri
    return ListAddress(kind, tuple(ancestors), parent)


def object_address(kind: ResourceType, ids: Sequence[str]) -> ObjectAddress:
    """The object with the last id, inside the objects with the ids before."""
    return list_address(kind, ids[:-1]).object(ids[-1])
