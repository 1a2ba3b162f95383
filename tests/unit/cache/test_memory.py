"""The limits and the clock of the cache in memory; the rest is in the contract."""

from dataclasses import dataclass

from kinto_core.cache.memory import MemoryCache


@dataclass
class Clock:
    """Seconds that pass when told to."""

    now: float = 100.0

    def __call__(self) -> float:
        """The current time."""
        return self.now


def test_entry_ends_at_its_lifetime() -> None:
    """Not before, and not after."""
    clock = Clock()
    cache = MemoryCache(clock=clock)
    cache.set("k", "v", 10)
    clock.now += 9.5
    assert (cache.get("k"), cache.ttl("k")) == ("v", 0.5)
    clock.now += 0.5
    assert (cache.get("k"), cache.ttl("k")) == (None, None)


def test_oldest_entries_go_when_the_limit_is_reached() -> None:
    """Settings S-98: each entry here counts 3 * 2 + 3 + 48 = 57 bytes."""
    cache = MemoryCache(max_size_bytes=570)
    for number in range(10, 20):
        cache.set(str(number), "x", 60)
    assert cache.get("10") == "x"
    cache.set("20", "x", 60)
    kept = [number for number in range(10, 21) if cache.get(str(number)) is not None]
    assert kept == list(range(13, 21))


def test_prefix_counts_towards_the_size() -> None:
    """Settings S-98."""
    cache = MemoryCache(max_size_bytes=400, prefix="p" * 100)
    for key in "abc":
        cache.set(key, 1, 60)
    assert [cache.get(key) for key in "abc"] == [None, None, 1]


def test_ended_entries_go_before_live_ones() -> None:
    """What nobody can get any more takes no room from others."""
    clock = Clock()
    cache = MemoryCache(max_size_bytes=570, clock=clock)
    cache.set("10", "x", 60)
    for number in range(11, 20):
        cache.set(str(number), "x", 1)
    clock.now += 2
    cache.set("20", "x", 60)
    assert (cache.get("10"), cache.get("20")) == ("x", "x")


def test_size_follows_replacement_deletion_and_counting() -> None:
    """Otherwise the limit would be reached by nothing."""
    cache = MemoryCache(max_size_bytes=300)
    cache.set("kept", 1, 60)
    for number in range(100):
        cache.set("k", "x" * (number % 20), 60)
        cache.set("deleted", number, 60)
        cache.delete("deleted")
        cache.increment("n", 60)
    assert cache.get("kept") == 1
    assert cache.get("n") == 100


def test_ended_entries_are_dropped_without_a_limit_too() -> None:
    """A cache without a limit does not grow for ever."""
    clock = Clock()
    cache = MemoryCache(max_size_bytes=None, clock=clock)
    for number in range(10_000):
        clock.now += 1
        cache.set(str(number), number, 10)
    assert cache.size_bytes < 3000 * 100


def test_flush_gives_the_room_back() -> None:
    """An empty cache has no size."""
    cache = MemoryCache()
    cache.set("k", "v", 60)
    assert cache.size_bytes > 0
    cache.flush()
    assert cache.size_bytes == 0
