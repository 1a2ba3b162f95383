"""Positions as text, events with their places."""

import pytest

from kinto_core.eventlog.interface import InvalidPosition, LoggedEvent, Position
from kinto_core.events.wire import UnreadableEvent, encode
from kinto_core.testing.factories import make_event


def test_a_position_is_text_and_back() -> None:
    assert str(Position("abc", 12)) == "abc:12"
    assert Position.parse("abc:12") == Position("abc", 12)
    assert Position.parse("abc:0").offset == 0


@pytest.mark.parametrize(
    "text", ["", "abc", "abc:", ":1", "abc:-1", "abc:1.5", "abc:x", "a:b:1", "abc:²", "abc: 1"]
)
def test_other_texts_are_no_positions(text: str) -> None:
    with pytest.raises(InvalidPosition, match="expected epoch:offset"):
        Position.parse(text)


def test_an_offset_that_no_database_holds_is_no_position() -> None:
    assert Position.parse("abc:" + "9" * 18).offset == int("9" * 18)
    with pytest.raises(InvalidPosition):
        Position.parse("abc:" + "9" * 19)


def test_a_logged_event_is_decoded_when_asked_for() -> None:
    event = make_event()
    logged = LoggedEvent(1, 2, "record", "/buckets/b", encode(event))
    assert logged.event == event
    assert logged.event is logged.event
    with pytest.raises(UnreadableEvent):
        _ = LoggedEvent(1, 2, "record", "/buckets/b", "{}").event
