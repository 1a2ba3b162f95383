"""One consumer's way through the log, step by step."""

import pytest

from kinto_core.eventlog.consumer import Consumer
from kinto_core.eventlog.delivery import Delivery, Step
from kinto_core.eventlog.sql import SqlEventLog
from kinto_core.events.event import Action
from kinto_core.events.selector import Selector
from kinto_core.testing.contracts.eventlog import MOMENT, LogUnderTest
from tests.unit.eventlog.conftest import Receiver


class Way:
    """A delivery with a watch that stands until it is moved."""

    def __init__(self, log: SqlEventLog, consumer: Consumer) -> None:
        self.seconds = 0.0
        self.delivery = Delivery(
            log, consumer, lambda: MOMENT, idle_seconds=7.0, watch=lambda: self.seconds
        )

    def step(self) -> Step:
        """The next step."""
        return self.delivery.step()


@pytest.fixture
def consumer(receiver: Receiver) -> Consumer:
    """Takes three events at once, from the start of the log."""
    return Consumer(name="a", deliver=receiver.deliver, batch_size=3, from_start=True)


@pytest.fixture
def way(log: SqlEventLog, consumer: Consumer) -> Way:
    """Its way."""
    return Way(log, consumer)


def position(one: LogUnderTest) -> int:
    """Where the consumer is known to be."""
    cursor = one.cursor("a")
    assert cursor is not None
    return cursor.position


def test_at_the_end_there_is_nothing_to_do_for_a_while(way: Way) -> None:
    assert way.step() == Step(0, 7.0)


def test_events_come_in_batches_in_order(way: Way, one: LogUnderTest, receiver: Receiver) -> None:
    one.add(*"abcd")
    assert way.step() == Step(3, 0.0)
    assert way.step() == Step(1, 0.0)
    assert way.step() == Step(0, 7.0)
    assert receiver.batches == [["a", "b", "c"], ["d"]]
    assert position(one) == 4


def test_a_busy_consumers_place_is_written_down_now_and_then(way: Way, one: LogUnderTest) -> None:
    one.add(*"abcdefghi")
    way.seconds = 100.0
    way.step()
    assert position(one) == 3
    way.seconds += 0.05
    way.step()
    assert position(one) == 3
    way.seconds += 0.06
    way.step()
    assert position(one) == 9


def test_a_place_that_was_not_written_down_is_delivered_again(
    way: Way, one: LogUnderTest, log: SqlEventLog, consumer: Consumer, receiver: Receiver
) -> None:
    one.add(*"abc")
    way.step()
    assert position(one) == 0
    Way(log, consumer).step()  # another process, after this one was killed
    assert receiver.batches == [["a", "b", "c"]] * 2


def test_a_new_consumer_begins_at_the_end(
    log: SqlEventLog, one: LogUnderTest, receiver: Receiver
) -> None:
    one.add("old")
    way = Way(log, Consumer(name="a", deliver=receiver.deliver))
    way.step()
    one.add("new")
    way.step()
    assert receiver.names == ["new"]


def test_unwanted_events_are_passed_over(
    log: SqlEventLog, one: LogUnderTest, receiver: Receiver
) -> None:
    wanted = Selector(actions=frozenset({Action.CREATE}), collections=("p*",))
    way = Way(log, Consumer(name="a", deliver=receiver.deliver, selector=wanted, from_start=True))
    one.add("a", "b")
    assert way.step() == Step(2, 0.0)
    one.add("c", parent="/buckets/blog/collections/pages")
    way.step()
    way.step()
    assert receiver.batches == [["c"]]
    assert position(one) == 3


def test_a_failure_is_noted_and_tried_again_one_by_one(
    way: Way, one: LogUnderTest, receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    one.add(*"abc")
    receiver.refuses = {"b"}
    assert way.step() == Step(0, 0.2, must_wait=True)
    cursor = one.cursor("a")
    assert cursor is not None
    assert (cursor.position, cursor.failures, cursor.error) == (0, 1, "ValueError: no b")
    assert "Consumer a did not take event 1" in caplog.text
    assert way.step() == Step(1, 0.0)  # the first one alone goes through
    assert position(one) == 1
    assert way.step() == Step(0, 0.2, must_wait=True)
    assert way.step() == Step(0, 0.4, must_wait=True)
    cursor = one.cursor("a")
    assert cursor is not None
    assert (cursor.position, cursor.failures) == (1, 2)
    receiver.refuses = set()
    way.step()
    cursor = one.cursor("a")
    assert cursor is not None
    assert (cursor.position, cursor.failures, cursor.error) == (2, 0, "")
    way.step()
    assert receiver.names == ["a", "b", "c"]


def test_a_failing_consumer_can_be_sent_past_what_it_cannot_take(
    way: Way, one: LogUnderTest, receiver: Receiver
) -> None:
    one.add(*"abc")
    receiver.refuses = {"a"}
    way.step()
    way.step()
    assert one.move("a", 0, 1)
    way.step()
    way.step()
    way.step()
    assert receiver.names == ["b", "c"]
    assert position(one) == 3


def test_an_idle_consumer_can_be_sent_back(way: Way, one: LogUnderTest, receiver: Receiver) -> None:
    one.add(*"ab")
    way.step()
    way.step()
    assert one.move("a", 2, 1)
    way.step()
    assert receiver.names == ["a", "b", "b"]


def test_a_busy_consumer_that_is_sent_back_goes_there(
    way: Way, one: LogUnderTest, receiver: Receiver
) -> None:
    one.add(*"abcdef")
    way.seconds = 100.0
    way.step()
    assert one.move("a", 3, 0)
    way.seconds = 200.0
    way.step()  # cannot write its place down
    way.step()
    assert receiver.names == list("abcdefabc")


def test_a_long_error_is_cut(way: Way, one: LogUnderTest, receiver: Receiver) -> None:
    name = "x" * 1000
    one.add(name)
    receiver.refuses = {name}
    way.step()
    cursor = one.cursor("a")
    assert cursor is not None
    assert len(cursor.error) == 500


def test_an_event_that_cannot_be_read_is_a_failure(
    log: SqlEventLog, one: LogUnderTest, receiver: Receiver
) -> None:
    one.add("a")
    with log.database.writing() as connection:
        connection.command("UPDATE event_log SET text = '{}'")
    way = Way(log, Consumer(name="a", deliver=receiver.deliver, from_start=True))
    assert way.step().must_wait
    cursor = one.cursor("a")
    assert cursor is not None
    assert cursor.error.startswith("UnreadableEvent")
