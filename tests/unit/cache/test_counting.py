"""Hits, misses and times of a cache."""

from contextlib import closing

from kinto_core.cache.counting import measured_cache
from kinto_core.cache.opening import open_cache
from kinto_core.database.engine import DatabaseOptions
from kinto_core.database.opening import Databases
from kinto_core.metrics import NO_METRICS, Registry
from kinto_core.settings import Settings


def test_hits_and_misses_are_counted() -> None:
    registry = Registry()
    with closing(Databases(DatabaseOptions())) as databases:
        cache = measured_cache(open_cache(Settings(), databases), registry)
        cache.get("k")
        cache.set("k", 0, 60)
        assert cache.get("k") == 0
        cache.get("k")
    found = registry.measured()
    assert found.counters == {"cache_hits": {(): 2}, "cache_misses": {(): 1}}  # settings S-229
    methods = {labels[0][1] for labels in found.histograms["backend_cache_seconds"]}
    assert methods == {"get", "set"}  # settings S-225


def test_an_unmeasured_cache_is_left_alone() -> None:
    with closing(Databases(DatabaseOptions())) as databases:
        cache = open_cache(Settings(), databases)
        assert measured_cache(cache, NO_METRICS) is cache
