"""Events of the past: the recent ones from memory, older ones from the log."""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from kinto_core.eventlog.interface import EventLog, Extent, LoggedEvent, Position
from kinto_core.events.event import ResourceChanged
from kinto_core.resources.addresses import ObjectAddress
from kinto_core.resources.definition import ResourceTypes
from kinto_websocket.effects import Effects, effects_of
from kinto_websocket.events import Told, told
from kinto_websocket.filters import Wanted
from kinto_websocket.protocol import Resync
from kinto_websocket.sights import Sight
from kinto_websocket.targets import is_inside

CHUNK = 500

IsRelevant = Callable[[LoggedEvent], bool]


RECENT_CHUNK = 100
"""So many events are read at a time when it is not known how large they are."""


class Window:
    """The latest events, in memory.

    Args:
        max_events: how many.
        max_bytes: how much text they may have together.

    Attributes:
        max_events, max_bytes: its room.
        start: every event after this offset, up to the last, is here.
    """

    def __init__(self, max_events: int, max_bytes: int) -> None:
        self._events: deque[LoggedEvent] = deque()
        self.max_events = max_events
        self.max_bytes = max_bytes
        self._bytes = 0
        self.start = 0

    def begin(self, offset: int) -> None:
        """Be empty, after an event with this offset."""
        self._events.clear()
        self._bytes = 0
        self.start = offset

    def add(self, entry: LoggedEvent) -> None:
        """Keep one more event; the oldest ones make room."""
        self._events.append(entry)
        self._bytes += len(entry.text)
        while self._events and (
            len(self._events) > self.max_events or self._bytes > self.max_bytes
        ):
            gone = self._events.popleft()
            self._bytes -= len(gone.text)
            self.start = gone.offset

    def after(self, offset: int) -> list[LoggedEvent] | None:
        """The events after an offset, in order; ``None`` when they are not all here."""
        if offset < self.start:
            return None
        found: list[LoggedEvent] = []
        for entry in reversed(self._events):
            if entry.offset <= offset:
                break
            found.append(entry)
        found.reverse()
        return found


def recent(log: EventLog, extent: Extent, window: Window) -> None:
    """Fill a window with what the log has, so that who comes back needs no look at it; blocks.

    Args:
        log: to read.
        extent: of the log; the window ends where that does.
        window: is filled as far as it has room.
    """
    chunks: list[list[LoggedEvent]] = []
    at = extent.last
    with log.database.reading() as connection:
        room, size = window.max_events, 0
        while at > extent.trimmed and room > 0 and size < window.max_bytes:
            start = max(at - min(RECENT_CHUNK, room), extent.trimmed)
            chunk = log.read(connection, start, limit=at - start, up_to=at)
            if len(chunk) < at - start:  # trimmed meanwhile
                break
            chunks.append(chunk)
            room -= len(chunk)
            size += sum(len(one.text) for one in chunk)
            at = start
    window.begin(at)
    for chunk in reversed(chunks):
        for entry in chunk:
            window.add(entry)


@dataclass(frozen=True, slots=True)
class Gone:
    """What is needed from the log, which is asked in a thread."""

    events: Sequence[LoggedEvent]
    reason: Resync | None = None


def read_log(
    log: EventLog, since: Position, up_to: int, is_relevant: IsRelevant, max_events: int
) -> Gone:
    """The events after a position from the log, decoded; blocks.

    Args:
        log: to read.
        since: after which.
        up_to: the offset of the last one wanted.
        is_relevant: whether an event is wanted.
        max_events: more are not read.
    """
    found: list[LoggedEvent] = []
    with log.database.reading() as connection:
        extent = log.extent(connection)
        after = since.offset
        while after < up_to and len(found) <= max_events:
            chunk = log.read(connection, after, limit=CHUNK, up_to=up_to)
            if not chunk:
                break
            found += [entry for entry in chunk if is_relevant(entry) and entry.event.changes]
            after = chunk[-1].offset
        trimmed = log.extent(connection).trimmed
    if extent.epoch != since.epoch:
        return Gone((), Resync.EPOCH)
    if since.offset < trimmed:
        return Gone((), Resync.HORIZON)
    return Gone(found, Resync.LIMIT if len(found) > max_events else None)


class Relevance:
    """Says quickly whether an event can matter to a target.

    Args:
        address: the target.
        types: of the server.
    """

    def __init__(self, address: ObjectAddress, types: ResourceTypes) -> None:
        self._uri = address.uri
        self._list = (address.key.parent_id, address.type.name)
        self._always = frozenset(
            name
            for name, kind in types.by_name.items()
            if kind.has_members or types.children.get(name)
        )

    def __call__(self, entry: LoggedEvent) -> bool:
        """Whether it is about the target, what is inside, or what gives permissions."""
        return (
            entry.resource_name in self._always
            or (entry.parent_uri, entry.resource_name) == self._list
            or is_inside(entry.parent_uri, self._uri)
        )


def recovered(
    events: Sequence[LoggedEvent],
    sight: Sight,
    wanted: Wanted,
    types: ResourceTypes,
    *,
    limit: int,
) -> list[Told] | Resync:
    """What a subscriber missed, if that can be told completely and rightly.

    It can when what may be seen now could be seen all the time: nothing in the events touches it.
    """
    if not sight.is_certain:
        return Resync.PERMISSION
    is_relevant = Relevance(sight.address, types)
    found: list[Told] = []
    for entry in filter(is_relevant, events):
        if touches(entry.event, sight, types):
            return Resync.PERMISSION
        for one in visible(entry, sight, is_history=True):
            if wanted.accepts(one.change, with_old=sight.shows_old(one.change)):
                found.append(one)
                if len(found) > limit:
                    return Resync.LIMIT
    return found


def touches(
    event: ResourceChanged, sight: Sight, types: ResourceTypes, *, creations: bool = False
) -> bool:
    """Whether an event can have changed what a sight shows.

    Args:
        event: what happened.
        sight: who sees what.
        types: of the server.
        creations: count objects that came with grants of their own, too.
    """
    return effects_touch(effects_of(event, types), sight, creations=creations)


def effects_touch(effects: Effects, sight: Sight, *, creations: bool = False) -> bool:
    """As ``touches``, for the effects of an event."""
    if effects.is_nothing:
        return False
    if sight.is_whole and not effects.is_wide:
        return any(change.uri == sight.uri for change in effects.leaves)
    if effects.concerns(sight):
        return True
    return any(
        (creations or change.old is not None) and is_inside(change.uri, sight.uri)
        for change in effects.leaves
        if not sight.sees_all_of(change)
    )


def visible(entry: LoggedEvent, sight: Sight, *, is_history: bool = False) -> Iterator[Told]:
    """The changes of an event that a sight shows; see ``Sight.shows``."""
    for one in told(entry):
        change = one.change
        if is_inside(change.uri, sight.uri) and sight.shows(
            change, one.event_id, is_history=is_history
        ):
            yield one


def has_list(address: ObjectAddress, types: ResourceTypes) -> str | None:
    """The type of the only list inside a target whose content can be read by time."""
    children = types.children.get(address.type.name, ())
    is_leaf_list = len(children) == 1 and not types.children.get(children[0].name)
    return children[0].name if is_leaf_list else None
