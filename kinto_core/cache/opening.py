"""From the settings to a cache."""

from kinto_core.cache.interface import DEFAULT_PREFIX, Cache
from kinto_core.cache.memory import MemoryCache
from kinto_core.cache.sql import SqlCache
from kinto_core.cache.sql_location import apart_from_storage
from kinto_core.database.opening import Databases
from kinto_core.errors import ConfigurationError
from kinto_core.settings import Settings


def open_cache(settings: Settings, databases: Databases) -> Cache:
    """The cache that ``cache_backend`` names; it connects when it is first used.

    Args:
        settings: of the server.
        databases: opens, migrates and closes the database of a SQL cache.

    Raises:
        ConfigurationError: there is no such backend, or its URL cannot be used.

    Source: settings S-94 to S-98, S-102.
    """
    prefix = settings.cache_prefix or DEFAULT_PREFIX
    if settings.cache_backend == "memory":
        return MemoryCache(prefix=prefix, max_size_bytes=settings.cache_max_size_bytes)
    if settings.cache_backend == "redis":
        # Late, so that servers without Redis need no memory for its client.
        from kinto_core.cache.redis import RedisCache

        return RedisCache(settings.cache_url or settings.redis_url, prefix=prefix)
    if settings.cache_backend == "sql":
        return SqlCache(databases.get(_location(settings)), prefix=prefix)
    problem = f"cache_backend = {settings.cache_backend}: expected memory, sql or redis"
    raise ConfigurationError([problem])


def _location(settings: Settings) -> str:
    """The URL of a SQL cache, apart from every database that takes part in transactions."""
    url = settings.cache_url or settings.storage_url
    if url in {"", settings.storage_url, settings.permission_url}:
        return apart_from_storage(url or "sqlite://")
    return url
