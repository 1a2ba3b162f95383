"""Pushing to a real server."""

import json
from collections.abc import Callable
from typing import Any, cast

import pytest

from kinto_core.errors import BackendUnavailable, ConfigurationError
from kinto_core.events.selector import Selector
from kinto_redis_listener import message
from kinto_redis_listener.publisher import Publisher, check, consumer
from kinto_redis_listener.settings import Mode, Target
from tests.plugins.redis_listener.logged import (
    RECORDS,
    connected,
    event_of,
    list_uris,
    logged_records,
    stream_entries,
    stream_uris,
)

NOWHERE = "redis://user:hush@127.0.0.1:1/0"


def target(url: str, **values: Any) -> Target:  # noqa: ANN401  those of Target
    """A list, unless values say otherwise."""
    return Target(
        **{"name": "a", "url": url, "mode": Mode.LIST, "key": "kinto.core.events", **values}
    )


def stream(url: str, **values: Any) -> Target:  # noqa: ANN401  those of Target
    """A stream."""
    return target(url, **{"mode": Mode.STREAM, "key": "kinto:events", **values})


def uris(count: int) -> list[str]:
    return [f"{RECORDS}/{number}" for number in range(1, count + 1)]


def test_the_oldest_message_of_a_list_is_taken_first(redis_url: str) -> None:  # notifications N-6
    publisher = Publisher(target(redis_url))
    publisher.deliver(logged_records(3))
    publisher.deliver(logged_records(2, first=4))
    publisher.close()
    assert list_uris(redis_url) == uris(5)
    with connected(redis_url) as client:
        assert json.loads(cast("bytes", client.rpop("kinto.core.events")))["record_id"] == "1"
        assert client.ttl("kinto.core.events") == -1


def test_the_entries_of_a_stream_are_in_order(redis_url: str) -> None:
    publisher = Publisher(stream(redis_url))
    publisher.deliver(logged_records(5))
    publisher.close()
    assert stream_uris(redis_url) == uris(5)
    entries = stream_entries(redis_url)
    assert [entry["offset"] for entry in entries] == ["1", "2", "3", "4", "5"]
    assert all(event_of(entry)["id"] == entry["id"] for entry in entries)


def test_a_stream_is_kept_short(redis_url: str) -> None:
    publisher = Publisher(stream(redis_url, maxlen=100))
    publisher.deliver(logged_records(1000))
    publisher.close()
    kept = stream_uris(redis_url)
    assert 100 <= len(kept) < 400
    assert kept == uris(1000)[-len(kept) :]


def test_large_batches_arrive_in_order(redis_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(message, "MAX_BYTES", 2000)
    for one in (target(redis_url), stream(redis_url)):
        publisher = Publisher(one)
        publisher.deliver(logged_records(50))
        publisher.close()
    assert list_uris(redis_url) == stream_uris(redis_url) == uris(50)


@pytest.mark.parametrize("make", [target, stream])
def test_a_key_of_another_kind_is_an_error_and_stays(
    redis_url: str, make: Callable[..., Target]
) -> None:
    with connected(redis_url) as client:
        client.set("taken", "x")
        publisher = Publisher(make(redis_url, key="taken"))
        with pytest.raises(BackendUnavailable, match="cannot push to 'taken'"):
            publisher.deliver(logged_records(2))
        publisher.close()
        assert client.get("taken") == b"x"


def test_a_server_that_is_away_is_an_error_without_the_password() -> None:
    with pytest.raises(BackendUnavailable) as caught:
        Publisher(target(NOWHERE)).deliver(logged_records(1))
    assert "hush" not in f"{caught.value!r} {caught.value.__cause__!r}"


def test_a_url_that_cannot_be_used_is_refused_without_the_password() -> None:
    with pytest.raises(ConfigurationError) as caught:
        Publisher(target("redis://:hush@host:port/0"))
    assert "hush" not in str(caught.value)


def test_a_consumer_gets_what_its_target_wants(redis_url: str) -> None:
    selector = Selector(resources=frozenset({"record"}))
    found = consumer(target(redis_url, selector=selector), "redis_listener.a")
    assert (found.name, found.selector) == ("redis_listener.a", selector)
    found.deliver(logged_records(1))
    assert list_uris(redis_url) == uris(1)


def test_the_check_asks_every_server(redis_url: str) -> None:
    assert check([target(redis_url), stream(redis_url)])() is True
    assert check([])() is None
    with pytest.raises(BackendUnavailable):
        check([target(redis_url), target(NOWHERE)])()
