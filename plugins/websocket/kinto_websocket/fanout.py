"""From the event log to the subscriptions of this process, in order.

Runs in the event loop, one event after the other. Before an event is sent, everybody whose
permissions it or an earlier one may have changed is looked at anew: nothing is sent on a guess.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from functools import partial
from typing import TypeVar

from kinto_core.errors import (
    BackendError,
    KintoError,
    NotAllowed,
    ObjectNotFound,
    Overloaded,
)
from kinto_core.eventlog.interface import Extent, LoggedEvent
from kinto_core.events.event import Action, ResourceChanged
from kinto_core.resources.definition import ResourceTypes
from kinto_websocket.access import Access, View
from kinto_websocket.ahead import MAX_EVENTS, Ahead
from kinto_websocket.changes import (
    announce,
    ended,
    settle_deletion,
    settle_leaf,
    show_list,
    widened,
)
from kinto_websocket.effects import Effects, effects_of
from kinto_websocket.events import Told, told
from kinto_websocket.history import Window
from kinto_websocket.protocol import Refusal
from kinto_websocket.replay import Replay, read_changes
from kinto_websocket.sights import Sight, Sights
from kinto_websocket.targets import address_of, containers

logger = logging.getLogger(__name__)

T = TypeVar("T")

MAX_CREATIONS = 1000
"""How many objects may come into sight at once; for more, subscribers have to read."""

TOGETHER = 32
"""So many sights are read one after the other, before another thread may take some."""

RETRY_SECONDS = 0.5
NICE_EVENTS = 16
"""After so many events in a row, other work gets its turn."""


class Fanout:
    """Sends what happens to whom it concerns.

    Args:
        access: decides who may see what.
        window: keeps recent events, and has those before the start.
        ask: runs a function that blocks, in a thread.
        begin: where the log ended at the start.

    Attributes:
        position: the offset of the last event that was sent to everybody.
        epoch: of the log.
        is_applying: whether somebody is being looked at anew, so that sights are not to be used.
    """

    def __init__(
        self,
        access: Access,
        window: Window,
        ask: "Ask",
        begin: Extent,
    ) -> None:
        self.access = access
        self.window = window
        self.sights = Sights()
        self.types: ResourceTypes = access.server.types
        self.epoch = begin.epoch
        self.position = begin.last
        self.is_applying = False
        self.on_accounts: Callable[[], None] = lambda: None
        self._ask = ask
        self._doubts: dict[str, list[Sight]] = {}
        self._moved = asyncio.Condition()

    async def take(self, entries: Sequence[LoggedEvent]) -> None:
        """Send a batch of events, which follow the position."""
        for number, entry in enumerate(entries):
            await self._take(entry)
            if number % NICE_EVENTS == NICE_EVENTS - 1:
                await asyncio.sleep(0)
        async with self._moved:
            self._moved.notify_all()

    async def restart(self, extent: Extent) -> None:
        """Positions of before mean nothing: forget everything."""
        self.epoch = extent.epoch
        self.position = extent.last
        self.window.begin(extent.last)
        self._doubts.clear()
        for sight in self.sights:
            self.sights.drop(sight)
        async with self._moved:
            self._moved.notify_all()

    async def reach(self, offset: int) -> None:
        """Wait until everything up to an offset was sent."""
        async with self._moved:
            await self._moved.wait_for(lambda: self.position >= offset)

    async def calm(self) -> None:
        """Wait until nobody is being looked at anew."""
        async with self._moved:
            await self._moved.wait_for(lambda: not self.is_applying)

    async def ask(self, work: Callable[[], T]) -> T:
        """Run a function that blocks, in a thread; again while the database is away."""
        while True:
            try:
                return await self._ask(work)
            except (BackendError, Overloaded) as error:
                logger.warning("Permissions cannot be read, trying again: %s", error)
                await asyncio.sleep(RETRY_SECONDS)

    # -- inside -----------------------------------------------------------------------------------

    async def _take(self, entry: LoggedEvent) -> None:
        effects = effects_of(entry.event, self.types)
        if effects.is_nothing:
            self._send(entry)
        elif entry.event.action is Action.DELETE:  # the last thing that is seen of it
            self._send(entry)
            await self._apply(effects, entry)
        else:
            await self._apply(effects, entry)
            self._send(entry)

    def _send(self, entry: LoggedEvent) -> None:
        """Hand the changes of an event to the subscriptions; it is past then."""
        at = self.sights.at
        for one in told(entry):
            change = one.change
            for uri in containers(change.uri):
                for sight in at(uri):
                    if sight.subscriptions and sight.shows(change, one.event_id):
                        for subscription in tuple(sight.subscriptions):
                            subscription.offer(one)
        for sight in self._doubts.pop(entry.event.id, ()):
            sight.past(entry.event.id)
        self.window.add(entry)
        self.position = entry.offset

    async def _apply(self, effects: Effects, entry: LoggedEvent) -> None:
        """Look anew at everybody whom an event concerns."""
        if effects.accounts:
            self.on_accounts()
        candidates = effects.candidates(self.sights)
        concerned = {sight for sight in candidates if effects.concerns(sight)}
        used = [sight for sight in concerned if sight.subscriptions]
        for sight in concerned:
            if not sight.subscriptions:
                self.sights.drop(sight)
        leaves = {id(change) for change in effects.leaves}
        self.is_applying = True
        try:
            if used:
                await self._refresh(used, entry)
            for one in told(entry):
                if id(one.change) in leaves:
                    await self._leaf(one, concerned)
        finally:
            self.is_applying = False
        async with self._moved:
            self._moved.notify_all()

    async def _refresh(self, sights: Sequence[Sight], entry: LoggedEvent) -> None:
        """Read what these sights see now, and tell their subscribers what that changes."""
        parts = [sights[start : start + TOGETHER] for start in range(0, len(sights), TOGETHER)]
        found = await asyncio.gather(*(self.ask(partial(self._views, part)) for part in parts))
        views = [view for part in found for view in part]
        following = await self.ask(lambda: self._following(entry.offset))
        cause = next(iter(told(entry)))
        ahead = Ahead(cause, following, self.types)
        for sight, view in zip(sights, views, strict=True):
            if not isinstance(view, View):
                self._end(sight, "deleted" if isinstance(view, ObjectNotFound) else "permission")
            elif ended(sight, view):
                self._end(sight, "permission")
            elif widened(sight, view):
                replay = await self.ask(partial(self._everything, sight))
                if replay is None:
                    self._end(sight, "resync")
                else:
                    show_list(sight, replay, cause)
                    self._see(sight, replay.view, cause, ahead)
            else:
                announce(sight, view, cause)
                self._see(sight, view, cause, ahead)

    def _see(self, sight: Sight, view: View, cause: Told, ahead: Ahead) -> None:
        """Let a sight show something else from now on, or from when that is certain."""
        until = ahead.last_doubt(sight, view)
        sight.replace(view, cause.offset, until, ahead.latest)
        if until is not None:
            self._doubts.setdefault(until, []).append(sight)

    def _everything(self, sight: Sight) -> Replay | None:
        """All that a sight may show now, if that is not too much; blocks."""
        try:
            replay = read_changes(self.access, sight, 0, MAX_CREATIONS)
        except (NotAllowed, ObjectNotFound, Refusal):
            return None
        is_whole = isinstance(replay, Replay) and replay.resource in replay.view.kinds
        return replay if isinstance(replay, Replay) and is_whole else None

    def _views(self, sights: Sequence[Sight]) -> list[View | KintoError]:
        """What each sight sees now, or why nothing; blocks."""
        return [self._view(sight) for sight in sights]

    def _view(self, sight: Sight) -> View | KintoError:
        try:
            return self.access.view(sight.caller, sight.address)
        except (NotAllowed, ObjectNotFound, Refusal) as error:
            return error

    def _following(self, offset: int) -> list[ResourceChanged]:
        """The events after an offset, as far as they are known; blocks."""
        log = self.access.server.event_log
        if log is None:
            return []
        with log.database.reading() as connection:
            # First what waits: what gets its offset meanwhile is seen twice, not missed.
            waiting = log.waiting(connection, limit=MAX_EVENTS)
            logged = [one.event for one in log.read(connection, offset, limit=MAX_EVENTS)]
        known = {one.id for one in logged}
        return [*logged, *(one for one in waiting.events() if one.id not in known)]

    async def _leaf(self, one: Told, done: set[Sight]) -> None:
        """Look anew at a single object, for those who see single objects only.

        Args:
            one: its change.
            done: who was looked at as a whole already.
        """
        change = one.change
        concerned = [
            sight
            for uri in containers(change.parent_uri)
            for sight in self.sights.at(uri)
            if sight not in done and not sight.sees_all_of(change)
        ]
        if not concerned:
            return
        if change.action is Action.DELETE:
            for sight in concerned:
                settle_deletion(sight, one)
            return
        looked = await self.ask(lambda: self.access.look_at(address_of(self.types, change.uri)))
        kind = self.types.by_name[change.resource_name]
        for sight in concerned:
            visible = self.access.is_shared(kind, looked.grants, sight.principals)
            settle_leaf(sight, one, looked, is_visible=visible)

    def _end(self, sight: Sight, reason: str) -> None:
        """Nobody gets anything from this sight any more."""
        self.sights.drop(sight)
        for subscription in tuple(sight.subscriptions):
            subscription.end(reason)


class Ask:
    """Runs blocking functions in the threads of a pool."""

    def __init__(self, pool: Executor) -> None:
        self._pool = pool

    async def __call__(self, work: Callable[[], T]) -> T:
        """The result of the function."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, work)
