"""Changes and events: frozen values with stable ids, never a live request.

A ``Change`` is one write of one object. At the end of a transaction, changes of the same resource
type, parent and action become one ``ResourceChanged``. Objects travel as JSON text and are parsed
only if somebody looks at them, so that an event nobody listens to costs next to nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import Any

from kinto_core import json
from kinto_core.ids import uuid_of_now


class Action(StrEnum):
    """What was done to an object. Source: events E-6."""

    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"
    READ = "read"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One write of one object.

    Attributes:
        resource_name: the type, such as ``record``.
        parent_uri: the URI of what contains the object; ``""`` at the top.
        object_id: its identifier.
        uri: its own URI.
        action: what was done.
        timestamp: its new ``last_modified``, in milliseconds.
        user_id: who did it; ``None`` when anonymous.
        new: JSON text of the object or tombstone after the change.
        old: JSON text of the object before, ``None`` for a creation.
        request_uri: the path of the request, without version prefix. Source: events E-19.
        url_ids: the identifiers in that path by name. Source: events E-16.
        grants_changed: whether the permissions of the object are others than before; what they are
            is not told. Source: events E-96.
    """

    resource_name: str
    parent_uri: str
    object_id: str
    uri: str
    action: Action
    timestamp: int
    user_id: str | None
    new: str
    old: str | None
    request_uri: str
    url_ids: Mapping[str, str] = field(default_factory=dict, hash=False)
    grants_changed: bool = False

    def impacted(self) -> dict[str, Any]:
        """``{"new": {…}, "old": {…}}``, without ``old`` for a creation. Source: events E-22."""
        pair: dict[str, Any] = {"new": json.parse(self.new)}
        if self.old is not None:
            pair["old"] = json.parse(self.old)
        return pair

    @property
    def bucket_id(self) -> str | None:
        """The bucket that it is or is in; ``None`` outside of buckets."""
        return id_in(self.uri, "buckets")

    @property
    def collection_id(self) -> str | None:
        """The collection that it is or is in; ``None`` outside of collections."""
        return id_in(self.uri, "collections")


def id_in(uri: str, segment: str) -> str | None:
    """What follows ``buckets`` or ``collections`` in an object's URI, where it names an object.

    Args:
        uri: such as ``/buckets/blog/collections/articles/records/1``.
        segment: ``buckets`` or ``collections``.
    """
    parts = uri.split("/")
    place = _PLACES[segment]
    return parts[place + 1] if len(parts) > place + 1 and parts[place] == segment else None


_PLACES: Mapping[str, int] = {"buckets": 1, "collections": 3}


def new_event_id() -> str:
    """A UUID (version 7): unique, and later ones sort after earlier ones. Source: RFC 9562, 5.7."""
    return uuid_of_now(7)


@dataclass(frozen=True)
class ResourceChanged:
    """Objects of one type and parent that were changed the same way in one transaction.

    Attributes:
        id: unique and stable: the same wherever this event is delivered.
        payload: ``timestamp``, ``action``, ``uri``, ``user_id``, ``resource_name`` and the ids in
            the URL, all of the first change; for reading only. Source: events E-15 to E-20.
        changes: every change, each with its own URI, author and timestamp.
        request_id: the request that made them; ``None`` outside of one.
    """

    id: str
    payload: Mapping[str, Any]
    changes: tuple[Change, ...]
    request_id: str | None = None

    @classmethod
    def of(
        cls,
        changes: tuple[Change, ...],
        *,
        id: str | None = None,  # noqa: A002  the field's name
        request_id: str | None = None,
    ) -> "ResourceChanged":
        """The event of changes that belong together.

        Args:
            changes: at least one, all of the same type, parent and action.
            id: of an event that exists already; a new one by default.
            request_id: the request that made them.
        """
        first = changes[0]
        payload = {
            "timestamp": first.timestamp,
            "action": first.action.value,
            "uri": first.request_uri,
            "user_id": first.user_id,
            "resource_name": first.resource_name,
            **first.url_ids,
        }
        return cls(id or new_event_id(), payload, changes, request_id)

    def __hash__(self) -> int:
        """By id: equal events have equal ids."""
        return hash(self.id)

    @property
    def action(self) -> Action:
        """What was done."""
        return self.changes[0].action

    @property
    def resource_name(self) -> str:
        """The type of the objects."""
        return self.changes[0].resource_name

    @property
    def parent_uri(self) -> str:
        """The URI of what contains the objects; ``""`` at the top."""
        return self.changes[0].parent_uri

    @property
    def bucket_id(self) -> str | None:
        """The bucket that the objects are in; for buckets, that of the first change."""
        return self.changes[0].bucket_id

    @property
    def collection_id(self) -> str | None:
        """The collection that the objects are in; for collections, that of the first change."""
        return self.changes[0].collection_id

    @cached_property
    def impacted_objects(self) -> tuple[Mapping[str, Any], ...]:
        """``{"new", "old"}`` of each change, parsed when first asked for. Source: events E-22."""
        return tuple(change.impacted() for change in self.changes)

    def __str__(self) -> str:
        """Its text in logs. Source: events E-5."""
        return f"<ResourceChanged action={self.action.value} uri={self.payload['uri']}>"


@dataclass(frozen=True)
class ResourceRead:
    """Objects that were served.

    Attributes:
        payload: as in ``ResourceChanged``.
        texts: JSON texts of the objects, as stored.
    """

    payload: Mapping[str, Any]
    texts: tuple[str, ...] = ()

    @property
    def action(self) -> Action:
        """Always ``read``."""
        return Action.READ

    @property
    def resource_name(self) -> str:
        """The type of the objects."""
        return str(self.payload["resource_name"])

    @cached_property
    def read_objects(self) -> tuple[Mapping[str, Any], ...]:
        """The objects, parsed when first asked for. Source: events E-21."""
        return tuple(json.parse(text) for text in self.texts)
