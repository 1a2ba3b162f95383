"""Who wants what, and what of an event each of them gets; no sockets, no database."""

from collections.abc import Mapping
from typing import Protocol

from kinto_core.events.event import Action, Change
from kinto_websocket.events import Told, event_frame
from kinto_websocket.filters import Wanted
from kinto_websocket.protocol import unsubscribed
from kinto_websocket.sights import Sight


class Sink(Protocol):
    """Where the frames of a client go."""

    def send(self, payload: bytes) -> None:
        """Send a frame that is not an event."""
        ...

    def send_event(self, frame: bytes, offset: int) -> None:
        """Send the bytes of an event's whole frame, or give the client up if it is too slow."""
        ...

    def forget(self, number: int) -> None:
        """The subscription with this number is gone."""
        ...


class Subscription:
    """One wish of one client.

    Args:
        number: names it to the client.
        sight: what may be seen.
        wanted: what is wanted.
        sink: of the client.
        start: the offset of the last event that it does not get.
        floors: for lists and objects, by URI, the timestamp up to which changes are known.
        old: whether the client wants the objects as they were before, too.
    """

    __slots__ = ("_floors", "_wanted", "number", "old", "sight", "sink", "start")

    def __init__(  # noqa: PLR0913  everything that a client says, and what was found out
        self,
        number: int,
        sight: Sight,
        *,
        wanted: Wanted,
        sink: Sink,
        start: int,
        floors: Mapping[str, int],
        old: bool = False,
    ) -> None:
        self.number = number
        self.sight = sight
        self.sink = sink
        self.start = start
        self.old = old
        self._wanted = None if wanted.is_everything else wanted
        self._floors = floors

    def wants(self, change: Change, offset: int) -> bool:
        """Whether the client wants a change that may be seen, and does not have it."""
        if offset <= self.start:
            return False
        floors = self._floors
        if floors:
            known = max(
                floors.get(f"{change.parent_uri}/{change.resource_name}s", 0),
                floors.get(change.uri, 0),
            )
            if change.timestamp <= known:
                return False
        if self._wanted is None:
            return True
        return self._wanted.accepts(change, with_old=self.sight.shows_old(change))

    def wants_text(self, text: str, uri: str) -> bool:
        """Whether the client wants an object that it sees from now on."""
        kind = uri.rpartition("/")[0].rpartition("/")[2].removesuffix("s")
        return self._wanted is None or (
            self._wanted.accepts_kind(Action.CREATE, kind) and self._wanted.accepts_text(text)
        )

    def offer(self, told: Told) -> None:
        """Send a change that may be seen, if it is wanted."""
        change = told.change
        if self.wants(change, told.offset):
            with_old = self.old and self.sight.shows_old(change)
            self.sink.send_event(told.frame(self.number, with_old=with_old), told.offset)

    def body(self, told: Told) -> bytes:
        """The JSON of a change that is wanted, for the answer to the subscribe frame."""
        return told.body(with_old=self.old and self.sight.shows_old(told.change))

    def offer_body(self, body: bytes, offset: int) -> None:
        """Send the JSON of an event that was made for this subscription's caller."""
        if offset > self.start:
            self.sink.send_event(event_frame(self.number, body), offset)

    def end(self, reason: str) -> None:
        """Send nothing any more, and say why."""
        self.detach()
        self.sink.send(unsubscribed(self.number, reason))
        self.sink.forget(self.number)

    def attach(self) -> None:
        """Get events from now on."""
        self.sight.subscriptions[self] = None

    def detach(self) -> None:
        """Get no events any more."""
        self.sight.subscriptions.pop(self, None)
