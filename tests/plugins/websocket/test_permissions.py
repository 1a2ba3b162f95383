"""What follows for subscribers when somebody may read more or less than before."""

from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from kinto_websocket.access import Access
from tests.plugins.websocket.driving import BUCKET, COLLECTION, Live, World, live, record, run

GROUP = f"{BUCKET}/groups/g"
Story = Callable[[Live, World], Coroutine[Any, Any, None]]
ENDED = {"sub": 1, "unsubscribed": {"reason": "permission"}}


def play(world: World, story: Story) -> None:
    async def work() -> None:
        async with live(world) as one:
            await story(one, world)

    run(work())


def grant(world: World, uri: str, *who: str, permission: str = "read") -> Callable[[], object]:
    return lambda: world.put(uri, {"granted": len(who)}, grants={permission: who})


@pytest.mark.parametrize("holder", [BUCKET, COLLECTION])
def test_revoked_permission_ends_subscriptions_before_the_next_event(
    world: World, holder: str
) -> None:
    async def story(one: Live, world: World) -> None:
        await one.do(grant(world, holder, "alice"))
        client = await one.client("alice")
        assert "subscribe" in await client.subscribe()
        await one.do(
            lambda: world.put(record("before")),
            grant(world, holder),
            lambda: world.put(record("after")),
        )
        assert [event["uri"] for event in await client.drain()] == [record("before")]
        assert ENDED in client.others

    play(world, story)


def test_leaving_a_group_ends_subscriptions(world: World) -> None:
    async def story(one: Live, world: World) -> None:
        await one.do(
            lambda: world.put(GROUP, {"members": ["alice", "bob"]}), grant(world, COLLECTION, GROUP)
        )
        alice, bob = await one.client("alice"), await one.client("bob")
        for client in (alice, bob):
            assert "subscribe" in await client.subscribe()
        await one.do(
            lambda: world.put(GROUP, {"members": ["bob"]}), lambda: world.put(record("after"))
        )
        assert await alice.drain() == []
        assert ENDED in alice.others
        assert [event["uri"] for event in await bob.drain()] == [record("after")]

    play(world, story)


@pytest.mark.parametrize("gone", [GROUP, BUCKET])
def test_a_deleted_group_ends_subscriptions_elsewhere(world: World, gone: str) -> None:
    other = "/buckets/other"

    async def story(one: Live, world: World) -> None:
        await one.do(
            lambda: world.put(GROUP, {"members": ["alice"]}),
            lambda: world.put(other),
            grant(world, other, GROUP),
        )
        client = await one.client("alice")
        assert "subscribe" in await client.subscribe(other)
        await one.do(lambda: world.remove(gone), lambda: world.put(f"{other}/collections/c"))
        assert await client.drain() == []
        assert ENDED in client.others

    play(world, story)


def test_shared_records_arrive_and_others_stay_unknown(world: World) -> None:
    async def story(one: Live, world: World) -> None:
        await one.do(
            lambda: world.put(record("mine"), {}, grants={"read": ["alice"]}),
            lambda: world.put(record("secret")),
        )
        client = await one.client("alice")
        assert "subscribe" in await client.subscribe(old=True)
        await one.do(
            lambda: world.put(record("mine"), {"n": 1}),
            lambda: world.put(record("secret"), {"n": 1}),
            lambda: world.remove(record("secret")),
            lambda: world.remove(record("mine")),
        )
        events = await client.drain()
        assert [(event["action"], event["uri"]) for event in events] == [
            ("update", record("mine")),
            ("delete", record("mine")),
        ]

    play(world, story)


def test_a_record_that_becomes_visible_is_a_creation(world: World) -> None:
    async def story(one: Live, world: World) -> None:
        await one.do(
            lambda: world.put(record("known"), {}, grants={"read": ["alice"]}),
            lambda: world.put(record("new"), {"n": 1}),
        )
        client = await one.client("alice")
        await client.subscribe(old=True)
        await one.do(grant(world, record("new"), "alice"))
        (event,) = await client.drain()
        assert (event["action"], event["new"]["granted"]) == ("create", 1)
        assert "old" not in event

    play(world, story)


def test_a_record_that_becomes_invisible_is_a_tombstone_with_its_id_only(world: World) -> None:
    async def story(one: Live, world: World) -> None:
        await one.do(
            grant(world, record("kept"), "alice"),
            lambda: world.put(record("lost"), {"n": 1}, grants={"read": ["alice"]}),
        )
        client = await one.client("alice")
        await client.subscribe(old=True)
        await one.do(grant(world, record("lost")))
        (event,) = await client.drain()
        assert event["new"] == {"id": "lost", "deleted": True}
        assert event["action"] == "delete"
        assert not {"timestamp", "old"} & set(event)

    play(world, story)


def test_a_list_that_becomes_readable_arrives_as_creations(world: World) -> None:
    async def story(one: Live, world: World) -> None:
        await one.do(
            grant(world, record("a"), "alice"),
            lambda: world.put(record("b")),
            lambda: world.put(record("c")),
            lambda: world.remove(record("c")),
        )
        client = await one.client("alice")
        await client.subscribe()
        await one.do(grant(world, COLLECTION, "alice"))
        await one.do(lambda: world.put(record("d")))
        events = await client.drain()
        seen = [(event["action"], event["uri"]) for event in events]
        assert ("create", record("b")) in seen, seen
        assert seen[-2:] == [("update", COLLECTION), ("create", record("d"))]
        assert record("c") not in {uri for _, uri in seen}

    play(world, story)


def test_bucket_shows_the_readable_part_only(world: World) -> None:
    hidden = f"{BUCKET}/collections/hidden"

    async def story(one: Live, world: World) -> None:
        await one.do(
            grant(world, COLLECTION, "alice"),
            lambda: world.put(hidden),
            lambda: world.put(f"{hidden}/records/shared", {}, grants={"read": ["alice"]}),
        )
        client = await one.client("alice")
        assert "subscribe" in await client.subscribe(BUCKET)
        await one.do(
            lambda: world.put(record("r")),
            lambda: world.put(hidden, {"n": 1}),
            lambda: world.put(f"{hidden}/records/secret"),
            lambda: world.put(f"{hidden}/records/shared", {"n": 1}),
            lambda: world.put(GROUP, {"members": []}),
        )
        assert [event["uri"] for event in await client.drain()] == [
            record("r"),
            f"{hidden}/records/shared",
        ]
        await one.do(grant(world, COLLECTION))
        assert await client.drain() == []
        assert ENDED in client.others

    play(world, story)


def test_coming_back_asks_no_storage(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    async def story(one: Live, world: World) -> None:
        client = await one.client()
        answer = await client.subscribe()
        position = f"{answer['subscribe']['epoch']}:{answer['subscribe']['offset']}"
        await one.do(lambda: world.put(record("r")))
        await client.socket.close()
        for name in ("view", "look_at", "last_offset"):
            monkeypatch.delattr(Access, name)
        again = await one.client()
        body = (await again.subscribe(since=position))["subscribe"]
        assert [event["uri"] for event in body["events"]] == [record("r")]

    play(world, story)
