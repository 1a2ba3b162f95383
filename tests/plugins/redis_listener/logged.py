"""Events as the relay hands them over, and what arrived in Redis."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, cast

import redis

from kinto_core.eventlog.interface import LoggedEvent
from kinto_core.events import wire
from kinto_core.events.event import ResourceChanged
from kinto_core.testing.factories import make_event

RECORDS = "/buckets/blog/collections/articles/records"


def logged(event: ResourceChanged, offset: int = 1) -> LoggedEvent:
    """An event with its place in a log."""
    return LoggedEvent(
        offset, 1_700_000_000_000, event.resource_name, event.parent_uri, wire.encode(event)
    )


def logged_records(count: int, *, first: int = 1) -> list[LoggedEvent]:
    """Creations of so many records, whose ids are their offsets."""
    return [
        logged(make_event(uri=f"{RECORDS}/{number}", timestamp=number), number)
        for number in range(first, first + count)
    ]


@contextmanager
def connected(url: str) -> Iterator[redis.Redis]:
    """A client of a Redis server."""
    client = redis.Redis.from_url(url)
    try:
        yield client
    finally:
        client.close()


def list_texts(url: str, key: str = "kinto.core.events") -> list[str]:
    """The messages of a list, the oldest first."""
    with connected(url) as client:
        found = cast("list[bytes]", client.lrange(key, 0, -1))
    return [text.decode() for text in reversed(found)]


def list_uris(url: str, key: str = "kinto.core.events") -> list[str]:
    """What the messages of a list tell of, the oldest first."""
    return [json.loads(text)["uri"] for text in list_texts(url, key)]


def stream_entries(url: str, key: str = "kinto:events") -> list[Mapping[str, str]]:
    """The entries of a stream, the oldest first."""
    with connected(url) as client:
        found = cast("list[tuple[bytes, dict[bytes, bytes]]]", client.xrange(key))
    return [{name.decode(): text.decode() for name, text in one.items()} for _, one in found]


def stream_uris(url: str, key: str = "kinto:events") -> list[str]:
    """What the entries of a stream tell of, the oldest first."""
    return [entry["uri"] for entry in stream_entries(url, key)]


def event_of(entry: Mapping[str, str]) -> dict[str, Any]:
    """The event of an entry, as its JSON has it."""
    return cast("dict[str, Any]", json.loads(entry["event"]))
