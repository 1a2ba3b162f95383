"""Both clients get everything once and in order, wherever a connection breaks.

The frames are those of ``docs/reference/live-protocol.md``.
"""

import asyncio
from typing import Any

import pytest

from tests.system.live_clients import LANGUAGES, ClientProcess, events, following
from tests.system.live_script import URI, Act, Script, event, playing, subscribed

pytestmark = pytest.mark.parametrize("language", LANGUAGES)


def run(
    language: str,
    script: Script,
    count: int,
    **options: Any,  # noqa: ANN401  of `following`
) -> tuple[list[dict[str, Any]], ClientProcess]:
    """What a client prints until it has so many items, or ends by itself when 0 are wanted."""

    async def play() -> tuple[list[dict[str, Any]], ClientProcess]:
        async with playing(script) as url:
            with following(language, url, URI, **options) as client:
                if count:
                    wait = client.wait_for
                    items = await asyncio.to_thread(wait, lambda items: len(items) >= count)
                else:
                    assert await asyncio.to_thread(client.end) != 0
                    items = client.items
            return items, client

    return asyncio.run(play())


def names(items: list[dict[str, Any]]) -> list[str]:
    return [item["uri"].rpartition("/")[2] for item in events(items)]


def test_a_connection_that_breaks_within_an_event_goes_on_where_it_was(language: str) -> None:
    acts = [
        Act([subscribed(3)], [event(4), event(5, 0), event(5, 1)], close=None),
        Act([subscribed(5, event(5, 0), event(5, 1), event(5, 2))], [event(6)], is_last=True),
    ]
    script = Script(acts)

    async def play() -> list[dict[str, Any]]:
        async with playing(script) as url:
            with following(language, url, URI) as client:
                await asyncio.to_thread(client.wait_for, lambda items: len(items) == 3)
                script.breaking.set()
                return await asyncio.to_thread(client.wait_for, lambda items: len(items) >= 5)

    items = asyncio.run(play())
    assert names(items) == ["r4", "r5-0", "r5-1", "r5-2", "r6"]
    assert [one.get("since") for one in script.asked] == [None, "e:4"]


def test_a_break_without_events_asks_for_what_is_behind_the_fence(language: str) -> None:
    acts = [
        Act([subscribed(7)], close=4001),
        Act([subscribed(7)], close=4008),
        Act([subscribed(9, event(8), event(9))], close=4012),
        Act([subscribed(9)], [event(10)], is_last=True),
    ]
    script = Script(acts)
    items, _ = run(language, script, 3)
    assert names(items) == ["r8", "r9", "r10"]
    assert [one.get("since") for one in script.asked] == [None, "e:7", "e:7", "e:9"]


def test_objects_that_one_change_of_grants_hides_are_all_told(language: str) -> None:
    gone = [
        event(4, action="delete", uri=f"{URI}/records/{id_}", new={"id": id_, "deleted": True})
        for id_ in ("a", "b")
    ]
    for one in gone:
        del one["timestamp"]
    script = Script([Act([subscribed(3)], [*gone, event(5)], is_last=True)])
    items, _ = run(language, script, 3)
    assert names(items) == ["a", "b", "r5"]


def test_what_the_server_cannot_tell_is_read_anew(language: str) -> None:
    page = f"/v1{URI}/records?page=2"
    record = {"id": "r13", "last_modified": 130}
    older = {"id": "r2", "last_modified": 20}
    acts = [
        Act([subscribed(3)], [event(4)]),
        Act(
            [{"resync": "horizon"}, subscribed(11, epoch="other")],
            [event(12), event(13), event(14)],
            is_last=True,
        ),
    ]
    script = Script(acts)

    async def play() -> list[dict[str, Any]]:
        async with playing(script) as url:
            following_page = {"Next-Page": script.url + page}
            script.lists = {
                f"/v1{URI}/records": (following_page, {"data": [record]}),
                page: ({}, {"data": [older]}),
            }
            with following(language, url, URI) as client:
                wait = client.wait_for
                return await asyncio.to_thread(wait, lambda items: len(items) >= 4)

    items = asyncio.run(play())
    assert [item["type"] for item in items] == ["event", "snapshot", "event", "event"]
    assert items[1]["reason"] == "horizon"
    assert items[1]["objects"] == {f"{URI}/records/r13": record, f"{URI}/records/r2": older}
    # r12 is gone again or hidden, which a later event tells; r13 is part of what was read
    assert names(items) == ["r4", "r12", "r14"]
    assert [one.get("since") for one in script.asked] == [None, "e:3", None]


def test_a_client_that_may_read_more_than_before_reads_anew(language: str) -> None:
    hidden = {"id": "r1", "last_modified": 10}
    first = Act([subscribed(3)], [event(4)], ends="resync", again=[subscribed(5)], is_last=True)
    script = Script([first])
    script.lists = {f"/v1{URI}/records": ({}, {"data": [hidden]})}
    items, _ = run(language, script, 2)
    assert [(item["type"], item.get("reason")) for item in items] == [
        ("event", None),
        ("snapshot", "resync"),
    ]
    assert [one.get("since") for one in script.asked] == [None, None]


def test_a_client_whose_token_expires_comes_back_with_another(language: str) -> None:
    acts = [
        Act([subscribed(3)], [event(4)], ends="token", is_last=True),
        Act([subscribed(4)], [event(5)], is_last=True),
    ]
    script = Script(acts)
    items, _ = run(language, script, 2, user="alice")
    assert names(items) == ["r4", "r5"]
    assert [one.get("since") for one in script.asked] == [None, "e:3"]
    assert len(script.tokens) == 2


@pytest.mark.parametrize("reason", ["permission", "deleted"])
def test_a_client_that_has_lost_its_target_ends(language: str, reason: str) -> None:
    script = Script([Act([subscribed(3)], ends=reason, is_last=True)])

    async def play() -> list[dict[str, Any]]:
        async with playing(script) as url:
            with following(language, url, URI) as client:
                assert await asyncio.to_thread(client.end) == 0
                return client.items

    assert asyncio.run(play()) == [{"type": "ended", "reason": reason}]


def test_a_client_can_begin_with_everything_and_with_a_filter(language: str) -> None:
    record = {"id": "r1", "last_modified": 10}
    script = Script([Act([subscribed(3)], [event(4)], is_last=True)])
    script.lists = {f"/v1{URI}/records": ({}, {"data": [record]})}
    items, _ = run(language, script, 2, snapshot=True, filters={"status": "open"})
    assert items[0]["objects"] == {f"{URI}/records/r1": record}
    assert names(items) == ["r4"]
    assert script.asked == [{"uri": URI, "filters": {"status": "open"}}]


@pytest.mark.parametrize("code", [4400, 4401, 4403, 4429])
def test_a_client_that_is_not_wanted_stays_away(language: str, code: int) -> None:
    script = Script([Act([subscribed(3)], close=code)])
    items, client = run(language, script, 0)
    assert items == []
    assert f"The server refuses: {code}" in client.messages[-1]


def test_a_refused_subscription_is_told(language: str) -> None:
    script = Script([Act([{"error": {"code": 403, "message": "not yours"}}], is_last=True)])
    _, client = run(language, script, 0)
    assert "not yours" in client.messages[-1]


def test_the_token_is_sent_in_the_first_frame(language: str) -> None:
    script = Script([Act([subscribed(3)], [event(4)], is_last=True)])
    run(language, script, 1, user="alice")
    assert script.tokens == ["Basic YWxpY2U6YWxpY2U="]
