"""Which cache the settings mean."""

from collections.abc import Iterator

import pytest

from kinto_core.cache.memory import MemoryCache
from kinto_core.cache.opening import open_cache
from kinto_core.cache.redis import RedisCache
from kinto_core.cache.sql import SqlCache
from kinto_core.cache.sql_location import apart_from_storage
from kinto_core.database.engine import DatabaseOptions
from kinto_core.database.opening import Databases
from kinto_core.errors import ConfigurationError
from kinto_core.settings import Settings


@pytest.fixture
def databases() -> Iterator[Databases]:
    """Nothing is opened yet."""
    opened = Databases(DatabaseOptions())
    yield opened
    opened.close()


def test_memory_is_the_default(databases: Databases) -> None:
    """And opens no database."""
    assert isinstance(open_cache(Settings(), databases), MemoryCache)
    assert databases.all() == ()


def test_redis_takes_the_common_url(databases: Databases) -> None:
    """It connects when it is first used, not before."""
    settings = Settings(cache_backend="redis", redis_url="redis://127.0.0.1:1/0")
    assert isinstance(open_cache(settings, databases), RedisCache)


def test_sql_cache_has_a_database_of_its_own(databases: Databases) -> None:
    """It can be used while a transaction of the storage is open (settings S-102)."""
    storage = databases.get("sqlite://")
    settings = Settings(cache_backend="sql", storage_url="sqlite://", cache_url="sqlite://")
    assert isinstance(open_cache(settings, databases), SqlCache)
    assert len(databases.all()) == 2
    assert storage in databases.all()


def test_unknown_backend_is_refused(databases: Databases) -> None:
    """With what there is."""
    with pytest.raises(ConfigurationError, match="expected memory, sql or redis"):
        open_cache(Settings(cache_backend="other"), databases)


@pytest.mark.parametrize(
    ("storage", "cache"),
    [
        ("sqlite:///data/kinto.db", "sqlite:///data/kinto-cache.db"),
        ("sqlite:////abs/kinto", "sqlite:////abs/kinto-cache"),
        ("sqlite://", "sqlite:///:memory:"),
        (
            "postgresql+psycopg://u:p%40w@h:1/db",
            "postgresql+psycopg://u:p%40w@h:1/db?application_name=kinto-cache",
        ),
        (
            "postgresql+psycopg://u@h/db?sslmode=require",
            "postgresql+psycopg://u@h/db?application_name=kinto-cache&sslmode=require",
        ),
    ],
)
def test_place_beside_the_storage(storage: str, cache: str) -> None:
    """Another file for SQLite, other connections for PostgreSQL."""
    assert apart_from_storage(storage) == cache


def test_place_of_nonsense_is_refused_without_showing_it() -> None:
    """It may hold a password."""
    with pytest.raises(ConfigurationError) as caught:
        apart_from_storage("nonsense hunter2")
    assert "hunter2" not in str(caught.value)
