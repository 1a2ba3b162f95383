"""The smallest valid changes and events; a test names only what matters to it.

Made without a server or a database: what hooks, selectors and consumers are tested with.
"""

from collections.abc import Mapping
from typing import Any

from kinto_core import json
from kinto_core.events.event import Action, Change, ResourceChanged, ResourceRead

TIMESTAMP = 1_700_000_000_000
"""The ``last_modified`` of objects, unless a test says otherwise."""

USER = "basicauth:alice"


def make_change(  # noqa: PLR0913  one keyword for each thing that a test may care about
    *,
    uri: str = "/buckets/blog/collections/articles/records/first",
    action: Action | str = Action.CREATE,
    timestamp: int = TIMESTAMP,
    user_id: str | None = USER,
    new: Mapping[str, Any] | None = None,
    old: Mapping[str, Any] | None = None,
    request_uri: str | None = None,
) -> Change:
    """One change of one object; its type, parent and ids follow from the URI.

    Args:
        uri: of the object: pairs of a plural type and an id.
        action: what was done.
        timestamp: its ``last_modified``, in milliseconds.
        user_id: who did it.
        new: fields of the object after; ``id`` and ``last_modified`` are added.
        old: fields before; added unless it is a creation.
        request_uri: of the request; that of the object by default.
    """
    parts = uri.strip("/").split("/")
    types = [part.removesuffix("s") for part in parts[0::2]]
    action = Action(action)
    before = None if action is Action.CREATE else {"last_modified": timestamp - 1, **(old or {})}
    after = {"deleted": True} if action is Action.DELETE else dict(new or {})
    return Change(
        resource_name=types[-1],
        parent_uri="/" + "/".join(parts[:-2]) if parts[:-2] else "",
        object_id=parts[-1],
        uri=uri,
        action=action,
        timestamp=timestamp,
        user_id=user_id,
        new=json.dumps({"id": parts[-1], "last_modified": timestamp, **after}),
        old=None if before is None else json.dumps({"id": parts[-1], **before}),
        request_uri=uri if request_uri is None else request_uri,
        url_ids={f"{name}_id": id_ for name, id_ in zip(types, parts[1::2], strict=True)},
    )


def make_event(*changes: Change, **overrides: Any) -> ResourceChanged:  # noqa: ANN401  see make_change
    """An event of some changes, or of one that is made with the keywords of ``make_change``."""
    return ResourceChanged.of(changes or (make_change(**overrides),), request_id="request")


def make_read(
    *objects: Mapping[str, Any], uri: str = "/buckets/blog/collections/articles/records/first"
) -> ResourceRead:
    """A read of some objects; the type and the ids of the payload follow from the URI."""
    change = make_change(uri=uri)
    payload = {
        "timestamp": change.timestamp,
        "action": Action.READ.value,
        "uri": uri,
        "user_id": change.user_id,
        "resource_name": change.resource_name,
        **change.url_ids,
    }
    return ResourceRead(payload, tuple(json.dumps(one) for one in objects))
