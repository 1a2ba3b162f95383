"""What receivers get, made of values alone."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeVar

from kinto_core.eventlog.interface import LoggedEvent
from kinto_core.events import wire
from kinto_core.events.event import ResourceChanged
from kinto_core.events.selector import Selector

T = TypeVar("T")

Fields = dict[bytes, bytes]
"""Of one entry of a stream."""

MAX_BYTES = 8 * 1024 * 1024
"""About how much goes into one round trip."""


def list_message(logged: LoggedEvent, selector: Selector) -> bytes:
    """The text for a list: the payload alone. Source: notifications N-7."""
    return wire.legacy_json(narrowed(logged.event, selector)).encode()


def stream_fields(logged: LoggedEvent, selector: Selector) -> Fields:
    """The fields of a stream's entry.

    ``id`` (what a receiver drops repeats by), ``offset``, ``action``, ``resource_name``, ``uri``
    (of the request), and ``event``: the whole event as JSON, see ``kinto_core.events.wire``.
    """
    event = narrowed(logged.event, selector)
    text = logged.text if event is logged.event else wire.encode(event)
    return {
        b"id": event.id.encode(),
        b"offset": b"%d" % logged.offset,
        b"action": event.action.value.encode(),
        b"resource_name": event.resource_name.encode(),
        b"uri": str(event.payload["uri"]).encode(),
        b"event": text.encode(),
    }


def narrowed(event: ResourceChanged, selector: Selector) -> ResourceChanged:
    """The event without the changes that are not wanted; the same one when all are.

    One event may tell of several buckets or collections, of which a listener gets its own only.
    """
    wanted = tuple(change for change in event.changes if selector.accepts(change))
    if not wanted or len(wanted) == len(event.changes):
        return event
    return ResourceChanged.of(wanted, id=event.id, request_id=event.request_id)


def portions(messages: Iterable[T], size_of: Callable[[T], int]) -> Iterator[Sequence[T]]:
    """The messages, in order, in portions of about ``MAX_BYTES`` at most.

    Args:
        messages: any number of them.
        size_of: gives the size of one in bytes.
    """
    portion: list[T] = []
    size = 0
    for message in messages:
        length = size_of(message)
        if portion and size + length > MAX_BYTES:
            yield portion
            portion, size = [], 0
        portion.append(message)
        size += length
    if portion:
        yield portion


def fields_size(fields: Fields) -> int:
    """The bytes of an entry's values."""
    return sum(map(len, fields.values()))
