"""What an entry says, as values: no SQL, no HTTP.

Source: built-in plugins B-116 to B-130, B-144, B-145.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Final, NamedTuple
from uuid import uuid4

from kinto_core import json
from kinto_core.events.event import Action, Change
from kinto_core.objects import Grants, ObjectKey, tombstone

RECORDED: Final = frozenset({"bucket", "collection", "group", "record"})
"""The types whose changes are kept. Source: B-116."""

SERVER: Final = ""
"""Stands for the bucket in the log of the server, which tells what became of whole buckets."""

SERVER_URI: Final = "/__history__"
"""Where the log of the server is read."""

FIELDS: Final = frozenset(
    (
        "id",
        "last_modified",
        "deleted",
        "date",
        "action",
        "resource_name",
        "uri",
        "user_id",
        "bucket_id",
        "group_id",
        "collection_id",
        "record_id",
        "target",
    )
)
"""What can be filtered, sorted and selected. Source: B-141."""

READING: Final = ("read", "write")
"""The permissions that let one see history. Source: B-143, B-144."""


class Entry(NamedTuple):
    """A row of the table of entries.

    Attributes:
        bucket: the bucket's id; ``SERVER`` in the log of the server.
        id: of the entry.
        last_modified: of the entry, in milliseconds; rises within a bucket.
        deleted: whether it is the tombstone of an entry.
        data: the JSON text of the entry, as it is served.
        container: the URI of what contains the object; ``""`` for buckets.
        resource: the object's type.
        object_id: its identifier.
        moment: its ``last_modified`` after the change, in milliseconds.
        action: what was done.
        user_id: who did it; ``""`` when anonymous.
        readers: a JSON array: who could see the object when it changed.
    """

    bucket: str
    id: str
    last_modified: int
    deleted: bool
    data: str
    container: str = ""
    resource: str = ""
    object_id: str = ""
    moment: int = 0
    action: str = ""
    user_id: str = ""
    readers: str = "[]"


class Recorded(NamedTuple):
    """A change that becomes an entry.

    Attributes:
        change: what happened.
        grants: the object's permissions at the end of the request; none after a deletion.
        readers: who may see the entry, besides those who may see all of the bucket.
    """

    change: Change
    grants: Grants
    readers: frozenset[str]


def entry_of(bucket: str, recorded: Recorded, last_modified: int, now: int) -> Entry:
    """The entry that tells of a change.

    Args:
        bucket: whose history it goes into; ``SERVER`` for the log of the server.
        recorded: the change.
        last_modified: of the entry, in milliseconds.
        now: in milliseconds.
    """
    change, _, readers = recorded
    key = ObjectKey(change.parent_uri, change.resource_name, change.object_id)
    entry_id = str(uuid4())
    return Entry(
        bucket,
        entry_id,
        last_modified,
        deleted=False,
        data=_text(recorded, entry_id, last_modified, _date(now)),
        container=key.parent_id,
        resource=key.resource,
        object_id=key.id,
        moment=change.timestamp,
        action=change.action.value,
        user_id=change.user_id or "",
        readers=json.dumps(sorted(readers)),
    )


def buried(entry: Entry, last_modified: int) -> Entry:
    """What stays of an entry that was purged. Source: B-147."""
    text = tombstone(entry.id, last_modified).text
    return Entry(entry.bucket, entry.id, last_modified, deleted=True, data=text)


def purge_notice(
    bucket: str, user_id: str | None, *, entry_id: str, last_modified: int, count: int
) -> Entry:
    """The entry in the log of the server that tells of purged history.

    Args:
        bucket: whose history was purged.
        user_id: who did it.
        entry_id: of the notice.
        last_modified: of the notice, in milliseconds.
        count: how many entries are gone.
    """
    said = {
        "date": _date(last_modified),
        "action": Action.DELETE.value,
        "uri": f"/buckets/{bucket}/history",
        "user_id": user_id,
        "resource_name": "history",
        "bucket_id": bucket,
        "target": {"data": {"count": count}, "permissions": {}},
        "id": entry_id,
        "last_modified": last_modified,
    }
    return Entry(SERVER, entry_id, last_modified, deleted=False, data=json.dumps(said))


def readers_of(grants: Iterable[Grants]) -> frozenset[str]:
    """Everybody who may read or write one of several objects. Source: B-144."""
    return frozenset(
        principal
        for one in grants
        for permission in READING
        for principal in one.get(permission, ())
    )


def bucket_of(change: Change) -> str | None:
    """The bucket whose history tells of a change; ``None`` outside of buckets."""
    return change.bucket_id if change.resource_name in RECORDED else None


def ancestors_of(change: Change) -> Sequence[ObjectKey]:
    """What contains the changed object, from the top down."""
    parts = change.parent_uri.split("/")[2::2]
    found: list[ObjectKey] = []
    parent = ""
    for resource, object_id in zip(("bucket", "collection"), parts, strict=False):
        key = ObjectKey(parent, resource, object_id)
        found.append(key)
        parent = key.uri
    return found


def _text(recorded: Recorded, entry_id: str, last_modified: int, date: str) -> str:
    """The entry as JSON; the object's own text is spliced in as it is."""
    change, grants, _ = recorded
    permissions = {name: sorted(who) for name, who in grants.items() if who}
    said: dict[str, object] = {
        "date": date,
        "action": change.action.value,
        "uri": change.uri,
        "user_id": change.user_id,
        "resource_name": change.resource_name,
        **_ids(change),
        "id": entry_id,
        "last_modified": last_modified,
    }
    target = f'{{"data":{change.new},"permissions":{json.dumps(permissions)}}}'
    return f'{{"target":{target},{json.dumps(said)[1:]}'


def _ids(change: Change) -> dict[str, str]:
    """The identifiers that tell what the entry is about. Source: B-125 to B-128."""
    own = {f"{change.resource_name}_id": change.object_id}
    if change.resource_name == "record":
        return {"collection_id": change.collection_id or "", **own}
    return own


def _date(moment: int) -> str:
    """A moment, given in milliseconds, in the form of B-120."""
    return datetime.fromtimestamp(moment / 1000, UTC).isoformat(timespec="microseconds")
