"""One change of an event as the bytes that clients get, made once for all of them."""

from collections.abc import Iterator

from kinto_core import json
from kinto_core.eventlog.interface import LoggedEvent
from kinto_core.events.event import Action, Change
from kinto_core.objects import StoredObject

_SMALL = 126
_MEDIUM = 65536
_TEXT = 0x81
"""First byte of a WebSocket frame with a whole text. Source: RFC 6455 section 5.2."""


def text_frame(payload: bytes) -> bytes:
    """A whole WebSocket frame of a server with this text. Source: RFC 6455 section 5.2."""
    size = len(payload)
    if size < _SMALL:
        return bytes((_TEXT, size)) + payload
    if size < _MEDIUM:
        return bytes((_TEXT, 126)) + size.to_bytes(2) + payload
    return bytes((_TEXT, 127)) + size.to_bytes(8) + payload


class Told:
    """One change, told to many.

    Args:
        event_id: of its event.
        number: its place among the changes of the event; ``None`` when it is the only one.
        change: what happened.
        offset: of the event.

    The JSON is ``{"id", "n"?, "action", "timestamp", "offset", "uri", "new", "old"?}``.
    """

    __slots__ = ("_bodies", "_frames", "change", "event_id", "number", "offset")

    def __init__(self, event_id: str, number: int | None, change: Change, offset: int) -> None:
        self.event_id = event_id
        self.number = number
        self.change = change
        self.offset = offset
        self._bodies: dict[bool, bytes] = {}
        self._frames: dict[tuple[int, bool], bytes] = {}

    def body(self, *, with_old: bool = False) -> bytes:
        """The JSON of the change."""
        found = self._bodies.get(with_old)
        if found is None:
            change = self.change
            text = head(self.event_id, self.number, change.action, change.uri, self.offset)
            text += f',"timestamp":{change.timestamp},"new":{change.new}'
            if with_old and change.old is not None:
                text += f',"old":{change.old}'
            found = self._bodies[with_old] = (text + "}").encode()
        return found

    def frame(self, sub: int, *, with_old: bool = False) -> bytes:
        """The whole WebSocket frame for a subscription with this number."""
        key = (sub, with_old)
        found = self._frames.get(key)
        if found is None:
            found = self._frames[key] = event_frame(sub, self.body(with_old=with_old))
        return found


def told(entry: LoggedEvent) -> Iterator[Told]:
    """The changes of an event in order."""
    event = entry.event
    is_alone = len(event.changes) == 1
    for number, change in enumerate(event.changes):
        yield Told(event.id, None if is_alone else number, change, entry.offset)


def event_frame(sub: int, body: bytes) -> bytes:
    """The WebSocket frame of one change for the subscription with this number."""
    return text_frame(b'{"sub":%d,"event":%b}' % (sub, body))


def head(event_id: str, number: int | None, action: Action, uri: str, offset: int) -> str:
    """The beginning of a change's JSON."""
    place = "" if number is None else f'"n":{number},'
    quoted = json.dumps(uri)
    return f'{{"id":"{event_id}",{place}"action":"{action.value}","offset":{offset},"uri":{quoted}'


def appeared(cause: Told, text: str, timestamp: int, uri: str) -> bytes:
    """The JSON of an object that can be seen from now on, because of a change of permissions."""
    start = head(cause.event_id, cause.number, Action.CREATE, uri, cause.offset)
    return f'{start},"timestamp":{timestamp},"new":{text}}}'.encode()


def disappeared(cause: Told, uri: str) -> bytes:
    """The JSON of an object that can no longer be seen: its id and nothing else."""
    start = head(cause.event_id, cause.number, Action.DELETE, uri, cause.offset)
    new = json.dumps({"id": uri.rpartition("/")[2], "deleted": True})
    return f'{start},"new":{new}}}'.encode()


def replayed(stored: StoredObject, uri: str, offset: int) -> bytes:
    """The JSON of an object or tombstone that a client has missed, as storage has it."""
    action = Action.DELETE if stored.deleted else Action.UPDATE
    place = f'"action":"{action.value}","offset":{offset},"uri":{json.dumps(uri)}'
    return f'{{{place},"timestamp":{stored.last_modified},"new":{stored.text}}}'.encode()
