"""The contract of an event log: subclass it and give it the fixture ``log``.

::

    class TestMine(EventLogContract):
        @pytest.fixture
        def log(self): ...

Its database is empty: no event was ever written to it.
"""

import pytest

from kinto_core.errors import KintoError
from kinto_core.eventlog.interface import Cursor, EventLog, Extent, LoggedEvent, Waiting
from kinto_core.events.event import ResourceChanged
from kinto_core.testing.factories import make_event

MOMENT = 1_700_000_000_000
_COLLECTION = "/buckets/blog/collections/articles"


class _Undone(KintoError):
    """Ends a transaction that is to be undone."""


def event_of(name: str, parent: str = _COLLECTION) -> ResourceChanged:
    """An event about one new record."""
    return make_event(uri=f"{parent}/records/{name}")


class LogUnderTest:
    """Short ways to work on a log, each in a transaction of its own.

    Args:
        log: which.
    """

    def __init__(self, log: EventLog) -> None:
        self.log = log

    def append(self, *events: ResourceChanged, moment: int = MOMENT) -> None:
        """Write events; they may have no offsets yet."""
        with self.log.database.writing() as connection:
            self.log.append(connection, events, moment)

    def sequence(self, limit: int = 500) -> int:
        """Give offsets to what is committed."""
        with self.log.database.writing() as connection:
            return self.log.sequence(connection, limit=limit)

    def add(self, *names: str, moment: int = MOMENT, parent: str = _COLLECTION) -> None:
        """Write events about records and give them offsets, each in a transaction of its own."""
        for name in names:
            self.append(event_of(name, parent), moment=moment)
        self.sequence()

    def waiting(self, limit: int = 0) -> Waiting:
        """What has no offset yet."""
        with self.log.database.reading() as connection:
            return self.log.waiting(connection, limit=limit)

    def read(
        self,
        after: int = 0,
        *,
        limit: int = 500,
        up_to: int | None = None,
        lists: list[tuple[str, str]] | None = None,
    ) -> list[LoggedEvent]:
        """The next events."""
        with self.log.database.reading() as connection:
            return self.log.read(connection, after, limit=limit, up_to=up_to, lists=lists)

    def offsets(self, after: int = 0, *, limit: int = 500, up_to: int | None = None) -> list[int]:
        """The offsets of the next events."""
        return [one.offset for one in self.read(after, limit=limit, up_to=up_to)]

    def names(self, after: int = 0) -> list[str]:
        """The ids of the changed objects of the next events."""
        return [one.event.changes[0].object_id for one in self.read(after)]

    def extent(self) -> Extent:
        """What it holds."""
        with self.log.database.reading() as connection:
            return self.log.extent(connection)

    def offset_at(self, moment: int) -> int:
        """The last offset before a moment."""
        with self.log.database.reading() as connection:
            return self.log.offset_at(connection, moment)

    def trim(self, up_to: int) -> int:
        """Drop events."""
        with self.log.database.writing() as connection:
            return self.log.trim(connection, up_to)

    def register(self, name: str, *, from_start: bool = False) -> None:
        """Begin a cursor."""
        with self.log.database.writing() as connection:
            self.log.register(connection, name, from_start=from_start, moment=MOMENT)

    def move(self, name: str, old: int, new: int) -> bool:
        """Move a cursor."""
        with self.log.database.writing() as connection:
            return self.log.move(connection, name, old=old, new=new, moment=MOMENT + 2)

    def fail(self, name: str, error: str) -> None:
        """Count a failure."""
        with self.log.database.writing() as connection:
            self.log.note_failure(connection, name, error, moment=MOMENT + 1)

    def cursor(self, name: str) -> Cursor | None:
        """One cursor."""
        with self.log.database.reading() as connection:
            return self.log.cursor(connection, name)


class EventLogContract:
    """What every event log does; see ``kinto_core.eventlog.interface.EventLog``."""

    @pytest.fixture
    def log(self) -> EventLog:
        """An empty log. Override it."""
        message = "the subclass gives the fixture 'log'"
        raise pytest.UsageError(message)

    @pytest.fixture
    def one(self, log: EventLog) -> LogUnderTest:
        """Short ways to work on it."""
        return LogUnderTest(log)

    # -- events -----------------------------------------------------------------------------------

    def test_new_log_is_empty(self, one: LogUnderTest) -> None:
        """It has an epoch, and no event."""
        extent = one.extent()
        assert (extent.trimmed, extent.last) == (0, 0)
        assert extent.epoch
        assert ":" not in extent.epoch
        assert one.read() == []
        assert one.sequence() == 0

    def test_event_comes_back_as_it_was_written(self, one: LogUnderTest) -> None:
        """With its place, its time, and what it is about."""
        event = make_event(new={"text": "é\n\u2028😀 'a\" %s \\", "n": 2**63})
        one.append(event)
        one.sequence()
        (found,) = one.read()
        assert (found.offset, found.moment) == (1, MOMENT)
        assert (found.resource_name, found.parent_uri) == ("record", _COLLECTION)
        assert found.event == event
        assert found.event.changes == event.changes

    def test_offsets_count_from_one_without_gaps(self, one: LogUnderTest) -> None:
        """In the order in which events were committed."""
        one.append(event_of("a"), event_of("b"))
        one.append(event_of("c"))
        one.sequence()
        one.append(event_of("d"))
        one.sequence()
        assert one.offsets() == [1, 2, 3, 4]
        assert one.names() == ["a", "b", "c", "d"]
        assert one.extent().last == 4

    def test_sequencing_in_small_pieces_gives_the_same(self, one: LogUnderTest) -> None:
        """Each piece is at most as large as asked for, the oldest first."""
        one.append(*(event_of(name) for name in "abcde"))
        while count := one.sequence(limit=2):
            assert count <= 2
        assert one.names() == ["a", "b", "c", "d", "e"]
        assert one.offsets() == [1, 2, 3, 4, 5]

    def test_nothing_is_left_to_sequence_in_the_end(self, log: EventLog, one: LogUnderTest) -> None:
        """What has no offset yet is counted, with the time of the oldest."""
        one.append(event_of("a"), moment=MOMENT)
        one.append(event_of("b"), moment=MOMENT + 5)
        with log.database.reading() as connection:
            waiting = log.unsequenced(connection)
        assert waiting in {(0, 0), (2, MOMENT)}
        one.sequence()
        with log.database.reading() as connection:
            assert log.unsequenced(connection) == (0, 0)
        assert one.offsets() == [1, 2]

    def test_what_is_committed_waits_or_has_an_offset(self, one: LogUnderTest) -> None:
        """What waits is told in the order in which it gets its offsets."""
        assert one.waiting(10) == Waiting(0, 0, 0, ())
        one.add("a", "b")
        one.append(event_of("c"), event_of("d"))
        one.append(event_of("e"))
        before = one.waiting(10)
        waiting = [event.changes[0].object_id for event in before.events()]
        assert [*one.names(), *waiting] == ["a", "b", "c", "d", "e"]
        assert before.offset + len(waiting) == 5
        assert (before.first > 0) == bool(waiting)
        assert 0 <= before.first <= before.last
        assert one.waiting(1).texts == before.texts[:1]
        assert one.waiting()[:3] == before[:3]
        assert one.waiting().texts == ()

    def test_what_waited_once_is_known_by_number(self, one: LogUnderTest) -> None:
        """The numbers say when everything of a moment has its offset, whatever came since."""
        one.append(event_of("a"), event_of("b"))
        before = one.waiting()
        one.append(event_of("c"), event_of("d"))
        while 0 < one.waiting().first <= before.last:
            assert one.sequence(limit=1) == 1
        assert one.waiting().offset >= 2
        assert one.names()[:2] == ["a", "b"]
        one.sequence()
        assert one.waiting() == Waiting(0, 0, 4, ())

    def test_reading_goes_on_after_an_offset(self, one: LogUnderTest) -> None:
        """As far as asked for."""
        one.add("a", "b", "c", "d", "e")
        assert one.offsets(2) == [3, 4, 5]
        assert one.offsets(1, limit=2) == [2, 3]
        assert one.offsets(1, up_to=3) == [2, 3]
        assert one.offsets(1, up_to=4, limit=1) == [2]
        assert one.offsets(5) == []
        assert one.offsets(99) == []
        assert one.offsets(3, up_to=3) == []

    def test_reading_some_lists_only(self, one: LogUnderTest) -> None:
        """A list is a parent and a type; one without events gives none."""
        one.add("a")
        one.add("b", parent="/buckets/blog/collections/pages")
        one.append(make_event(uri="/buckets/blog/collections/articles"))
        one.add("c")
        pages = "/buckets/blog/collections/pages"
        assert [e.offset for e in one.read(lists=[(_COLLECTION, "record")])] == [1, 4]
        both = [(_COLLECTION, "record"), (pages, "record")]
        assert [e.offset for e in one.read(lists=both)] == [1, 2, 4]
        assert [e.offset for e in one.read(1, lists=both, limit=1)] == [2]
        assert [e.offset for e in one.read(lists=both, up_to=2)] == [1, 2]
        assert [e.offset for e in one.read(lists=[("/buckets/blog", "collection")])] == [3]
        assert one.read(lists=[("/buckets/blog", "record")]) == []
        assert one.read(lists=[]) == []

    def test_undone_transaction_leaves_no_event_and_no_gap(
        self, log: EventLog, one: LogUnderTest
    ) -> None:
        """Events are as durable as what they tell of."""
        one.add("a")
        with pytest.raises(_Undone), log.database.writing() as connection:  # noqa: PT012  the block is the point
            log.append(connection, [event_of("phantom"), event_of("ghost")], MOMENT)
            connection.flush()
            raise _Undone
        one.add("b")
        assert one.names() == ["a", "b"]
        assert one.offsets() == [1, 2]

    def test_offset_at_a_moment(self, one: LogUnderTest) -> None:
        """That of the last event written before it."""
        for number, name in enumerate("abc"):
            one.add(name, moment=MOMENT + number * 10)
        assert one.offset_at(MOMENT) == 0
        assert one.offset_at(MOMENT + 1) == 1
        assert one.offset_at(MOMENT + 20) == 2
        assert one.offset_at(MOMENT + 21) == 3

    # -- history ----------------------------------------------------------------------------------

    def test_trimming_drops_the_oldest(self, one: LogUnderTest) -> None:
        """The others keep their offsets, and new ones go on."""
        one.add("a", "b", "c")
        epoch = one.extent().epoch
        assert one.trim(2) == 2
        assert one.extent() == Extent(epoch, 2, 3)
        assert one.names() == ["c"]
        assert one.trim(2) == 0
        assert one.extent() == Extent(epoch, 2, 3)
        assert one.offset_at(MOMENT) == 2

    def test_log_that_was_trimmed_to_the_end_goes_on(self, one: LogUnderTest) -> None:
        """Offsets never come again."""
        one.add("a", "b")
        assert one.trim(99) == 2
        assert one.extent()[1:] == (2, 2)
        assert one.offset_at(MOMENT) == 2
        one.register("late")
        one.add("c")
        assert one.offsets() == [3]
        assert one.extent()[1:] == (2, 3)
        found = one.cursor("late")
        assert found is not None
        assert found.position == 2

    def test_new_epoch_has_another_name(self, log: EventLog, one: LogUnderTest) -> None:
        """Offsets go on."""
        one.add("a")
        before = one.extent()
        with log.database.writing() as connection:
            new = log.begin_epoch(connection)
        assert one.extent() == Extent(new, before.trimmed, before.last)
        assert new != before.epoch

    # -- consumers --------------------------------------------------------------------------------

    def test_consumer_begins_at_the_end_or_at_the_start(self, one: LogUnderTest) -> None:
        """The start is what is left of the log."""
        one.add("a", "b", "c")
        one.trim(1)
        one.register("new")
        one.register("old", from_start=True)
        assert one.cursor("new") == Cursor("new", 3, 0, "", MOMENT)
        assert one.cursor("old") == Cursor("old", 1, 0, "", MOMENT)
        assert one.cursor("nobody") is None

    def test_cursor_that_exists_stays(self, one: LogUnderTest) -> None:
        """Registering again moves nothing."""
        one.register("a", from_start=True)
        one.add("x", "y")
        one.register("a")
        found = one.cursor("a")
        assert found is not None
        assert found.position == 0

    def test_cursor_moves_from_where_it_is_known_to_be(self, one: LogUnderTest) -> None:
        """Forwards and backwards; of two who move it one wins."""
        one.register("a", from_start=True)
        assert one.move("a", 0, 5)
        assert not one.move("a", 0, 7)
        assert one.cursor("a") == Cursor("a", 5, 0, "", MOMENT + 2)
        assert one.move("a", 5, 2)
        assert not one.move("nobody", 0, 1)

    def test_failures_are_counted_until_the_cursor_moves(self, one: LogUnderTest) -> None:
        """With the last error."""
        one.register("a", from_start=True)
        one.fail("a", "first")
        one.fail("a", "second")
        assert one.cursor("a") == Cursor("a", 0, 2, "second", MOMENT + 1)
        one.move("a", 0, 1)
        assert one.cursor("a") == Cursor("a", 1, 0, "", MOMENT + 2)

    def test_cursors_are_listed_by_name(self, log: EventLog, one: LogUnderTest) -> None:
        """And forgotten for good."""
        for name in ("b", "a", "c"):
            one.register(name)
        with log.database.writing() as connection:
            assert log.forget(connection, "b")
            assert not log.forget(connection, "b")
            assert [found.name for found in log.cursors(connection)] == ["a", "c"]
        assert one.cursor("b") is None
