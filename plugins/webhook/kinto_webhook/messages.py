"""The JSON bodies of messages, from what happened and what of it the receiver may see."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from kinto_core import json
from kinto_core.events.event import Action, Change

PAST: Final[Mapping[Action, str]] = {
    Action.CREATE: "created",
    Action.UPDATE: "updated",
    Action.DELETE: "deleted",
}


def type_of(change: Change) -> str:
    """The type of a message: ``record.updated``."""
    return f"{change.resource_name}.{PAST[change.action]}"


def compose(kind: str, moment: int, data: Any) -> bytes:  # noqa: ANN401  any JSON value
    """A body: ``{"type", "timestamp", "data"}``.

    Args:
        kind: the message's type.
        moment: of the commit, in milliseconds since 1970.
        data: what the message says.
    """
    return json.dumpb({"type": kind, "timestamp": rfc3339(moment), "data": data})


def body_of(moment: int, changes: Sequence[Change], *, is_thin: bool, max_bytes: int) -> bytes:
    """The body that tells of changes of one event.

    Args:
        moment: of the commit, in milliseconds since 1970.
        changes: at least one, all of the same type, parent and action.
        is_thin: leave the objects out.
        max_bytes: leave them out when the body would be larger.
    """
    kind = type_of(changes[0])
    if not is_thin:
        full = compose(kind, moment, _data(changes, [_whole(one) for one in changes]))
        if len(full) <= max_bytes:
            return full
    thin = _data(changes, [_outline(one) for one in changes])
    return compose(kind, moment, {**thin, "thin": True})


def rfc3339(moment: int) -> str:
    """A moment in milliseconds since 1970, in UTC: ``2026-01-31T12:00:00.000Z``."""
    text = datetime.fromtimestamp(moment / 1000, UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")


def _data(changes: Sequence[Change], impacted: list[Any]) -> dict[str, Any]:
    first = changes[0]
    whole_list = f"{first.parent_uri}/{first.resource_name}s"
    return {
        "bucket_id": first.bucket_id,
        "collection_id": first.collection_id,
        "resource_name": first.resource_name,
        "uri": first.uri if len(changes) == 1 else whole_list,
        "action": first.action.value,
        "timestamp": max(one.timestamp for one in changes),
        "user_id": first.user_id,
        "impacted": impacted,
    }


def _whole(change: Change) -> Any:  # noqa: ANN401  JSON
    """The objects, as the text that they are stored as."""
    pair = {"new": json.raw(change.new.encode())}
    if change.old is not None:
        pair["old"] = json.raw(change.old.encode())
    return pair


def _outline(change: Change) -> Any:  # noqa: ANN401  JSON
    new: dict[str, Any] = {"id": change.object_id, "last_modified": change.timestamp}
    if change.action is Action.DELETE:
        new["deleted"] = True
    return {"uri": change.uri, "new": new}
