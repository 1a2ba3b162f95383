"""Who travels with whom, who goes alone, and who hands over to whom."""

import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from kinto_core.database import shared_reads
from kinto_core.database.connection import Command, Rows
from kinto_core.database.shared_reads import SharedReads
from kinto_core.errors import ConnectionLost, ConstraintViolated

PATIENCE_SECONDS = 20


class Carrier:
    """Answers each command with its own SQL, once it is let go; knows who travelled together."""

    def __init__(self) -> None:
        self.trips: list[list[str]] = []
        self.began = threading.Semaphore(0)
        self.go = threading.Semaphore(0)
        self.error: Exception | None = None
        self.is_closed = self.is_thrown_away = False

    def run_apart(self, commands: list[Command]) -> list[Rows | Exception]:
        """See ``Carrier.run_apart``."""
        self.trips.append([sql for sql, _ in commands])
        self.began.release()
        assert self.go.acquire(timeout=PATIENCE_SECONDS)
        if self.error is not None:
            raise self.error
        return [
            ConstraintViolated(sql) if sql.startswith("bad") else [(sql,)] for sql, _ in commands
        ]

    def close(self) -> None:
        """Remember it."""
        self.is_closed = True

    def invalidate(self) -> None:
        """Remember it."""
        self.is_thrown_away = True


class Station:
    """A carrier, what shares it, and the threads that want to travel."""

    def __init__(self, pool: ThreadPoolExecutor) -> None:
        self.pool = pool
        self.carriers = [Carrier()]
        self.shared = SharedReads(lambda: self.carriers[-1])

    def ask(self, sql: str) -> "Future[Rows | None]":
        """Ask in a thread of its own."""
        return self.pool.submit(self.shared.run, (sql, []))

    def ask_on_the_way(self, *statements: str) -> "list[Future[Rows | None]]":
        """Ask while a trip is under way, and wait until all are on the platform."""
        asked = []
        for number, sql in enumerate(statements, 1):
            asked.append(self.ask(sql))
            while len(self.shared._waiting) < number:
                threading.Event().wait(0.001)
        return asked


@pytest.fixture
def station() -> Iterator[Station]:
    """An empty station."""
    with ThreadPoolExecutor(12) as pool:
        yield Station(pool)


def test_those_who_came_meanwhile_travel_together(station: Station) -> None:
    carrier = station.carriers[0]
    first = station.ask("a")
    assert carrier.began.acquire(timeout=PATIENCE_SECONDS)
    others = station.ask_on_the_way("b", "c", "d")
    carrier.go.release()
    assert first.result(PATIENCE_SECONDS) == [("a",)]
    carrier.go.release()
    answers = [one.result(PATIENCE_SECONDS) for one in others]
    assert answers == [[("b",)], [("c",)], [("d",)]]
    assert carrier.trips == [["a"], ["b", "c", "d"]]
    carrier.go.release()
    assert station.ask("e").result(PATIENCE_SECONDS) == [("e",)]


def test_a_trip_waits_for_as_many_as_came_lately(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    carrier = station.carriers[0]
    first = station.ask("a")
    assert carrier.began.acquire(timeout=PATIENCE_SECONDS)
    second = station.ask_on_the_way("b", "c")
    carrier.go.release(2)
    assert [one.result(PATIENCE_SECONDS) for one in (first, *second)]
    monkeypatch.setattr(shared_reads, "BOARDING_SECONDS", PATIENCE_SECONDS)
    third = [station.ask(sql) for sql in "de"]
    carrier.go.release()
    assert [one.result(PATIENCE_SECONDS) for one in third] == [[("d",)], [("e",)]]
    assert [len(trip) for trip in carrier.trips] == [1, 2, 2]
    monkeypatch.setattr(shared_reads, "BOARDING_SECONDS", 0.0001)
    carrier.go.release()
    assert station.ask("f").result(PATIENCE_SECONDS) == [("f",)]
    monkeypatch.setattr(shared_reads, "BOARDING_SECONDS", PATIENCE_SECONDS)
    carrier.go.release()  # who comes alone is soon not made to wait
    assert station.ask("g").result(PATIENCE_SECONDS / 2) == [("g",)]


def test_a_failure_is_of_one_alone(station: Station) -> None:
    carrier = station.carriers[0]
    first = station.ask("bad a")
    assert carrier.began.acquire(timeout=PATIENCE_SECONDS)
    good, bad = station.ask_on_the_way("b", "bad c")
    carrier.go.release(2)
    for failed in (first, bad):
        with pytest.raises(ConstraintViolated):
            failed.result(PATIENCE_SECONDS)
    assert good.result(PATIENCE_SECONDS) == [("b",)]
    assert not carrier.is_thrown_away


def test_a_lost_connection_is_told_to_all_and_replaced(station: Station) -> None:
    carrier = station.carriers[0]
    carrier.error = ConnectionLost("gone")
    first = station.ask("a")
    assert carrier.began.acquire(timeout=PATIENCE_SECONDS)
    station.carriers.append(Carrier())
    (other,) = station.ask_on_the_way("b")
    station.carriers[1].go.release()
    carrier.go.release()
    with pytest.raises(ConnectionLost):
        first.result(PATIENCE_SECONDS)
    assert other.result(PATIENCE_SECONDS) == [("b",)]
    assert carrier.is_thrown_away
    station.shared.close()
    assert station.carriers[1].is_closed


def test_a_connection_that_cannot_be_opened_is_tried_again(station: Station) -> None:
    is_away = iter([True, False])

    def connect() -> Carrier:
        if next(is_away):
            raise ConnectionLost
        return station.carriers[0]

    shared = SharedReads(connect)
    with pytest.raises(ConnectionLost):
        shared.run(("a", []))
    station.carriers[0].go.release()
    assert shared.run(("a", [])) == [("a",)]


def test_after_a_slow_trip_nobody_waits_for_one(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shared_reads, "SLOW_SECONDS", -1.0)
    carrier = station.carriers[0]
    carrier.go.release()
    assert station.ask("a").result(PATIENCE_SECONDS) == [("a",)]
    assert carrier.began.acquire(timeout=PATIENCE_SECONDS)
    first = station.ask("b")
    assert carrier.began.acquire(timeout=PATIENCE_SECONDS)
    assert station.shared.run(("c", [])) is None
    carrier.go.release()
    assert first.result(PATIENCE_SECONDS) == [("b",)]


def test_who_waits_for_a_dead_connection_goes_alone(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shared_reads, "STALLED_SECONDS", 0.05)
    carrier = station.carriers[0]
    first = station.ask("a")
    assert carrier.began.acquire(timeout=PATIENCE_SECONDS)
    assert station.shared.run(("b", [])) is None
    carrier.go.release()
    assert first.result(PATIENCE_SECONDS) == [("a",)]
    carrier.go.release()
    assert station.shared.run(("c", [])) == [("c",)]
    assert carrier.trips == [["a"], ["c"]]
