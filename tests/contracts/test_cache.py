"""Every cache keeps the contract."""

from collections.abc import Iterator
from contextlib import closing

import pytest

from kinto_core.cache.interface import Cache
from kinto_core.cache.memory import MemoryCache
from kinto_core.cache.redis import RedisCache
from kinto_core.cache.sql import SqlCache
from kinto_core.database.engine import Database
from kinto_core.testing.contracts.cache import CacheContract


class TestMemory(CacheContract):
    """In the memory of one process."""

    @pytest.fixture
    def cache(self) -> Cache:
        """An empty cache."""
        return MemoryCache()

    @pytest.fixture
    def neighbour(self) -> Cache:
        """Another one."""
        return MemoryCache(prefix="theirs:")


class TestRedis(CacheContract):
    """On a Redis server."""

    @pytest.fixture
    def cache(self, redis_url: str) -> Iterator[Cache]:
        """Under a prefix full of characters that mean something in patterns."""
        with closing(RedisCache(redis_url, prefix="a[b]*?\\")) as cache:
            cache.flush()
            yield cache

    @pytest.fixture
    def neighbour(self, redis_url: str) -> Iterator[Cache]:
        """Under a prefix that the other would match if it were a pattern."""
        with closing(RedisCache(redis_url, prefix="abcd\\")) as cache:
            yield cache


class TestSql(CacheContract):
    """In a table, on each kind of database."""

    @pytest.fixture
    def cache(self, database: Database) -> Cache:
        """Under a prefix full of characters that mean something in patterns."""
        return SqlCache(database, prefix="a_%:")

    @pytest.fixture
    def neighbour(self, database: Database) -> Cache:
        """Under a prefix that the other would match if it were a pattern."""
        return SqlCache(database, prefix="abc:")
