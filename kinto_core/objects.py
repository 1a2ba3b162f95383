"""What is stored, as values: how an object is addressed and what is kept of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from kinto_core import json


class ObjectKey(NamedTuple):
    """The address of an object: the URI of its parent, its resource type and its id.

    A parent is written without the version prefix (``/buckets/b``); at the top it is ``""``.
    """

    parent_id: str
    resource: str
    id: str

    @property
    def uri(self) -> str:
        """The object's own URI, such as ``/buckets/b/collections/c``."""
        return f"{self.parent_id}/{self.resource}s/{self.id}"


def tree_of(uri: str) -> str:
    """The URI of the object at the top that an object is inside of, or that it is.

    For ``/buckets/b/collections/c`` that is ``/buckets/b``.
    """
    end = uri.find("/", uri.find("/", 1) + 1)
    return uri if end == -1 else uri[:end]


class StoredObject(NamedTuple):
    """An object or a tombstone, as it is kept.

    Attributes:
        id: unique in its list.
        last_modified: milliseconds since 1970; rises with every write of the list.
        text: the JSON text of the object, ``id`` and ``last_modified`` included.
        deleted: whether it is a tombstone: ``{"id", "last_modified", "deleted": true}``; SQLite
            gives 0 and 1.
    """

    id: str
    last_modified: int
    text: str
    deleted: bool = False

    @property
    def data(self) -> dict[str, Any]:
        """The object's fields, parsed anew at each call: callers may change them."""
        value: dict[str, Any] = json.parse(self.text)
        return value


def tombstone(object_id: str, last_modified: int) -> StoredObject:
    """What stays of a deleted object. Source: protocol R-28."""
    data = {"id": object_id, "last_modified": last_modified, "deleted": True}
    return StoredObject(object_id, last_modified, json.dumps(data), deleted=True)


Grants = dict[str, set[str]]
"""Permission name to the principals who have it; names without principals are left out."""


class ListState(NamedTuple):
    """A list at one moment.

    ``timestamp`` is its own ``last_modified`` in milliseconds; ``version`` counts its writes, so
    that two equal versions mean the same content.
    """

    timestamp: int
    version: int


@dataclass(slots=True)
class Snapshot:
    """What one statement read about a request's target and those who contain it.

    Attributes:
        objects: for each key asked for, from the top down; ``None`` where there is no row. The JSON
            text of ancestors is empty unless it was asked for.
        grants: for each key: of the target all, of its ancestors those of the caller.
        groups: the groups of the caller.
        list: state of the list asked for; ``None`` when that list does not exist.
    """

    objects: Sequence[StoredObject | None]
    grants: Sequence[Grants]
    groups: tuple[str, ...] = ()
    list: ListState | None = None
