"""Whatever happens to permissions, nobody gets what they could not read, and all get what they can.

Every change is judged by the operations behind HTTP; see ``judging.py``.
"""

import asyncio
import os
import random

import pytest

from tests.plugins.websocket.driving import (
    BUCKET,
    COLLECTION,
    World,
    live,
    new_world,
    record,
    run,
)
from tests.plugins.websocket.judging import USERS, Mirror, worlds_writer

SEEDS = range(200 if os.environ.get("KINTO_TEST_SCALE") else 6)
ROUNDS = 8


async def story(world: World, seed: int) -> None:
    chance = random.Random(seed)
    oracle, writer = worlds_writer(world, seed)
    async with live(world) as one:
        mirrors = [
            Mirror(user, await one.client(user), oracle, uri)
            for user in USERS
            for uri in (COLLECTION, BUCKET, record("x"))
        ]
        for _ in range(ROUNDS):
            writing = asyncio.create_task(one.do(*writer.steps(chance.randrange(1, 9))))
            for mirror in mirrors:
                if not mirror.is_subscribed and chance.random() < 0.7:
                    await mirror.begin()
            await writing
            for mirror in mirrors:
                await mirror.follow()
                mirror.judge()
                if mirror.is_subscribed and mirror.is_complete:
                    assert mirror.state == oracle.now[mirror.user]


@pytest.mark.parametrize("seed", SEEDS)
def test_on_sqlite(world: World, seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kinto_websocket.pacing.Pace.take", lambda *_: 0.0)
    run(story(world, seed))


@pytest.mark.parametrize("seed", SEEDS[: max(3, len(SEEDS) // 4)])
def test_on_postgresql(postgresql_url: str, seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kinto_websocket.pacing.Pace.take", lambda *_: 0.0)
    with new_world(postgresql_url) as world:
        run(story(world, seed))
