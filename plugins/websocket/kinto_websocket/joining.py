"""How a subscription begins: what was missed, then what happens, without a gap or a repeat."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from kinto_core.errors import NotAllowed, ObjectNotFound
from kinto_core.eventlog import LoggedEvent, Position, Waiting
from kinto_core.resources.access import Caller
from kinto_core.resources.addresses import ObjectAddress
from kinto_websocket.fanout import Fanout
from kinto_websocket.history import Gone, Relevance, read_log, touches, visible
from kinto_websocket.protocol import Refusal, Resync, Subscribe
from kinto_websocket.recovering import Recovering
from kinto_websocket.replay import Replay, read_changes
from kinto_websocket.sharing import Finding, Together
from kinto_websocket.sights import Sight, SightKey
from kinto_websocket.subscriptions import Sink, Subscription
from kinto_websocket.targets import address_of

BUSY = "permissions change all the time: try again later"
SETTLE_SECONDS = 10.0
SETTLE_PAUSE_SECONDS = 0.005
TRIES = 20
"""How often to begin anew when permissions change all the time."""


@dataclass(frozen=True, slots=True)
class Joined:
    """A subscription that has begun.

    Attributes:
        subscription: it gets every event after ``position``.
        position: where it begins.
        is_recovered: whether ``events`` are everything that was missed.
        events: the JSON of each, in order.
    """

    subscription: Subscription
    position: Position
    is_recovered: bool
    events: Sequence[bytes] = ()


class Joining:
    """Begins subscriptions.

    Args:
        fanout: sends them events.
        max_events: how many missed events one may get.
    """

    def __init__(self, fanout: Fanout, max_events: int) -> None:
        self._fanout = fanout
        self._max_events = max_events
        self._recovering = Recovering(fanout.types, max_events)
        self._waiting = Together(lambda: fanout.ask(fanout.access.waiting))
        self._finding: Finding[SightKey, Sight] = Finding()

    async def join(self, caller: Caller, request: Subscribe, sink: Sink) -> Joined | Resync:
        """Begin a subscription, or say why what was missed cannot be told.

        There is no pause between the last look at the log and the beginning, so what is sent after
        the answer follows it.

        Raises:
            Refusal: it cannot be had.
        """
        address = address_of(self._fanout.types, request.uri)
        since = request.since
        try:
            if since is None:
                return await self._from_now(caller, address, request, sink)
            if isinstance(since, Position):
                return await self._from_position(caller, address, request, sink, since)
            return await self._from_time(caller, address, request, sink, since)
        except NotAllowed as error:
            code = 401 if caller.user_id is None else 403
            raise Refusal(code, f"{request.uri} cannot be read by this user") from error
        except ObjectNotFound as error:
            raise Refusal(404, f"{request.uri} does not exist") from error

    async def _from_now(
        self, caller: Caller, address: ObjectAddress, request: Subscribe, sink: Sink
    ) -> Joined:
        fanout = self._fanout
        for _ in range(TRIES):
            sight = await self._sight(caller, address)
            await self._settle(sight)
            if fanout.sights.get(caller, address.uri) is sight and not fanout.is_applying:
                return self._begin(request, sight, sink, start=fanout.position, floors={})
        raise Refusal(503, BUSY)

    async def _from_position(
        self,
        caller: Caller,
        address: ObjectAddress,
        request: Subscribe,
        sink: Sink,
        since: Position,
    ) -> Joined | Resync:
        fanout = self._fanout
        if since.epoch != fanout.epoch:
            return Resync.EPOCH
        sight = await self._sight(caller, address)
        await self._settle(sight)
        last = since.offset
        if last > fanout.position:
            if last > await fanout.ask(fanout.access.last_offset):
                return Resync.EPOCH
            await fanout.reach(last)
        events: list[LoggedEvent] = []
        for _ in range(TRIES):
            await fanout.calm()
            rest = fanout.window.after(last)
            if rest is not None:
                if fanout.sights.get(caller, address.uri) is not sight or fanout.is_applying:
                    return Resync.PERMISSION
                return self._recover(request, sight, sink, since, [*events, *rest])
            end = fanout.position
            gone = await self._read(Position(since.epoch, last), end, address)
            if gone.reason is not None:
                return gone.reason
            events += gone.events
            last = end
        return Resync.LIMIT

    async def _settle(self, sight: Sight) -> None:
        """Wait until every event that was committed when the sight was made has been sent."""
        if sight.waiting is not None:
            await self._pass(sight.waiting)
            sight.waiting = None

    async def _pass(self, moment: Waiting) -> None:
        """Wait until everything that was committed at a moment was sent.

        Raises:
            Refusal: events get no offsets, since no relay runs.
        """
        now = moment
        try:
            async with asyncio.timeout(SETTLE_SECONDS):
                while 0 < now.first <= moment.last:
                    await asyncio.sleep(SETTLE_PAUSE_SECONDS)  # the database tells nobody
                    now = await self._waiting()
                await self._fanout.reach(now.offset)
        except TimeoutError as error:
            raise Refusal(503, "events are on their way still: try again later") from error

    async def _read(self, since: Position, end: int, address: ObjectAddress) -> Gone:
        fanout = self._fanout
        log = fanout.access.server.event_log
        if log is None:
            return Gone((), Resync.EPOCH)
        is_relevant = Relevance(address, fanout.types)
        most = self._max_events * 2 + 1000  # what is not visible or wanted counts here
        return await fanout.ask(partial(read_log, log, since, end, is_relevant, most))

    def _recover(
        self,
        request: Subscribe,
        sight: Sight,
        sink: Sink,
        since: Position,
        events: Sequence[LoggedEvent],
    ) -> Joined | Resync:
        end = Position(since.epoch, self._fanout.position)
        found = self._recovering.recover(request, sight, events, since=since.offset, end=end)
        if isinstance(found, Resync):
            return found
        joined = self._begin(request, sight, sink, start=end.offset, floors={})
        return Joined(joined.subscription, end, is_recovered=True, events=found)

    async def _from_time(
        self, caller: Caller, address: ObjectAddress, request: Subscribe, sink: Sink, since: int
    ) -> Joined | Resync:
        fanout = self._fanout
        if request.wanted.fields or request.wanted.actions:
            return Resync.FILTER
        for _ in range(TRIES):
            sight = await self._sight(caller, address)
            start = fanout.position
            replay = await fanout.ask(
                partial(read_changes, fanout.access, sight, since, self._max_events)
            )
            if isinstance(replay, Resync):
                return replay
            await self._pass(await self._waiting())
            await fanout.calm()
            rest = fanout.window.after(start)
            is_same = fanout.sights.get(caller, address.uri) is sight
            if rest is None or not is_same or replay.is_other(sight):
                continue
            if not any(touches(one.event, sight, fanout.types, creations=True) for one in rest):
                return self._replayed(request, sight, sink, replay, start, rest)
        return Resync.PERMISSION

    def _replayed(  # noqa: PLR0913, PLR0917  everything that was found out
        self,
        request: Subscribe,
        sight: Sight,
        sink: Sink,
        replay: Replay,
        start: int,
        rest: Sequence[LoggedEvent],
    ) -> Joined:
        """Begin after a replay from storage, and send what came since."""
        if replay.resource not in sight.kinds:  # storage may be ahead of the log, and so of sights
            for uri, stored in replay.objects.items():
                sight.objects.setdefault(uri, stored.last_modified - 1)
        if request.wanted.resources and replay.resource not in request.wanted.resources:
            bodies: list[bytes] = []
        else:
            bodies = replay.bodies(start)
        joined = self._begin(request, sight, sink, start=start, floors=replay.floors)
        for one in recovered_live(rest, sight, joined.subscription):
            bodies.append(one)
        joined.subscription.start = self._fanout.position
        position = Position(self._fanout.epoch, self._fanout.position)
        return Joined(joined.subscription, position, is_recovered=True, events=bodies)

    async def _sight(self, caller: Caller, address: ObjectAddress) -> Sight:
        """What the caller sees of the target: known already, or found out now.

        Raises:
            NotAllowed, ObjectNotFound: nothing.
            Refusal: too much, or it changes all the time.
        """
        await self._fanout.calm()
        known = self._fanout.sights.get(caller, address.uri)
        if known is not None:
            return known
        look = partial(self._look, caller, address)
        return await self._finding.find((caller, address.uri), look)

    async def _look(self, caller: Caller, address: ObjectAddress) -> Sight:
        """Find out what the caller sees of the target."""
        fanout = self._fanout
        for _ in range(TRIES):
            await fanout.calm()
            before = fanout.position
            view = await fanout.ask(partial(fanout.access.view, caller, address))
            sight = Sight(caller, address, view)
            sight.waiting = await self._waiting()
            known = fanout.sights.get(caller, address.uri)
            if known is not None and not fanout.is_applying:  # somebody else was quicker
                return known
            between = fanout.window.after(before)
            if fanout.is_applying or between is None:
                continue
            if not any(touches(one.event, sight, fanout.types, creations=True) for one in between):
                fanout.sights.add(sight)
                return sight
        raise Refusal(503, BUSY)

    def _begin(
        self, request: Subscribe, sight: Sight, sink: Sink, *, start: int, floors: Mapping[str, int]
    ) -> Joined:
        subscription = Subscription(
            request.id,
            sight,
            wanted=request.wanted,
            sink=sink,
            start=start,
            floors=floors,
            old=request.old,
        )
        subscription.attach()
        self._fanout.sights.use(sight)
        return Joined(subscription, Position(self._fanout.epoch, start), is_recovered=False)

    def leave(self, subscription: Subscription) -> None:
        """End a subscription."""
        subscription.detach()
        self._fanout.sights.unuse(subscription.sight)


def recovered_live(
    events: Sequence[LoggedEvent], sight: Sight, subscription: Subscription
) -> list[bytes]:
    """The JSON of what a subscription that began a moment ago would have got since."""
    return [
        subscription.body(one)
        for entry in events
        for one in visible(entry, sight)
        if subscription.wants(one.change, one.offset)
    ]
