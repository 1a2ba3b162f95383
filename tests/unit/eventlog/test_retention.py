"""What may be dropped."""

from collections.abc import Sequence

import pytest

from kinto_core.eventlog import retention
from kinto_core.eventlog.interface import Cursor, Extent
from kinto_core.eventlog.retention import Retention, disposable, drop_disposable
from kinto_core.eventlog.sql import SqlEventLog
from kinto_core.testing.contracts.eventlog import MOMENT, LogUnderTest


@pytest.mark.parametrize(
    ("positions", "too_old", "most", "expected"),
    [
        ((), 0, 1000, 10),  # nothing is old, nothing too many
        ((), 40, 1000, 40),  # by age
        ((), 0, 30, 70),  # by number
        ((), 40, 30, 70),  # whichever drops more
        ((55, 90), 80, 1000, 55),  # but nothing that somebody lacks
        ((0,), 80, 0, 10),  # nor again what was dropped
        ((100,), 100, 0, 100),
    ],
)
def test_old_events_that_everybody_has_may_go(
    positions: Sequence[int], too_old: int, most: int, expected: int
) -> None:
    cursors = [Cursor(str(position), position, 0, "", 0) for position in positions]
    assert disposable(Extent("e", 10, 100), cursors, too_old, most) == expected


def drop(log: SqlEventLog, *, seconds: float = 3600, events: int = 1000, now: int = 0) -> int:
    """Drop what may be dropped at a moment, counted from the first event."""
    return drop_disposable(log, Retention(seconds, events), lambda: MOMENT + now)


def test_events_are_dropped_by_age(log: SqlEventLog, one: LogUnderTest) -> None:
    one.add("a", "b")
    one.add("c", moment=MOMENT + 10_000)
    assert drop(log, seconds=5, now=5_000) == 0
    assert drop(log, seconds=5, now=6_000) == 2
    assert one.names() == ["c"]
    assert drop(log, seconds=5, now=60_000) == 1
    assert one.extent()[1:] == (3, 3)


def test_events_are_dropped_by_number_in_pieces(
    log: SqlEventLog, one: LogUnderTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "CHUNK", 2)
    one.add(*"abcdefg")
    assert drop(log, events=2) == 5
    assert one.names() == ["f", "g"]
    assert drop(log, events=2) == 0


def test_events_that_a_consumer_lacks_are_kept(log: SqlEventLog, one: LogUnderTest) -> None:
    one.register("slow", from_start=True)
    one.add("a", "b", "c")
    assert drop(log, events=0) == 0
    one.move("slow", 0, 2)
    assert drop(log, events=0) == 2
    assert one.names() == ["c"]
