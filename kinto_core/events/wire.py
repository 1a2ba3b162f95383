"""Events as JSON text and back: what the event log keeps and receivers get.

Version 1 of the text::

    {"v": 1, "id": "…", "event": "ResourceChanged", "request_id": "…" or null,
     "payload": {"timestamp": …, "action": …, "uri": …, "user_id": …, "resource_name": …, …},
     "parent_uri": "/buckets/b",
     "impacted_objects": [
       {"new": {…}, "old": {…}, "object_id": "…", "uri": "…", "timestamp": …, "user_id": "…",
        "grants_changed": true}]}

``old`` is missing for creations, ``grants_changed`` unless permissions changed. Objects are copied
as the text that they are stored as, in both directions: numbers keep their digits, and nothing is
parsed that nobody looks at. Readers ignore names they do not know; what would mislead them is a new
version.
"""

from typing import Any

import msgspec

from kinto_core import json
from kinto_core.errors import KintoError
from kinto_core.events.event import Action, Change, ResourceChanged

VERSION = 1

_PLAIN = frozenset({"timestamp", "action", "uri", "user_id", "resource_name"})


class UnreadableEvent(KintoError):
    """The text is not an event of a version that this release reads."""


class _Impacted(msgspec.Struct, omit_defaults=True):
    """One change. ``request_uri`` and ``url_ids`` are left out where they are the payload's."""

    new: msgspec.Raw
    object_id: str
    uri: str
    timestamp: int
    user_id: str | None
    old: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    request_uri: str | None = None
    url_ids: dict[str, str] | None = None
    grants_changed: bool = False


class _Message(msgspec.Struct):
    v: int
    id: str
    event: str
    request_id: str | None
    payload: dict[str, Any]
    parent_uri: str
    impacted_objects: list[_Impacted]


class _Version(msgspec.Struct):
    v: int
    event: str


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(_Message)
_version_decoder = msgspec.json.Decoder(_Version)


def encode(event: ResourceChanged) -> str:
    """The JSON text of an event, in the current version."""
    message = _Message(
        v=VERSION,
        id=event.id,
        event="ResourceChanged",
        request_id=event.request_id,
        payload=dict(event.payload),
        parent_uri=event.parent_uri,
        impacted_objects=[_impacted(change, event.changes[0]) for change in event.changes],
    )
    return _encoder.encode(message).decode()


def decode(text: str | bytes) -> ResourceChanged:
    """The event of a JSON text that ``encode`` made, here or in another release.

    Raises:
        UnreadableEvent: it is not one, or of a newer version.
    """
    try:
        version = _version_decoder.decode(text)
        if version.v != VERSION or version.event != "ResourceChanged":
            message = f"{version.event} in version {version.v}: a newer release is needed"
            raise UnreadableEvent(message)
        found = _decoder.decode(text)
        changes = tuple(_change(found, entry) for entry in found.impacted_objects)
    except (msgspec.DecodeError, UnicodeError, KeyError, ValueError) as error:
        message = f"this is not an event: {error}"
        raise UnreadableEvent(message) from error
    if not changes:
        message = "this is not an event: it has no impacted objects"
        raise UnreadableEvent(message)
    return ResourceChanged(found.id, found.payload, changes, found.request_id)


def legacy_json(event: ResourceChanged) -> str:
    """The payload alone: what consumers of the Redis list expect. Source: notifications N-7."""
    return json.dumps(dict(event.payload))


def _impacted(change: Change, first: Change) -> _Impacted:
    """The entry of one change."""
    entry = _Impacted(
        new=msgspec.Raw(change.new.encode()),
        object_id=change.object_id,
        uri=change.uri,
        timestamp=change.timestamp,
        user_id=change.user_id,
        grants_changed=change.grants_changed,
    )
    if change.old is not None:
        entry.old = msgspec.Raw(change.old.encode())
    if change is not first and change.request_uri != first.request_uri:
        entry.request_uri = change.request_uri
        entry.url_ids = dict(change.url_ids)
    return entry


def _change(message: _Message, entry: _Impacted) -> Change:
    """The change of one entry."""
    payload = message.payload
    ids = entry.url_ids
    if ids is None:
        ids = {name: value for name, value in payload.items() if name not in _PLAIN}
    return Change(
        resource_name=payload["resource_name"],
        parent_uri=message.parent_uri,
        object_id=entry.object_id,
        uri=entry.uri,
        action=Action(payload["action"]),
        timestamp=entry.timestamp,
        user_id=entry.user_id,
        new=bytes(entry.new).decode(),
        old=None if entry.old is msgspec.UNSET else bytes(entry.old).decode(),
        request_uri=payload["uri"] if entry.request_uri is None else entry.request_uri,
        url_ids=ids,
        grants_changed=entry.grants_changed,
    )
