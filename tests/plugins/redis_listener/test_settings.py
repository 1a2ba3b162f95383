"""What an operator can set, and what is refused."""

from collections.abc import Mapping

import pytest

from kinto_core.errors import ConfigurationError
from kinto_core.events.event import Action
from kinto_core.settings import Settings, load
from kinto_redis_listener.settings import Mode, RedisListenerSettings, targets_of


def settings(values: Mapping[str, str] | None = None) -> Settings:
    """Settings with the table of the plugin; values have the names of parameters."""
    texts = {
        name if name == "redis_url" else f"redis_listener.{name}": text
        for name, text in (values or {}).items()
    }
    return load(texts, allow_weak=True)[0].with_plugins([RedisListenerSettings])


def problems(values: Mapping[str, str]) -> str:
    """What is said about settings that cannot work."""
    with pytest.raises(ConfigurationError) as caught:
        targets_of(settings(values))
    return str(caught.value)


def test_without_settings_every_change_goes_to_one_stream_of_the_embedded_server() -> None:
    (target,) = targets_of(settings())
    assert (target.name, target.mode, target.key) == ("redis", Mode.STREAM, "kinto:events")
    assert target.maxlen == 100_000
    assert target.is_embedded
    assert target.url.startswith("unix://")


def test_a_listener_has_the_url_that_is_nearest() -> None:
    common = {"redis_url": "redis://common/0", "listeners": "a b", "b.url": "redis://own/1"}
    assert [one.url for one in targets_of(settings(common))] == [
        "redis://common/0",
        "redis://own/1",
    ]
    assert not any(one.is_embedded for one in targets_of(settings(common)))


def test_listeners_have_their_own_parameters() -> None:
    first, second = targets_of(
        settings(
            {
                "listeners": "jobs audit",
                "jobs.mode": "list",
                "jobs.actions": "create delete",
                "jobs.resources": "record",
                "jobs.buckets": "blog shop-*",
                "jobs.collections": "articles",
                "jobs.pool_timeout": "2.5",
                "audit.stream": "audit",
                "audit.maxlen": "0",
            }
        )
    )
    assert (first.mode, first.key, first.pool_timeout_seconds) == (
        Mode.LIST,
        "kinto.core.events",
        2.5,
    )
    assert first.selector.actions == {Action.CREATE, Action.DELETE}
    assert first.selector.resources == {"record"}
    assert first.selector.buckets == ("blog", "shop-*")
    assert first.selector.collections == ("articles",)
    assert (second.mode, second.key, second.maxlen) == (Mode.STREAM, "audit", 0)


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ({"redis.mode": "queue"}, "redis_listener.redis.mode = queue: expected list or stream"),
        ({"redis.listnam": "x"}, "did you mean listname?"),
        ({"redis.listname": "x"}, "is for redis_listener.redis.mode = list"),
        ({"redis.mode": "list", "redis.maxlen": "1"}, "is for redis_listener.redis.mode = stream"),
        ({"redis.maxlen": "many"}, "maxlen = many: expected a number, at least 0"),
        ({"redis.pool_timeout": "-1"}, "pool_timeout = -1"),
        ({"redis.actions": "insert"}, "'insert' is none of"),
        ({"redis.actions": "read"}, "reads are not recorded"),
        ({"audit.stream": "x"}, "'audit' is not in redis_listener.listeners"),
        ({"listeners": "a:b"}, "'a:b' is no name"),
    ],
)
def test_what_cannot_work_is_refused(values: Mapping[str, str], text: str) -> None:
    assert text in problems(values)


def test_all_faults_are_told_at_once() -> None:
    found = problems({"listeners": "a b", "a.mode": "x", "b.mode": "y", "c.mode": "list"})
    assert [name in found for name in ("a.mode", "b.mode", "c.mode")] == [True, True, True]


def test_a_target_does_not_show_its_url() -> None:
    (target,) = targets_of(settings({"redis.url": "redis://:hush@host/0"}))
    assert "hush" not in repr(target)
