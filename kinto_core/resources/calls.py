"""What every operation is told and what it answers, as values without HTTP."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Generic, NamedTuple, TypeVar

from kinto_core.objects import Grants, ObjectKey, Snapshot, StoredObject
from kinto_core.resources.access import ANONYMOUS, Access, Caller
from kinto_core.resources.addresses import ListAddress, ObjectAddress
from kinto_core.resources.definition import ResourceType, ResourceTypes
from kinto_core.resources.preconditions import NONE, Preconditions
from kinto_core.storage.query import Query

Input = TypeVar("Input")

_NO_IDS: Final[Mapping[str, str]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Rules:
    """What the settings of a server say to its operations.

    Attributes:
        types: the resource types.
        access: who may do what.
        explicit_permissions: whether who writes an object is added to its ``write`` list.
        anonymous_ownership: whether anonymous writers are, as ``system.Everyone``.
        validates_schemas: whether JSON schemas of collections and buckets apply.
    """

    types: ResourceTypes
    access: Access
    explicit_permissions: bool = True
    anonymous_ownership: bool = False
    validates_schemas: bool = False


class Call(NamedTuple, Generic[Input]):
    """One request for an operation.

    Attributes:
        caller: who asks.
        read: checks the rest of the request and gives its content. Called once access is granted,
            since a stranger learns nothing about faults; raises ``InvalidInput`` with all of them.
        preconditions: which versions the caller expects.
        uri: the request's path, for events; without version prefix.
        url_ids: the ids in that path by name (``bucket_id``, …), for events.
        looks_inside: whether a list is filtered or sorted by what its objects hold, so that its
            declared indexes are worth knowing.
        only: the id of the one object of a list that the caller can ever see, so that the list is
            as old as that; ``None``: it has others.
        page: the page of a list that ``read`` is going to ask for, as far as that is known before.
    """

    read: Callable[[], Input]
    caller: Caller = ANONYMOUS
    preconditions: Preconditions = NONE
    uri: str = ""
    url_ids: Mapping[str, str] = _NO_IDS
    looks_inside: bool = False
    only: str | None = None
    page: Query | None = None


class ObjectAnswer(NamedTuple):
    """An object as the caller may see it.

    Attributes:
        object: the object or, after a deletion, its tombstone.
        grants: its permissions; empty unless the caller may write it.
        is_new: whether this call created it.
        parent: the object that contains it, as far as it was read.
    """

    object: StoredObject
    grants: Grants
    is_new: bool = False
    parent: StoredObject | None = None


def live(stored: StoredObject | None) -> StoredObject | None:
    """The object itself, ``None`` for a tombstone."""
    return None if stored is None or stored.deleted else stored


class Situation(NamedTuple):
    """A snapshot with what follows from it for one caller.

    Attributes:
        snapshot: what was read.
        principals: everything the caller counts as.
        existing: the target object, if it is there and alive.
    """

    snapshot: Snapshot
    principals: frozenset[str]
    existing: StoredObject | None

    @classmethod
    def of(cls, snapshot: Snapshot, caller: Caller, *, target_is_list: bool) -> "Situation":
        """Draw the conclusions."""
        existing = None if target_is_list else live(snapshot.objects[-1])
        return cls(snapshot, caller.principals(snapshot.groups), existing)

    def parent(self, address: ListAddress) -> StoredObject | None:
        """The object that holds the list, if it is there and alive."""
        depth = len(address.ancestors)
        return live(self.snapshot.objects[depth - 1]) if depth else None

    def ancestor_grants(self, address: ListAddress) -> list[Grants]:
        """The caller's grants on what contains the list, from the top down."""
        return list(self.snapshot.grants[: len(address.ancestors)])

    def visible_grants(self, rules: Rules, kind: ResourceType) -> Grants:
        """The target's permissions, shown to those who may write it. Source: protocol W-12."""
        if rules.access.may_write(kind, self.snapshot, self.principals):
            return self.snapshot.grants[-1]
        return {}


def keys_of(address: ListAddress | ObjectAddress) -> list[ObjectKey]:
    """The keys to look up, from the top down."""
    if isinstance(address, ListAddress):
        return list(address.ancestors)
    return [*address.list.ancestors, address.key]
