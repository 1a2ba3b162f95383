"""Counts how often a cache has what it is asked for; the caches themselves know no metrics."""

from typing import Any

from kinto_core.cache.interface import Cache
from kinto_core.metrics import NO_METRICS, Metrics, methods_of, substituted, timed


def measured_cache(cache: Cache, metrics: Metrics) -> Cache:
    """A cache whose calls are timed and whose hits and misses are counted.

    Args:
        cache: returned as it is when nobody exports measurements.
        metrics: gets ``backend_cache_seconds``, ``cache_hits`` and ``cache_misses``.

    Source: settings S-225, S-229.
    """
    if metrics is NO_METRICS:
        return cache
    inner = timed(cache, metrics, "backend_cache_seconds", methods_of(Cache))

    def get(key: str) -> Any | None:  # noqa: ANN401  any JSON value
        value = inner.get(key)
        metrics.count("cache_misses" if value is None else "cache_hits")
        return value

    return substituted(inner, {"get": get})
