"""A relay in a thread: everybody gets everything, and it ends when told to."""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from kinto_core.eventlog import relay as relay_module
from kinto_core.eventlog.consumer import Consumer
from kinto_core.eventlog.interface import LoggedEvent
from kinto_core.eventlog.leadership import FileLeadership
from kinto_core.eventlog.opening import Machinery, open_event_log
from kinto_core.eventlog.relay import Relay
from kinto_core.eventlog.retention import Retention
from kinto_core.eventlog.sql import SqlEventLog
from kinto_core.testing.contracts.eventlog import MOMENT, LogUnderTest

PATIENCE_SECONDS = 30


class Waiting:
    """A consumer that says when it has what a test waits for."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self.changed = threading.Condition()

    def deliver(self, events: Sequence[LoggedEvent]) -> None:
        """Keep the names."""
        with self.changed:
            self.names += [one.event.changes[0].object_id for one in events]
            self.changed.notify_all()

    def has(self, *names: str) -> bool:
        """Wait until it has exactly these."""
        with self.changed:
            return self.changed.wait_for(lambda: self.names == list(names), PATIENCE_SECONDS)


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relay_module, "STAND_BY_SECONDS", 0.02)


@pytest.fixture
def machinery(log: SqlEventLog) -> Iterator[Machinery]:
    """What a server on this file has."""
    made = open_event_log(log.database)
    yield made
    made.close()


@contextmanager
def working(machinery: Machinery, *consumers: Consumer) -> Iterator[Relay]:
    """A relay at work; it ends with the block."""
    relay = Relay(machinery, consumers, Retention(3600, 1000), lambda: MOMENT)
    thread = threading.Thread(target=relay.run)
    thread.start()
    try:
        yield relay
    finally:
        relay.stop()
        thread.join(PATIENCE_SECONDS)
        assert not thread.is_alive()


def consumer(name: str, deliver: Callable[[Sequence[LoggedEvent]], None]) -> Consumer:
    """A consumer that begins at the start."""
    return Consumer(name=name, deliver=deliver, from_start=True)


def test_every_consumer_gets_every_event(machinery: Machinery, one: LogUnderTest) -> None:
    first, second = Waiting(), Waiting()
    one.add("before")
    with working(machinery, consumer("a", first.deliver), consumer("b", second.deliver)):
        assert first.has("before")
        one.add("after")
        machinery.written.ring()
        assert first.has("before", "after")
        assert second.has("before", "after")
    for name in "ab":
        cursor = one.cursor(name)
        assert cursor is not None
        assert cursor.position == 2  # its place is written down when it ends


def test_events_arrive_without_a_ring(
    machinery: Machinery, one: LogUnderTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay_module, "POLL_SECONDS", 0.01)
    receiver = Waiting()
    with working(machinery, consumer("a", receiver.deliver)):
        one.add("silent")
        assert receiver.has("silent")


def test_a_failing_or_hanging_consumer_holds_nobody_up(
    machinery: Machinery, one: LogUnderTest
) -> None:
    release = threading.Event()
    receiver = Waiting()

    def fail(_: Sequence[LoggedEvent]) -> None:
        message = "never"
        raise ValueError(message)

    def hang(_: Sequence[LoggedEvent]) -> None:
        release.wait(PATIENCE_SECONDS)

    one.add("x", "y")
    several = [consumer("bad", fail), consumer("slow", hang), consumer("good", receiver.deliver)]
    with working(machinery, *several):
        try:
            assert receiver.has("x", "y")
        finally:
            release.set()


def test_a_relay_that_stands_by_takes_over(
    machinery: Machinery, one: LogUnderTest, tmp_path: Path
) -> None:
    receiver = Waiting()
    other = replace(machinery, leadership=FileLeadership(tmp_path / "kinto.db"))
    assert other.leadership.try_to_lead()
    one.add("x")
    with working(machinery, consumer("a", receiver.deliver)):
        assert receiver.names == []
        other.leadership.resign()
        assert receiver.has("x")


def test_a_relay_that_stands_by_ends_when_told_to(machinery: Machinery, tmp_path: Path) -> None:
    leader = FileLeadership(tmp_path / "kinto.db")
    assert leader.try_to_lead()
    with working(machinery):
        pass
    leader.resign()


def test_a_relay_that_is_stopped_first_does_not_begin(
    machinery: Machinery, one: LogUnderTest
) -> None:
    receiver = Waiting()
    one.add("x")
    relay = Relay(machinery, [consumer("a", receiver.deliver)], Retention(1, 1), lambda: MOMENT)
    relay.stop()
    relay.run()
    assert receiver.names == []
