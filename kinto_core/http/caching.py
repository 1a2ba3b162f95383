"""How long a client may keep an answer.

Source: protocol section 5.4.
"""

from collections.abc import Mapping, Sequence

from kinto_core.http.presenting import NO_CACHE
from kinto_core.http.times import http_date
from kinto_core.objects import StoredObject

_NEVER = "max-age=0, must-revalidate, no-cache, no-store"


def cache_headers(
    resource: str,
    ids: Sequence[str],
    parent: StoredObject | None,
    expires: Mapping[str, int],
    now: int,
) -> list[tuple[str, str]]:
    """The cache headers of an anonymous read.

    Args:
        resource: the type that was read.
        ids: the identifiers in the URL, from the top down.
        parent: the object that contains it, with its text.
        expires: seconds from the settings, by what stands before ``_cache_expires_seconds``.
        now: milliseconds.
    """
    seconds = _seconds(resource, ids, parent, expires)
    if seconds is None or seconds < 0 or (seconds == 0 and resource != "record"):
        return [NO_CACHE]
    return max_age(seconds, now)


def max_age(seconds: int, now: int) -> list[tuple[str, str]]:
    """The headers that let a client keep an answer for some seconds. Source: protocol T-28."""
    date = ("Expires", http_date(now + seconds * 1000))
    if seconds == 0:
        return [("Cache-Control", _NEVER), date, ("Pragma", "no-cache")]
    return [("Cache-Control", f"max-age={seconds}"), date]


def _seconds(
    resource: str,
    ids: Sequence[str],
    parent: StoredObject | None,
    expires: Mapping[str, int],
) -> int | None:
    if resource != "record":
        return expires.get(resource)
    bucket, collection = ids[0], ids[1]
    names = (
        f"{bucket}.{collection}.record",
        f"{bucket}.record",
        "record",
        f"{bucket}_{collection}_record",
        f"{bucket}_record",
    )
    configured = next((expires[name] for name in names if name in expires), None)
    own = parent.data.get("cache_expires") if parent is not None and parent.text else None
    if isinstance(own, int):
        return max(own, configured if configured is not None else -1)
    return configured
