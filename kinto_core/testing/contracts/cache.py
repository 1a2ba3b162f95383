"""The contract of a cache: subclass it, give it the fixtures, and pytest runs it.

::

    class TestMine(CacheContract):
        @pytest.fixture
        def cache(self): ...

        @pytest.fixture
        def neighbour(self, cache): ...

What only one backend does (limits, clocks, URLs) belongs in that backend's own tests.
"""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any, TypeVar

import pytest

from kinto_core.cache.interface import Cache

T = TypeVar("T")

_PATIENCE_SECONDS = 10.0
_THREADS = 8


class CacheContract:
    """What every cache does; see ``kinto_core.cache.interface.Cache``."""

    @pytest.fixture
    def cache(self) -> Cache:
        """An empty cache. Override it."""
        message = "the subclass gives the fixture 'cache'"
        raise pytest.UsageError(message)

    @pytest.fixture
    def neighbour(self) -> Cache:
        """Another cache of the same backend, under another prefix. Override it."""
        message = "the subclass gives the fixture 'neighbour'"
        raise pytest.UsageError(message)

    def test_unknown_key_is_absent(self, cache: Cache) -> None:
        """No method finds what was never written."""
        assert cache.get("k") is None
        assert cache.delete("k") is None
        assert cache.ttl("k") is None
        assert cache.expire("k", 60) is False
        assert cache.get("k") is None

    @pytest.mark.parametrize(
        "value",
        ["", "é\n\u2028😀", 0, -1, 2**53 + 1, 1.5, True, False, [], {}, {"a": [1, {"b": None}]}],
        ids=repr,
    )
    def test_value_comes_back_as_it_was(self, cache: Cache, value: Any) -> None:  # noqa: ANN401  any JSON value
        """Every JSON value keeps its type and content."""
        cache.set("k", value, 60)
        assert cache.get("k") == value
        assert type(cache.get("k")) is type(value)

    def test_set_replaces_value_and_lifetime(self, cache: Cache) -> None:
        """The last one to write wins."""
        cache.set("k", "old", 1000)
        cache.set("k", "new", 60)
        assert cache.get("k") == "new"
        assert 0 < (cache.ttl("k") or 0) <= 60

    def test_stored_value_is_not_shared_with_callers(self, cache: Cache) -> None:
        """Changing what was given or got changes nothing inside."""
        value = {"list": [1]}
        cache.set("k", value, 60)
        value["list"].append(2)
        (cache.get("k") or {})["list"].append(3)
        assert cache.get("k") == {"list": [1]}

    @pytest.mark.parametrize("key", ["", "a b", "a*", "a:b/c", "é😀", "x" * 500])
    def test_any_text_is_a_key(self, cache: Cache, key: str) -> None:
        """Keys are not patterns and have no forbidden characters."""
        cache.set("other", 1, 60)
        cache.set(key, 2, 60)
        assert cache.delete(key) == 2
        assert cache.get(key) is None
        assert cache.get("other") == 1

    def test_add_keeps_what_is_there(self, cache: Cache) -> None:
        """Only the first one is kept."""
        assert cache.add("k", "first", 60) is True
        assert cache.add("k", "second", 60) is False
        assert cache.get("k") == "first"

    def test_delete_gives_the_value_once(self, cache: Cache) -> None:
        """A one-time state cannot be used twice."""
        cache.set("k", {"state": 1}, 60)
        assert cache.delete("k") == {"state": 1}
        assert cache.delete("k") is None

    def test_expire_changes_the_lifetime(self, cache: Cache) -> None:
        """The new lifetime counts from now, longer or shorter; the value stays."""
        cache.set("k", "v", 60)
        assert cache.expire("k", 1000) is True
        assert 60 < (cache.ttl("k") or 0) <= 1000
        assert cache.expire("k", 30) is True
        assert 0 < (cache.ttl("k") or 0) <= 30
        assert cache.get("k") == "v"

    def test_ended_entry_is_absent_for_every_method(self, cache: Cache) -> None:
        """Nothing finds an entry whose lifetime has ended (settings SW-11)."""
        keys = ("get", "delete", "expire", "ttl", "add", "increment")
        for key in keys:
            cache.set(key, "ended", 0.02)
        _wait(lambda: all(cache.ttl(key) is None for key in keys))
        assert cache.get("get") is None
        assert cache.delete("delete") is None
        assert cache.expire("expire", 60) is False
        assert cache.get("expire") is None
        assert cache.ttl("ttl") is None
        assert cache.add("add", "new", 60) is True
        assert cache.get("add") == "new"
        assert cache.increment("increment", 60) == 1

    @pytest.mark.parametrize("ttl_seconds", [0, -5, 0.0001])
    def test_tiny_lifetime_ends_at_once(self, cache: Cache, ttl_seconds: float) -> None:
        """No lifetime means for ever, and none is an error."""
        cache.set("k", "v", ttl_seconds)
        _wait(lambda: cache.get("k") is None)
        cache.set("k", "v", 60)
        cache.expire("k", ttl_seconds)
        _wait(lambda: cache.get("k") is None)

    def test_increment_counts_and_keeps_the_first_lifetime(self, cache: Cache) -> None:
        """A counter ends when its first lifetime does."""
        assert cache.increment("n", 60) == 1
        assert cache.increment("n", 1000) == 2
        assert cache.get("n") == 2
        assert 0 < (cache.ttl("n") or 0) <= 60

    def test_increment_counts_on_from_a_stored_number(self, cache: Cache) -> None:
        """An integer that was set is a count."""
        cache.set("n", -2, 60)
        assert cache.increment("n", 60) == -1

    @pytest.mark.parametrize("value", ["text", [1], {"a": 1}, 1.5, True])
    def test_increment_refuses_what_is_no_integer(self, cache: Cache, value: Any) -> None:  # noqa: ANN401  any JSON value
        """The entry stays as it is."""
        cache.set("k", value, 60)
        with pytest.raises(TypeError, match="'k'"):
            cache.increment("k", 60)
        assert cache.get("k") == value

    def test_only_one_of_many_adds(self, cache: Cache) -> None:
        """``add`` is atomic: it can serve as a lock."""
        assert sorted(_together(lambda n: cache.add("k", n, 60))) == [False] * 7 + [True]

    def test_only_one_of_many_deletes_gets_the_value(self, cache: Cache) -> None:
        """``delete`` is atomic: a one-time state is redeemed once."""
        cache.set("k", "state", 60)
        assert _together(lambda _: cache.delete("k")).count("state") == 1

    def test_no_increment_is_lost(self, cache: Cache) -> None:
        """Every one of many at once gets a count of its own."""
        counts = _together(lambda _: [cache.increment("n", 60) for _ in range(5)])
        assert sorted(n for some in counts for n in some) == list(range(1, 5 * _THREADS + 1))

    def test_flush_forgets_everything(self, cache: Cache) -> None:
        """Also when there are many entries."""
        for number in range(20):
            cache.set(f"k{number}", number, 60)
        cache.flush()
        assert [cache.get(f"k{number}") for number in range(20)] == [None] * 20
        cache.flush()

    def test_flush_leaves_other_prefixes_alone(self, cache: Cache, neighbour: Cache) -> None:
        """Who shares a backend does not lose anything (settings SW-23)."""
        cache.set("k", "mine", 60)
        neighbour.set("k", "theirs", 60)
        assert cache.get("k") == "mine"
        cache.flush()
        assert neighbour.get("k") == "theirs"

    def test_ping_changes_nothing(self, cache: Cache) -> None:
        """A health check is a cheap read (settings SW-16)."""
        cache.set("k", "v", 60)
        cache.ping()
        assert cache.get("k") == "v"


def _wait(condition: Callable[[], bool]) -> None:
    """Wait for something that only time brings about."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "did not happen"
        time.sleep(0.005)


def _together(act: Callable[[int], T]) -> list[T]:
    """What several threads get that begin at the same moment."""
    barrier = Barrier(_THREADS)

    def run(number: int) -> T:
        barrier.wait(_PATIENCE_SECONDS)
        return act(number)

    with ThreadPoolExecutor(_THREADS) as pool:
        return list(pool.map(run, range(_THREADS)))
