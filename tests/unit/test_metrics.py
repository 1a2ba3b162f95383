"""Measurements in memory."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from kinto_core.metrics import (
    MAX_SERIES,
    NO_METRICS,
    OVERFLOW,
    Registry,
    combined,
    methods_of,
    taker_of,
    timed,
)


def test_counters_add_up_by_name_and_labels() -> None:
    """The order of labels does not matter."""
    registry = Registry()
    registry.count("hits")
    registry.count("hits", 2)
    registry.count("requests", labels={"a": "1", "b": "2"})
    registry.count("requests", labels={"b": "2", "a": "1"})
    assert registry.measured().counters == {
        "hits": {(): 3},
        "requests": {(("a", "1"), ("b", "2")): 2},
    }


def test_measurements_fall_into_buckets_up_to_their_bound() -> None:
    """A bucket holds what is at most its bound (settings S-212)."""
    registry = Registry((0.1, 1.0))
    for value in (0.05, 0.1, 0.5, 7):
        registry.observe("seconds", value)
    histogram = registry.measured().histograms["seconds"][()]
    assert histogram.counts == (2, 1, 1)
    assert histogram.total == pytest.approx(7.65)


def test_timer_observes_a_block_that_raises() -> None:
    """Failures take time, too."""
    registry = Registry()
    with pytest.raises(KeyError), registry.timer("seconds", {"method": "get"}):
        raise KeyError
    assert sum(registry.measured().histograms["seconds"][(("method", "get"),)].counts) == 1


def test_number_of_series_is_bounded() -> None:
    """Nobody can fill the memory with new labels (settings SW-20)."""
    registry = Registry()
    for number in range(MAX_SERIES + 5):
        registry.count("hits", labels={"id": str(number)})
        registry.observe("seconds", 1, {"id": str(number)})
    assert registry.measured().counters["hits"][OVERFLOW] == 5
    assert sum(registry.measured().histograms["seconds"][OVERFLOW].counts) == 5


def test_disabled_names_are_not_kept() -> None:
    """Settings S-210."""
    registry = Registry(disabled=frozenset({"hits"}))
    registry.count("hits")
    registry.observe("hits", 1)
    assert not registry.measured().counters
    assert not registry.measured().histograms


def test_no_count_of_many_threads_is_lost() -> None:
    """Measurements are taken by many threads at once."""
    registry = Registry()

    def count() -> None:
        for _ in range(500):
            registry.count("hits")

    with ThreadPoolExecutor(4) as pool:
        for _ in range(4):
            pool.submit(count)
    assert registry.measured().counters["hits"][()] == 2000


def test_without_an_exporter_nothing_happens() -> None:
    """Settings S-216."""
    NO_METRICS.count("hits")
    NO_METRICS.observe("seconds", 1)
    with NO_METRICS.timer("seconds"):
        pass


class Till:
    """Something to be timed."""

    currency = "EUR"

    def pay(self, amount: int, *, tip: int = 0) -> int:
        if amount < 0:
            raise ValueError(amount)
        return amount + tip


def test_calls_of_a_timed_object_are_observed() -> None:
    registry = Registry()
    till = timed(Till(), registry, "till_seconds", ("pay",))
    assert (till.pay(3, tip=1), till.currency) == (4, "EUR")
    with pytest.raises(ValueError, match="-1"):
        till.pay(-1)
    (series,) = registry.measured().histograms["till_seconds"].items()
    assert series[0] == (("method", "pay"),)  # settings S-225
    assert sum(series[1].counts) == 2


def test_nothing_is_wrapped_while_nobody_looks() -> None:
    till = Till()
    assert timed(till, NO_METRICS, "till_seconds", ("pay",)) is till


def test_the_methods_of_a_promise_are_the_public_ones() -> None:
    assert methods_of(Till) == ("pay",)


def test_who_wants_to_know_hears_of_each_measurement() -> None:
    registry = Registry()
    heard: list[int] = []
    registry.on_change = lambda: heard.append(1)
    registry.count("hits")
    registry.observe("seconds", 1)
    assert heard == [1, 1]


def test_each_of_several_takers_gets_every_measurement() -> None:
    one, other = Registry(), Registry(disabled=frozenset({"hits"}))
    both = combined([one, NO_METRICS, other])
    both.count("hits", 2)
    with both.timer("block_seconds"):
        pass
    assert one.measured().counters == {"hits": {(): 2}}
    assert other.measured().counters == {}
    assert list(one.measured().histograms) == list(other.measured().histograms) == ["block_seconds"]
    assert taker_of(both, Registry) is one
    assert taker_of(one, Registry) is one
    assert taker_of(NO_METRICS, Registry) is None


def test_who_takes_alone_gets_the_measurements_directly() -> None:
    one = Registry()
    assert combined([one]) is one
    assert combined([NO_METRICS]) is combined([]) is NO_METRICS
