"""Subscribing while others write: nothing is missing after the fence, nothing comes twice.

A writer creates the records 1, 2, 3, … as fast as it can, while clients subscribe at random moments
in every way, stay for a random while, and leave. Whatever a subscription got must be a range of
numbers without a gap, from where it said it was.
"""

import asyncio
import os
import random
import threading
from contextlib import contextmanager
from typing import Any

import pytest

from kinto_core.eventlog.sql import SqlEventLog
from kinto_core.testing.consuming import sequence_pending
from tests.plugins.websocket.driving import (
    COLLECTION,
    Client,
    World,
    live,
    new_world,
    ring,
    run,
)

TURNS = 10_000 if os.environ.get("KINTO_TEST_SCALE") else 150
CLIENTS = 4


class Writer(threading.Thread):
    """Creates numbered records until it is stopped.

    Attributes:
        times: the timestamps of the records 1, 2, …
    """

    def __init__(self, world: World) -> None:
        super().__init__()
        self.world = world
        self.times: list[int] = []
        self.stopping = threading.Event()

    def run(self) -> None:
        """Write, with short pauses, so that subscribers meet quiet moments as well."""
        server = self.world.server
        pauses = random.Random(1)
        while not self.stopping.is_set():
            number = len(self.times) + 1
            timestamp = self.world.put(f"{COLLECTION}/records/r{number}", {"n": number})
            if not server.storage.database.embedded:
                sequence_pending(server)
                ring(server)
            self.times.append(timestamp)
            if pauses.random() < 0.3:
                self.stopping.wait(0.002)


@contextmanager
def writing(world: World) -> Any:  # noqa: ANN401  an iterator of writers
    writer = Writer(world)
    writer.start()
    try:
        yield writer
    finally:
        writer.stopping.set()
        writer.join()


class Visitor:
    """One client that comes and goes."""

    def __init__(self, client: Client, writer: Writer, base: int, seed: int) -> None:
        self.client = client
        self.writer = writer
        self.base = base
        self.chance = random.Random(seed)
        self.number = 1

    async def visit(self) -> None:
        """Subscribe in one way or another, stay for a while, leave, and look at what came."""
        self.number += 1
        known = len(self.writer.times)
        back = min(known, self.chance.randrange(30))
        options: dict[str, Any] = {}
        first = None
        way = self.chance.choice(["now", "position", "time"])
        if way == "position":
            first = known - back
            options["since"] = f"{self.epoch}:{self.base + first}"
        elif way == "time" and known > back:
            first = known - back
            options["since"] = self.writer.times[first - 1] if first else 0
        answer = await self.client.subscribe(COLLECTION, self.number, **options)
        assert "subscribe" in answer, answer
        body = answer["subscribe"]
        for _ in range(self.chance.randrange(4)):
            await self.client.ask(0, "ping", {})
        await self.client.ask(self.number + 1_000_000, "unsubscribe", {"sub": self.number})
        live_events = [event for sub, event in self.client.events if sub == self.number]
        self.client.events.clear()
        self._judge(body, live_events, first)

    def _judge(self, body: dict[str, Any], events: list[dict[str, Any]], first: int | None) -> None:
        offsets = [event["offset"] for event in events]
        fence = body["offset"]
        assert offsets == list(range(fence + 1, fence + 1 + len(offsets)))
        numbers = [event["new"]["n"] for event in [*body["events"], *events]]
        if first is not None:
            assert body["recovered"] is True
            assert numbers == list(range(first + 1, first + 1 + len(numbers)))
            assert len(body["events"]) >= fence - self.base - first

    @property
    def epoch(self) -> str:
        """Of the log."""
        log = self.writer.world.server.event_log
        assert log is not None
        with log.database.reading() as connection:
            return log.extent(connection).epoch


async def story(world: World, turns: int) -> None:
    async with live(world) as one:
        base = one.host.fanout.position
        with writing(world) as writer:
            visitors = [
                Visitor(await one.client("owner"), writer, base, seed) for seed in range(CLIENTS)
            ]
            await asyncio.gather(*(stay(visitor, turns // CLIENTS) for visitor in visitors))
        await one.settle()


async def stay(visitor: Visitor, turns: int) -> None:
    for _ in range(turns):
        await visitor.visit()


@pytest.fixture(autouse=True)
def _no_pace(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kinto_websocket.pacing.Pace.take", lambda *_: 0.0)


def test_fence_on_sqlite(world: World) -> None:
    run(story(world, TURNS))


def test_fence_on_postgresql(postgresql_url: str) -> None:
    with new_world(postgresql_url) as world:
        run(story(world, TURNS // 2))


def test_what_was_sent_is_not_looked_through_again(
    postgresql_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Beside an old transaction nothing can be removed: the first subscriber would pass all of it.
    monkeypatch.setattr("kinto_core.eventlog.floor.SETTLING_SECONDS", 0.0)
    monkeypatch.setattr("kinto_websocket.tail.LOOK_SECONDS", 0.0)

    async def story(world: World) -> None:
        async with live(world) as one:
            for number in range(6):
                await one.do(lambda number=number: world.put(f"{COLLECTION}/records/r{number}"))
            log = world.server.event_log
            assert isinstance(log, SqlEventLog)
            assert log._lookout._keeper.floor.number >= 3

    with new_world(postgresql_url) as world:
        run(story(world))
