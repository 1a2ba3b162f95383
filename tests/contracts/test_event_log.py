"""Every event log keeps the contract, on each kind of database."""

import threading

import pytest
from sqlalchemy import false, func, select

from kinto_core.database.connection import Statement
from kinto_core.database.engine import Database
from kinto_core.database.tables import event_epoch
from kinto_core.eventlog import floor
from kinto_core.eventlog.interface import EventLog, Waiting
from kinto_core.eventlog.sql import SqlEventLog
from kinto_core.testing.contracts.eventlog import EventLogContract, LogUnderTest, event_of
from kinto_core.testing.contracts.lists import retrying

_FORGET_EPOCH = Statement(lambda _: event_epoch.delete())
_RESTART = Statement(
    lambda _: select(func.setval(func.pg_get_serial_sequence("event_inbox", "id"), 1, false()))
)
_FIRST_EPOCH = Statement(lambda _: event_epoch.insert().values(epoch="first", trimmed=0))


@pytest.fixture
def empty_log(database: Database) -> SqlEventLog:
    """An empty log on a database of each kind."""
    with database.writing() as connection:  # a database that was emptied lacks even this row
        connection.run(_FORGET_EPOCH, {})
        connection.run(_FIRST_EPOCH, {})
    return SqlEventLog(database)


class TestSql(EventLogContract):
    """In the database of the objects."""

    @pytest.fixture
    def log(self, empty_log: SqlEventLog) -> EventLog:
        """An empty log."""
        return empty_log


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_events_that_become_visible_late_come_behind_those_that_have_an_offset(
    empty_log: SqlEventLog,
) -> None:
    # They were numbered first, and are no part of the order until they are committed.
    one = LogUnderTest(empty_log)
    written, release = threading.Event(), threading.Event()

    def write_slowly() -> None:
        with empty_log.database.writing() as connection:
            empty_log.append(connection, [event_of("late")], 1)
            connection.flush()
            written.set()
            assert release.wait(60)

    slow = threading.Thread(target=write_slowly)
    slow.start()
    try:
        assert written.wait(60)
        one.add("early")
        assert one.names() == ["early"]
    finally:
        release.set()
        slow.join()
    assert one.sequence() == 1
    assert one.names() == ["early", "late"]


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_two_who_sequence_at_once_number_each_event_once(empty_log: SqlEventLog) -> None:
    # While leadership changes hands there may be two.
    one = LogUnderTest(empty_log)
    one.append(*(event_of(str(number)) for number in range(20)))
    barrier = threading.Barrier(2)

    def sequence() -> None:
        barrier.wait(60)
        retrying(lambda: one.sequence(limit=7))

    threads = [threading.Thread(target=sequence) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    while one.sequence():
        continue
    assert one.offsets() == list(range(1, 21))
    assert one.names() == [str(number) for number in range(20)]


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_events_of_a_transaction_that_was_open_for_long_are_found_in_order(
    empty_log: SqlEventLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The place below which nothing is looked for rises above its events meanwhile.
    monkeypatch.setattr(floor, "SETTLING_SECONDS", 0.0)
    one = LogUnderTest(empty_log)
    written, release = threading.Event(), threading.Event()

    def write_slowly() -> None:
        with empty_log.database.writing() as connection:
            empty_log.append(connection, [event_of("late-1"), event_of("late-2")], 1)
            connection.flush()
            written.set()
            assert release.wait(60)

    slow = threading.Thread(target=write_slowly)
    slow.start()
    names = [f"early-{number}" for number in range(20)]
    try:
        assert written.wait(60)
        one.add(*names)
        for number in range(5):
            one.add(f"more-{number}")
        assert empty_log._sequencer._keeper.floor.number > 2
    finally:
        release.set()
        slow.join()
    one.append(event_of("behind"))
    while one.sequence(limit=1):
        continue
    assert one.names()[-3:] == ["late-1", "late-2", "behind"]
    assert len(one.names()) == 28


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_who_only_looks_finds_the_events_of_a_transaction_that_was_open_for_long(
    empty_log: SqlEventLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Another process than the one that sequences: it knows what it sees, and no more.
    monkeypatch.setattr(floor, "SETTLING_SECONDS", 0.0)
    looking = SqlEventLog(empty_log.database)
    one, other = LogUnderTest(empty_log), LogUnderTest(looking)
    written, release = threading.Event(), threading.Event()

    def write_slowly() -> None:
        with empty_log.database.writing() as connection:
            empty_log.append(connection, [event_of("late")], 1)
            connection.flush()
            written.set()
            assert release.wait(60)

    slow = threading.Thread(target=write_slowly)
    slow.start()
    try:
        assert written.wait(60)
        for number in range(6):
            one.add(f"early-{number}")
            assert other.waiting(9) == Waiting(0, 0, number + 1, ())
        assert looking._lookout._keeper.floor.number > 2
        assert len(looking._lookout._keeper.floor.held) == 1
    finally:
        release.set()
        slow.join()
    floor_before = looking._lookout._keeper.floor.number
    one.append(event_of("behind"))
    found = other.waiting(9)
    assert [event.changes[0].object_id for event in found.events()] == ["late", "behind"]
    assert found.first <= floor_before < found.last
    one.sequence()
    assert other.waiting() == Waiting(0, 0, 8, ())


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_who_looks_begins_anew_with_another_history(
    empty_log: SqlEventLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A restored backup may give numbers again that were given already.
    monkeypatch.setattr(floor, "SETTLING_SECONDS", 0.0)
    one = LogUnderTest(empty_log)
    for number in range(6):
        one.add(str(number))
        one.waiting()
    assert empty_log._lookout._keeper.floor.number > 2
    with empty_log.database.writing() as connection:
        connection.run(_RESTART, {})
        empty_log.begin_epoch(connection)
    one.append(event_of("again"))
    found = one.waiting(9)
    assert [event.changes[0].object_id for event in found.events()] == ["again"]
    assert found.first == found.last == 1
