"""What only the SQL cache does."""

from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import bindparam

from kinto_core.cache.interface import Cache
from kinto_core.cache.opening import open_cache
from kinto_core.cache.sql import SqlCache
from kinto_core.database.connection import Statement
from kinto_core.database.engine import Database, DatabaseOptions
from kinto_core.database.migrating import migrate
from kinto_core.database.opening import Databases
from kinto_core.database.tables import cache as table
from kinto_core.settings import Settings

KEYS = Statement(lambda _: table.select().with_only_columns(table.c.key).order_by(table.c.key))
ADD = Statement(
    lambda _: table.insert().values(
        key=bindparam("key"), value=bindparam("value"), expires_at=bindparam("expires_at")
    )
)


@dataclass
class Clock:
    """Seconds that pass when told to."""

    now: float = 1_000_000.0

    def __call__(self) -> float:
        """The current time."""
        return self.now


def test_ended_rows_are_deleted_by_later_writes(database: Database) -> None:
    """At most once a minute; nobody needs to clean the table."""
    clock = Clock()
    cache = SqlCache(database, prefix="p:", clock=clock)
    cache.set("ended", 1, 10)
    cache.set("live", 1, 1000)
    clock.now += 30
    cache.set("soon", 1, 1)
    assert _keys(database) == ["p:ended", "p:live", "p:soon"]
    clock.now += 31
    assert cache.increment("count", 10) == 1
    assert _keys(database) == ["p:count", "p:live"]


def test_two_caches_share_their_entries(database: Database) -> None:
    """Processes see what others wrote, each with its own clock."""
    clock = Clock()
    one, other = (SqlCache(database, prefix="p:", clock=clock) for _ in range(2))
    one.set("k", {"a": 1}, 10)
    assert other.get("k") == {"a": 1}
    assert other.delete("k") == {"a": 1}
    assert one.get("k") is None


def _keys(database: Database) -> list[str]:
    with database.reading() as connection:
        return [row[0] for row in connection.run(KEYS, {})]


def test_cache_can_be_used_inside_a_transaction_of_the_storage(
    database: Database, tmp_path: Path
) -> None:
    """It neither waits for it nor takes part in it (settings S-99, S-102)."""
    kind = "postgresql" if database.dialect == "postgresql" else "sqlite"
    url = _url(database) if kind == "postgresql" else f"sqlite:///{tmp_path / 'kinto.db'}"
    settings = Settings(cache_backend="sql", storage_backend="sql", storage_url=url, cache_url=url)
    with closing(Databases(DatabaseOptions(busy_timeout_seconds=0.5))) as databases:
        storage = databases.get(url)
        cache = open_cache(settings, databases)
        for one in databases.all():
            migrate(one)
        with pytest.raises(_Undone):
            _write_and_undo(storage, cache)
        assert cache.get("k") == "v"
        assert "mine" not in _keys(storage)


class _Undone(Exception):
    """Undoes a transaction."""


def _write_and_undo(storage: Database, cache: Cache) -> None:
    with storage.writing() as connection:
        connection.run(ADD, {"key": "mine", "value": "1", "expires_at": 1.0})
        cache.set("k", "v", 60)
        assert cache.get("k") == "v"
        raise _Undone


def _url(database: Database) -> str:
    return database.engine().url.render_as_string(hide_password=False)
