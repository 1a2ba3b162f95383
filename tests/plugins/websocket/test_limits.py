"""Every limit and every close code."""

import asyncio
import json
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest
from websockets.exceptions import InvalidStatus

from tests.plugins.websocket.driving import (
    COLLECTION,
    Client,
    Live,
    live,
    new_world,
    record,
    run,
    token,
)

Told = Callable[[Live], Coroutine[Any, Any, None]]


def play(folder: Path, story: Told, **values: str) -> None:
    """Run a story on a server with these settings."""

    async def work() -> None:
        async with live(world) as one:
            await story(one)

    with new_world(f"sqlite:///{folder}/kinto.db", **values) as world:
        run(work())


@pytest.mark.parametrize(
    "frame",
    [
        "no JSON",
        "[]",
        "{}",
        '{"id": 1}',
        '{"id": "1", "connect": {}}',
        '{"id": 1, "connect": {}, "ping": {}}',
        '{"id": 1, "connect": {"token": 1}}',
        '{"id": 1, "connect": {"proto": 2}}',
        '{"id": 1, "subscribe": {"uri": "/buckets/b"}}',
        '{"id": 1, "nonsense": {}}',
    ],
)
def test_bad_first_frames_close_with_4400(tmp_path: Path, frame: str) -> None:
    async def story(one: Live) -> None:
        client = await one.stranger()
        await client.socket.send(frame)
        code, reason = await client.closed()
        assert code == 4400
        assert reason

    play(tmp_path, story)


def test_bad_later_frames_close_with_4400(tmp_path: Path) -> None:
    async def story(one: Live) -> None:
        for frame in ('{"id": 1, "subscribe": {}}', '{"id": 1, "connect": {}}', "x"):
            client = await one.client()
            await client.socket.send(frame)
            assert (await client.closed())[0] == 4400

    play(tmp_path, story)


def test_bad_values_are_refused_without_closing(tmp_path: Path) -> None:
    async def story(one: Live) -> None:
        client = await one.client()
        bodies: list[dict[str, Any]] = [
            {"since": "x"},
            {"since": True},
            {"filters": []},
            {"filters": {"actions": ["eat"]}},
        ]
        for number, body in enumerate(bodies):
            answer = await client.subscribe(COLLECTION, number, **body)
            assert answer["error"]["code"] == 400, body

    play(tmp_path, story, max_subscribes_per_second="100")


def test_token_nobody_knows_closes_with_4401(tmp_path: Path) -> None:
    async def story(one: Live) -> None:
        client = await one.stranger()
        await client.socket.send('{"id": 1, "connect": {"token": "Bearer x"}}')
        assert (await client.closed())[0] == 4401

    play(tmp_path, story)


def test_token_may_come_as_a_header(tmp_path: Path) -> None:
    async def story(one: Live) -> None:
        client = await one.stranger(additional_headers={"Authorization": token("owner")})
        await client.connect(None)
        assert "subscribe" in await client.subscribe()

    play(tmp_path, story)


def test_anonymous_clients_see_what_everyone_may_read(tmp_path: Path) -> None:
    async def story(one: Live) -> None:
        client = await one.client(None)
        assert (await client.subscribe())["error"]["code"] == 401
        await one.do(lambda: one.world.put(COLLECTION, {}, grants={"read": ["system.Everyone"]}))
        assert "subscribe" in await client.subscribe(number=2)

    play(tmp_path, story)


def test_others_are_refused_with_403(tmp_path: Path) -> None:
    async def story(one: Live) -> None:
        client = await one.client("mallory")
        assert (await client.subscribe())["error"]["code"] == 403

    play(tmp_path, story)


def test_silence_at_the_start_closes_with_4408(tmp_path: Path) -> None:
    async def story(one: Live) -> None:
        client = await one.stranger()
        assert (await client.closed())[0] == 4408

    play(tmp_path, story, connect_timeout_seconds="0.05")


def test_large_frames_close_with_4413(tmp_path: Path) -> None:
    async def story(one: Live) -> None:
        client = await one.client()
        await client.socket.send(json.dumps({"id": 1, "ping": {"x": "x" * 2000}}))
        assert (await client.closed())[0] == 4413

    play(tmp_path, story, max_frame_bytes="1000")


def test_too_many_connections_of_a_user_close_with_4429(tmp_path: Path) -> None:
    async def story(one: Live) -> None:
        clients = [await one.client() for _ in range(2)]
        more = await one.stranger()
        await more.socket.send(json.dumps({"id": 1, "connect": {"token": token("owner")}}))
        assert (await more.closed())[0] == 4429
        await one.client("somebody else")
        await clients[0].socket.close()
        await clients[0].closed()
        while True:  # the server notices the end of a connection a moment later
            again = await one.stranger()
            await again.socket.send(json.dumps({"id": 1, "connect": {"token": token("owner")}}))
            if (await first_frame(again)) is not None:
                break

    async def first_frame(client: Client) -> dict[str, Any] | None:
        reading = asyncio.ensure_future(client.read())
        await asyncio.wait([reading])
        return None if reading.exception() else reading.result()

    play(tmp_path, story, max_connections_per_user="2")


def test_subscriptions_have_a_limit(tmp_path: Path) -> None:
    async def story(one: Live) -> None:
        client = await one.client()
        answers = [await client.subscribe(number=number) for number in range(3)]
        assert ["error" in answer for answer in answers] == [False, False, True]
        assert answers[2]["error"]["code"] == 429

    play(tmp_path, story, max_subscriptions="2")


def test_subscribe_requests_have_a_pace(tmp_path: Path) -> None:
    async def story(one: Live) -> None:
        client = await one.client()
        answers = [await client.subscribe(number=number) for number in range(4)]
        assert [answer.get("error", {}).get("code") for answer in answers][:2] == [None, None]
        assert answers[3]["error"]["code"] == 429

    play(tmp_path, story, max_subscribes_per_second="2")


def test_same_number_twice_is_a_conflict(tmp_path: Path) -> None:
    async def story(one: Live) -> None:
        client = await one.client()
        await client.subscribe(number=3)
        assert (await client.subscribe(number=3))["error"]["code"] == 409

    play(tmp_path, story)


def test_other_origins_are_turned_away(tmp_path: Path) -> None:
    async def story(one: Live) -> None:
        with pytest.raises(InvalidStatus):
            await one.stranger(origin="https://evil.example.com")
        await one.stranger(origin="https://app.example.com")

    play(tmp_path, story, origins="https://app.example.com")


def test_no_pong_closes_with_4012(tmp_path: Path) -> None:
    async def story(one: Live) -> None:
        client = await one.client()
        client.socket.transport.pause_reading()  # pings do not arrive, so nobody answers
        (known,) = one.host.clients
        while not known.is_closing:  # noqa: ASYNC110  nobody is told
            await asyncio.sleep(0)
        client.socket.transport.resume_reading()
        assert (await client.closed())[0] == 4012

    play(tmp_path, story, ping_seconds="0.05", pong_seconds="0.05")


def test_stopping_closes_with_4001(tmp_path: Path) -> None:
    async def work() -> None:
        async with live(world) as one:
            client = await one.client()
            await client.subscribe()
            stranger = await one.stranger()
            watching = [asyncio.create_task(who.closed()) for who in (client, stranger)]
            one.keeps_clients = True
        for code, reason in await asyncio.gather(*watching):
            assert code == 4001
            assert str(reason).startswith("come back in ")
        await one.close()

    with new_world(f"sqlite:///{tmp_path}/kinto.db") as world:
        run(work())


def test_a_token_that_is_no_longer_valid_closes_with_4010(tmp_path: Path) -> None:
    async def story(one: Live) -> None:
        client = await one.client()
        await client.subscribe()
        one.world.server.policies = ()
        code, _ = await client.closed()
        assert code == 4010
        assert {"sub": 1, "unsubscribed": {"reason": "token"}} in client.others
        assert {"expired": {"grace": 0.05}} in client.others

    play(tmp_path, story, recheck_seconds="0.05", grace_seconds="0.05")


def test_changed_accounts_are_noticed_at_once(tmp_path: Path) -> None:
    async def story(one: Live) -> None:
        client = await one.client()
        await client.subscribe()
        one.world.server.policies = ()
        one.host.fanout.on_accounts()
        while {"sub": 1, "unsubscribed": {"reason": "token"}} not in client.others:
            await client.read()
        answer = await client.subscribe(number=2)
        assert answer["error"]["code"] == 401

    play(tmp_path, story)


def test_refresh_takes_tokens_of_the_same_user_only(tmp_path: Path) -> None:
    async def story(one: Live) -> None:
        client = await one.client()
        assert "refresh" in await client.ask(1, "refresh", {"token": token("owner")})
        other = await client.ask(2, "refresh", {"token": token("mallory")})
        assert other["error"]["code"] == 403
        unknown = await client.ask(3, "refresh", {"token": "Bearer x"})
        assert unknown["error"]["code"] == 401

    play(tmp_path, story)


def test_failures_of_the_stream_close_everybody_with_4011(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def story(one: Live) -> None:
        client = await one.client()
        await client.subscribe()
        with monkeypatch.context() as broken:
            broken.setattr(one.host.fanout, "_send", None)
            await one.do(lambda: one.world.put(record("r")))
        assert (await client.closed())[0] == 4011
        assert "Events cannot be sent" in caplog.text
        again = await one.client()
        await again.subscribe()
        await one.do(lambda: one.world.put(record("r2")))
        assert [event["uri"] for event in await again.drain()] == [record("r2")]

    play(tmp_path, story)


def test_failures_of_one_connection_close_it_with_4003(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def story(one: Live) -> None:
        client, other = await one.client(), await one.client()
        monkeypatch.setattr(one.host.joining, "join", None)
        await client.socket.send(json.dumps({"id": 1, "subscribe": {"uri": COLLECTION}}))
        assert (await client.closed())[0] == 4003
        assert await other.drain() == []
        assert "A connection failed" in caplog.text

    play(tmp_path, story)


def test_slow_client_is_closed_with_4008_and_nobody_waits(tmp_path: Path) -> None:
    async def story(one: Live) -> None:
        slow, quick = await one.client(), await one.client()
        await slow.subscribe()
        await quick.subscribe()
        slow.socket.transport.pause_reading()
        reading = asyncio.create_task(read_until(quick, "last"))
        for number in range(200):
            await one.do(lambda n=number: one.world.put(record(f"r{n}"), {"x": "x" * 200_000}))
            if any(client.is_closing for client in one.host.clients):
                break
        await one.do(lambda: one.world.put(record("last")))
        await reading
        assert sum(client.is_closing for client in one.host.clients) <= 1
        slow.socket.transport.resume_reading()
        code, reason = await slow.closed()
        assert code == 4008
        epoch, offset = str(reason).removeprefix("last position ").split(":")
        assert epoch == one.host.fanout.epoch
        assert int(offset) == slow.events[-1][1]["offset"]

    async def read_until(client: Client, name: str) -> None:
        while (await client.read())["event"]["new"]["id"] != name:
            pass

    play(tmp_path, story, max_queued_bytes="500000")
