"""How far everybody is."""

from kinto_core.eventlog.sql import SqlEventLog
from kinto_core.eventlog.status import status
from kinto_core.server import Server
from kinto_core.testing import make_settings
from kinto_core.testing.contracts.eventlog import MOMENT, LogUnderTest, event_of


def test_an_empty_log_waits_for_nobody(log: SqlEventLog) -> None:
    found = status(log, MOMENT)
    assert (found.extent.last, found.consumers, found.waiting_ms) == (0, (), 0)


def test_lag_and_age_are_those_of_each_consumer(log: SqlEventLog, one: LogUnderTest) -> None:
    one.register("slow", from_start=True)
    one.register("fast", from_start=True)
    one.add("a")
    one.add("b", moment=MOMENT + 400)
    one.move("fast", 0, 2)
    one.move("slow", 0, 1)
    one.fail("slow", "ValueError: no")
    found = status(log, MOMENT + 1000)
    fast, slow = found.consumers
    assert (fast.name, fast.position, fast.lag, fast.waiting_ms, fast.failures) == (
        "fast",
        2,
        0,
        0,
        0,
    )
    assert (slow.lag, slow.waiting_ms) == (1, 600)
    assert (slow.failures, slow.error) == (1, "ValueError: no")
    assert found.waiting_ms == 600


def test_a_clock_that_was_set_back_makes_no_negative_age(
    log: SqlEventLog, one: LogUnderTest
) -> None:
    one.register("a", from_start=True)
    one.add("x")
    assert status(log, MOMENT - 5000).waiting_ms == 0


def test_events_without_an_offset_wait_too(postgresql_url: str) -> None:
    # Nobody gives them one when no relay runs: that must not look well.
    with Server(make_settings({"storage_url": postgresql_url})) as server:
        server.migrate()
        log = SqlEventLog(server.storage.database)
        one = LogUnderTest(log)
        one.register("a")
        one.append(*(event_of(name) for name in "abc"), moment=MOMENT)
        found = status(log, MOMENT + 700)
        assert found.extent.last == 0
        assert (found.consumers[0].lag, found.consumers[0].waiting_ms) == (3, 700)
        assert found.waiting_ms == found.unsequenced_ms == 700
        one.sequence()
        assert status(log, MOMENT + 800).unsequenced_ms == 0
        assert status(log, MOMENT + 800).waiting_ms == 800
