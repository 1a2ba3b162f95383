"""From answers to headers and JSON. Stored JSON text is spliced in, never parsed again."""

from collections.abc import Sequence

from kinto_core import json
from kinto_core.http.errors import version_headers
from kinto_core.http.exchange import Reply
from kinto_core.objects import Grants, StoredObject

NO_CACHE = ("Cache-Control", "no-cache, no-store")
OBJECT_EXPOSED = ("Last-Modified", "ETag", "Cache-Control", "Expires", "Pragma")
LIST_EXPOSED = ("Next-Page", *OBJECT_EXPOSED)
COUNT_EXPOSED = (*LIST_EXPOSED, "Total-Objects", "Total-Records")


def permissions_text(grants: Grants) -> str:
    """The JSON text of an object's permissions. Source: protocol M-13."""
    if not grants:
        return "{}"
    return json.dumps({name: list(who) for name, who in grants.items() if who})


def object_reply(status: int, stored: StoredObject, grants: Grants | None) -> Reply:
    """An object; ``grants`` is ``None`` where the answer has no permissions. Source: M-12, M-15."""
    if grants is None:
        text = f'{{"data":{stored.text}}}'
    else:
        text = f'{{"data":{stored.text},"permissions":{permissions_text(grants)}}}'
    return Reply(status, text.encode(), version_headers(stored.last_modified))


def partial_reply(status: int, text: str, last_modified: int) -> Reply:
    """Some fields of an object, as JSON, without permissions. Source: protocol L-4, X-25."""
    return Reply(status, f'{{"data":{text}}}'.encode(), version_headers(last_modified))


def list_reply(texts: Sequence[str], timestamp: int) -> Reply:
    """The JSON texts of objects, as a list."""
    return page_reply(",".join(texts), timestamp)


def page_reply(text: str, timestamp: int) -> Reply:
    """The JSON texts of objects, joined by commas, as a list."""
    return Reply(200, f'{{"data":[{text}]}}'.encode(), version_headers(timestamp))
