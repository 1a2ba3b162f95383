"""Coming back: what was missed arrives completely and in order, or the client is told why not."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from tests.plugins.websocket.driving import (
    BUCKET,
    COLLECTION,
    Client,
    Live,
    World,
    live,
    new_world,
    record,
    run,
)


def names(events: list[dict[str, Any]]) -> list[tuple[str, str]]:
    return [(event["action"], event["uri"].rpartition("/")[2]) for event in events]


async def position(client: Client) -> str:
    answer = await client.subscribe(number=100)
    await client.ask(101, "unsubscribe", {"sub": 100})
    return f"{answer['subscribe']['epoch']}:{answer['subscribe']['offset']}"


@pytest.mark.parametrize("window", ["20000", "2", "0"])
def test_missed_events_come_in_order_from_memory_or_log(tmp_path: Path, window: str) -> None:
    async def story(world: World) -> None:
        async with live(world) as one:
            client = await one.client()
            since = await position(client)
            await one.do(
                lambda: world.put(record("a")),
                lambda: world.put(f"{BUCKET}/collections/other"),
                lambda: world.put(record("b")),
                lambda: world.put(record("a"), {"n": 2}),
                lambda: world.remove(record("b")),
            )
            answer = await client.subscribe(since=since)
            body = answer["subscribe"]
            assert body["recovered"] is True
            assert names(body["events"]) == [
                ("create", "a"),
                ("create", "b"),
                ("update", "a"),
                ("delete", "b"),
            ]
            await one.do(lambda: world.put(record("c")))
            (event,) = await client.drain()
            assert event["offset"] == body["offset"] + 1

    with new_world(f"sqlite:///{tmp_path}/kinto.db", window_events=window) as world:
        run(story(world))


def test_recovery_survives_a_restart(world: World) -> None:
    async def story() -> None:
        async with live(world) as one:
            since = await position(await one.client())
        world.put(record("a"))
        async with live(world) as two:
            client = await two.client()
            answer = await client.subscribe(since=since)
            assert names(answer["subscribe"]["events"]) == [("create", "a")]

    run(story())


def test_filters_apply_to_what_was_missed(world: World) -> None:
    async def story() -> None:
        async with live(world) as one:
            client = await one.client()
            since = await position(client)
            await one.do(
                lambda: world.put(record("a"), {"n": 1}), lambda: world.put(record("b"), {"n": 2})
            )
            answer = await client.subscribe(since=since, filters={"n": 2})
            assert names(answer["subscribe"]["events"]) == [("create", "b")]

    run(story())


def test_last_modified_replays_storage_with_tombstones(world: World) -> None:
    async def story() -> None:
        world.put(record("old"))
        since = world.put(record("a"))
        world.put(record("b"))
        world.put(record("a"), {"n": 2})
        world.remove(record("b"))
        async with live(world) as one:
            client = await one.client()
            for number, form in enumerate((since, str(since), f'"{since}"'), start=1):
                answer = await client.subscribe(number=number, since=form)
                body = answer["subscribe"]
                assert body["recovered"] is True
                assert names(body["events"]) == [("update", "a"), ("delete", "b")]
            await one.do(lambda: world.put(record("a"), {"n": 3}))
            assert len(await client.drain()) == 3

    run(story())


def test_last_modified_of_a_record_gives_it_if_it_changed(world: World) -> None:
    async def story() -> None:
        since = world.put(record("a"))
        async with live(world) as one:
            client = await one.client()
            same = await client.subscribe(record("a"), 1, since=since)
            assert same["subscribe"]["events"] == []
            earlier = await client.subscribe(record("a"), 2, since=since - 1)
            assert names(earlier["subscribe"]["events"]) == [("update", "a")]

    run(story())


async def reason(one: Live, **options: Any) -> str:  # noqa: ANN401  options of a subscription
    client = await one.client()
    answer = await client.subscribe(options.pop("uri", COLLECTION), **options)
    await client.socket.close()
    return str(answer.get("resync"))


def test_other_epoch_is_no_history(world: World) -> None:
    async def story() -> None:
        async with live(world) as one:
            assert await reason(one, since="other:1") == "epoch"
            epoch = one.host.fanout.epoch
            assert await reason(one, since=f"{epoch}:999999") == "epoch"

    run(story())


def test_trimmed_events_are_beyond_the_horizon(world: World) -> None:
    async def story() -> None:
        log = world.server.event_log
        assert log is not None
        for number in range(5):
            world.put(record(f"r{number}"))
        with log.database.writing() as connection:
            log.trim(connection, 4)
        async with live(world) as one:
            epoch = one.host.fanout.epoch
            assert await reason(one, since=f"{epoch}:3") == "horizon"
            assert await reason(one, since=f"{epoch}:4") == "None"

    run(story())


def test_too_much_to_recover_has_a_limit(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        async with live(world) as one:
            epoch, offset = one.host.fanout.epoch, one.host.fanout.position
            await one.do(*(lambda n=n: world.put(record(f"r{n}")) for n in range(4)))
            assert await reason(one, since=f"{epoch}:{offset}") == "limit"
            assert await reason(one, since=f"{epoch}:{offset + 1}") == "None"
            assert await reason(one, since="0") == "limit"

    with new_world(f"sqlite:///{tmp_path}/kinto.db", max_recovered_events="3") as world:
        run(story(world))


def test_what_storage_cannot_tell_needs_another_filter(world: World) -> None:
    async def story() -> None:
        async with live(world) as one:
            assert await reason(one, since="0", filters={"n": 1}) == "filter"
            assert await reason(one, since="0", filters={"actions": ["create"]}) == "filter"
            assert await reason(one, since="0", uri=BUCKET) == "filter"

    run(story())


def test_changed_permissions_make_history_uncertain(world: World) -> None:
    async def story() -> None:
        async with live(world) as one:
            client = await one.client()
            since = await position(client)
            await one.do(
                lambda: world.put(COLLECTION, {"n": 1}, grants={"read": ["alice"]}),
                lambda: world.put(record("a")),
            )
            assert await reason(one, since=since) == "permission"

    run(story())


def test_flush_invalidates_everything(world: World) -> None:
    async def story() -> None:
        async with live(world) as one:
            client = await one.client()
            await client.subscribe()
            await asyncio.to_thread(world.server.flush)
            code, _ = await client.closed()
            assert code == 4011

    run(story())
