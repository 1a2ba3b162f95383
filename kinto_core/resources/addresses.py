"""Where a request points: at one object, or at a list of objects."""

from collections.abc import Sequence
from dataclasses import dataclass

from kinto_core.objects import ObjectKey
from kinto_core.resources.definition import ResourceType


@dataclass(frozen=True, slots=True)
class ListAddress:
    """A list: its type and the objects that contain it, from the top down."""

    type: ResourceType
    ancestors: tuple[ObjectKey, ...]

    @property
    def parent_id(self) -> str:
        """The URI of the object that holds the list; ``""`` at the top."""
        return self.ancestors[-1].uri if self.ancestors else ""

    @property
    def uri(self) -> str:
        """The list's own URI."""
        return f"{self.parent_id}/{self.type.plural}"

    def object(self, object_id: str) -> "ObjectAddress":
        """The address of one object of the list."""
        return ObjectAddress(self, ObjectKey(self.parent_id, self.type.name, object_id))


@dataclass(frozen=True, slots=True)
class ObjectAddress:
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
    return ListAddress(kind, tuple(ancestors))


def object_address(kind: ResourceType, ids: Sequence[str]) -> ObjectAddress:
    """The object with the last id, inside the objects with the ids before."""
    return list_address(kind, ids[:-1]).object(ids[-1])
