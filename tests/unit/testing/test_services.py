"""The servers that tests run on."""

from urllib.parse import urlsplit

import psycopg
import pytest
import redis

from kinto_core.testing.pytest_plugin import redis_url_of_worker
from kinto_core.testing.services import PostgresqlServer


def test_a_database_sorts_by_code_point(postgresql_url: str) -> None:
    with psycopg.connect(postgresql_url) as connection:
        rows = connection.execute("SELECT unnest(ARRAY['a', 'B', 'é', 'z']) AS name ORDER BY name")
        assert [name for (name,) in rows] == ["B", "a", "z", "é"]


def test_each_database_is_new_and_is_dropped(postgresql_server: PostgresqlServer) -> None:
    with postgresql_server.database() as one, postgresql_server.database() as other:
        with psycopg.connect(one) as connection:
            connection.execute("CREATE TABLE things (id int)")
        with psycopg.connect(other) as connection:
            found = connection.execute("SELECT to_regclass('things')").fetchone()
        assert found == (None,)
    with psycopg.connect(postgresql_server.url) as connection:
        names = [urlsplit(url).path.removeprefix("/") for url in (one, other)]
        query = "SELECT datname FROM pg_database WHERE datname = ANY(%s)"
        assert connection.execute(query, (names,)).fetchall() == []


def test_a_redis_database_is_empty(redis_url: str) -> None:
    client = redis.Redis.from_url(redis_url)
    try:
        assert client.dbsize() == 0
        assert client.set("left", "over")
    finally:
        client.close()


@pytest.mark.parametrize(
    ("url", "worker", "expected"),
    [
        ("redis://one/3", "", "redis://one/3"),
        ("redis://one/3", "gw0", "redis://one/3"),
        ("redis://one/3", "gw2", "redis://one/5"),
        ("redis://one", "gw1", "redis://one/1"),
        (
            "rediss://me:secret@one:6380/?protocol=3&db=4",
            "gw1",
            "rediss://me:secret@one:6380/5?protocol=3",
        ),
        ("unix:///run/redis.sock", "gw1", "unix:///run/redis.sock?db=1"),
        ("unix:///run/redis.sock?db=2", "gw3", "unix:///run/redis.sock?db=5"),
    ],
)
def test_each_worker_has_a_redis_database_of_its_own(url: str, worker: str, expected: str) -> None:
    assert redis_url_of_worker(url, worker) == expected
