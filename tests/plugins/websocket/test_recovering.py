"""What was missed is made once for all who may see everything, and never for anybody else."""

from typing import Any

from kinto_core.testing.consuming import sequence_pending
from tests.plugins.websocket.driving import (
    BUCKET,
    COLLECTION,
    READERS,
    Live,
    World,
    live,
    record,
    run,
)

GROUP = f"{BUCKET}/groups/g"


async def here(one: Live, user: str = "owner") -> str:
    """The position of now."""
    answer = await (await one.client(user)).subscribe()
    return f"{answer['subscribe']['epoch']}:{answer['subscribe']['offset']}"


async def back(one: Live, user: str, since: str, **more: Any) -> dict[str, Any]:  # noqa: ANN401  JSON
    """The answer to a user who comes back."""
    answer: dict[str, Any] = await (await one.client(user)).subscribe(since=since, **more)
    return answer


def uris(answer: dict[str, Any]) -> list[str]:
    """Of the recovered events."""
    assert answer["subscribe"]["recovered"] is True
    return [event["uri"] for event in answer["subscribe"]["events"]]


def test_all_who_see_everything_get_everything_until_now(world: World) -> None:
    async def story() -> None:
        async with live(world) as one:
            since = await here(one)
            await one.do(lambda: world.put(record("a")), lambda: world.put(record("b")))
            for user in ("owner", "ann", "bob"):
                assert uris(await back(one, user, since)) == [record("a"), record("b")]
            await one.do(lambda: world.put(record("c")))
            assert len(uris(await back(one, "ann", since))) == 3
            later = since.partition(":")[0] + f":{int(since.partition(':')[2]) + 1}"
            assert uris(await back(one, "bob", later)) == [record("b"), record("c")]

    world.put(COLLECTION, grants=READERS)
    sequence_pending(world.server)
    run(story())


def test_who_wants_less_or_more_gets_that(world: World) -> None:
    async def story() -> None:
        async with live(world) as one:
            since = await here(one)
            await one.do(
                lambda: world.put(record("a"), {"n": 1}), lambda: world.put(record("a"), {"n": 2})
            )
            plain = await back(one, "owner", since)
            old = await back(one, "owner", since, old=True)
            updates = await back(one, "owner", since, filters={"actions": ["update"]})
            assert "old" not in plain["subscribe"]["events"][1]
            assert old["subscribe"]["events"][1]["old"]["n"] == 1
            assert [event["new"]["n"] for event in updates["subscribe"]["events"]] == [2]

    run(story())


def test_who_sees_single_records_gets_those_only(world: World) -> None:
    async def story() -> None:
        async with live(world) as one:
            since = await here(one)
            await one.do(
                lambda: world.put(record("a"), {"n": 1}), lambda: world.put(record("shared"))
            )
            assert uris(await back(one, "owner", since)) == [record("a"), record("shared")]
            assert uris(await back(one, "ann", since)) == [record("shared")]

    world.put(record("shared"), grants={"read": ["ann"]})
    sequence_pending(world.server)
    run(story())


def test_who_gained_the_right_meanwhile_gets_no_share(world: World) -> None:
    # Both see everything now; one of them could not when the first of the events happened.
    async def story() -> None:
        async with live(world) as one:
            since = await here(one)
            await one.do(
                lambda: world.put(record("a")),
                lambda: world.put(GROUP, {"members": ["ann", "bob"]}),
                lambda: world.put(record("b")),
            )
            assert uris(await back(one, "ann", since)) == [record("a"), record("b")]
            assert (await back(one, "bob", since))["resync"] == "permission"
            assert uris(await back(one, "owner", since)) == [record("a"), record("b")]

    world.put(GROUP, {"members": ["ann"]})
    world.put(COLLECTION, grants={"read": [GROUP]})
    sequence_pending(world.server)
    run(story())
