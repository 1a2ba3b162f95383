"""How a Redis URL is understood, and what happens when nobody answers."""

import pytest

from kinto_core.cache.redis import RedisCache, connect
from kinto_core.errors import BackendUnavailable, ConfigurationError

NOBODY = "redis://127.0.0.1:1/0"


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("redis://h", {"host": "h", "port": 6379, "db": 0}),
        ("redis://u:p@h:1/2", {"username": "u", "password": "p", "port": 1, "db": 2}),
        ("redis://:p%40w@h", {"password": "p@w"}),
        ("unix://u:p@/run/r.sock?db=3", {"path": "/run/r.sock", "db": 3, "username": "u"}),
        ("redis://h?socket_timeout=1.5", {"socket_timeout": 1.5}),
    ],
)
def test_every_part_of_the_url_counts(url: str, expected: dict[str, object]) -> None:
    """Settings SW-10."""
    connection = connect(url).connection_pool.make_connection()
    assert {name: getattr(connection, name) for name in expected} == expected


def test_rediss_is_encrypted() -> None:
    """Settings SW-10."""
    connection = connect("rediss://h").connection_pool.make_connection()
    assert type(connection).__name__ == "SSLConnection"


@pytest.mark.parametrize(
    "url",
    [
        "http://u:hunter2@h",
        "redis://u:hunter2@h:port",
        "redis://u:hunter2@h/x?bogus=1",
        "redis://u:hun/ter2@h",
        "redis://u:hunter2@h?socket_timeout=soon",
    ],
)
def test_url_that_is_not_understood_is_refused_without_its_password(url: str) -> None:
    """At start, not at first use."""
    with pytest.raises(ConfigurationError, match="expected redis://") as caught:
        connect(url)
    assert "hun" not in str(caught.value)


def test_unknown_option_is_named() -> None:
    """So that it can be found."""
    with pytest.raises(ConfigurationError, match="bogus"):
        connect("redis://h?bogus=1")


def test_server_that_is_away_is_unavailable() -> None:
    """For every method."""
    cache = RedisCache(NOBODY, prefix="p:")
    for act in (
        lambda: cache.get("k"),
        lambda: cache.set("k", 1, 1),
        lambda: cache.add("k", 1, 1),
        lambda: cache.delete("k"),
        lambda: cache.expire("k", 1),
        lambda: cache.ttl("k"),
        lambda: cache.increment("k", 1),
        cache.flush,
        cache.ping,
    ):
        with pytest.raises(BackendUnavailable, match="cache cannot be used"):
            act()
    cache.close()
