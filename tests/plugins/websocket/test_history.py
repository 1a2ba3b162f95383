"""The window of recent events, targets, and what an event does to permissions."""

import asyncio
from typing import cast

import pytest

from kinto_core.eventlog.interface import LoggedEvent
from kinto_core.events.wire import encode
from kinto_core.resources.bucket import BUCKET
from kinto_core.resources.collection import COLLECTION
from kinto_core.resources.definition import ResourceTypes
from kinto_core.resources.group import GROUP
from kinto_core.resources.record import RECORD
from kinto_core.testing.factories import make_change, make_event
from kinto_websocket.effects import effects_of
from kinto_websocket.history import Window
from kinto_websocket.outbox import Outbox
from kinto_websocket.pacing import Pace
from kinto_websocket.protocol import Refusal
from kinto_websocket.targets import address_of, containers, inner_types, is_inside

TYPES = ResourceTypes.build((BUCKET, COLLECTION, GROUP, RECORD), {})


def logged(offset: int) -> LoggedEvent:
    return LoggedEvent(offset, 0, "record", "/buckets/b/collections/c", encode(make_event()))


def test_window_gives_what_follows_an_offset() -> None:
    window = Window(10, 1_000_000)
    window.begin(5)
    for offset in (6, 7, 8):
        window.add(logged(offset))
    assert [one.offset for one in window.after(6) or ()] == [7, 8]
    assert [one.offset for one in window.after(5) or ()] == [6, 7, 8]
    assert window.after(8) == []
    assert window.after(4) is None


@pytest.mark.parametrize(("events", "size"), [(2, 1_000_000), (100, 2 * len(logged(1).text))])
def test_window_is_bounded_in_events_and_bytes(events: int, size: int) -> None:
    window = Window(events, size)
    for offset in range(1, 10):
        window.add(logged(offset))
    assert window.after(6) is None
    assert [one.offset for one in window.after(7) or ()] == [8, 9]


def test_window_may_have_no_room() -> None:
    window = Window(0, 0)
    window.add(logged(1))
    assert window.after(0) is None
    assert window.after(1) == []


def test_containers_go_from_the_inside_out() -> None:
    uri = "/buckets/b/collections/c/records/r"
    assert list(containers(uri)) == [uri, "/buckets/b/collections/c", "/buckets/b"]
    assert is_inside(uri, "/buckets/b")
    assert not is_inside("/buckets/bb", "/buckets/b")


def test_inner_types_are_those_at_any_depth() -> None:
    assert inner_types(TYPES, BUCKET) == {"collection", "group", "record"}
    assert inner_types(TYPES, COLLECTION) == {"record"}
    assert inner_types(TYPES, RECORD) == frozenset()


def test_targets_are_objects() -> None:
    assert address_of(TYPES, "/buckets/b/groups/g").uri == "/buckets/b/groups/g"
    for wrong in ("", "/", "buckets/b", "/buckets", "/buckets/", "/buckets/b/records/r", "/x/y"):
        with pytest.raises(Refusal):
            address_of(TYPES, wrong)


def test_plain_updates_have_no_effects() -> None:
    event = make_event(action="update", uri="/buckets/b/collections/c")
    assert effects_of(event, TYPES).is_nothing


def test_what_comes_or_goes_has_effects() -> None:
    for action in ("create", "delete"):
        effects = effects_of(make_event(action=action, uri="/buckets/b"), TYPES)
        assert effects.containers == ("/buckets/b",)
        leaf = effects_of(make_event(action=action), TYPES)
        assert leaf.containers == ()
        assert len(leaf.leaves) == 1


def test_moved_members_are_concerned() -> None:
    change = make_change(
        uri="/buckets/b/groups/g",
        action="update",
        old={"members": ["a", "b"]},
        new={"members": ["b", "c"]},
    )
    assert effects_of(make_event(change), TYPES).users == {"a", "c"}


def test_types_nobody_knows_have_no_effects() -> None:
    assert effects_of(make_event(action="create", uri="/things/t"), TYPES).is_nothing


def test_pace_allows_so_many_in_a_second() -> None:
    pace = Pace(2)
    assert [pace.take(10.0) for _ in range(2)] == [0.0, 0.0]
    assert pace.take(10.0) == pytest.approx(0.5)
    assert pace.take(10.5) == 0.0
    assert pace.take(10.5) > 0
    assert [pace.take(100.0) for _ in range(2)] == [0.0, 0.0]
    assert pace.take(100.0) > 0


class Network:
    """A transport that lets through what a test says."""

    def __init__(self) -> None:
        self.queued = 0

    def write(self, frame: bytes) -> None:
        self.queued += len(frame)

    def get_write_buffer_size(self) -> int:
        return self.queued


def outbox(network: Network, size: int, events: int) -> Outbox:
    return Outbox(cast("asyncio.Transport", network), size, events)


def test_outbox_is_bounded_in_bytes() -> None:
    network = Network()
    box = outbox(network, 100, 1000)
    assert [box.write_event(b"x" * 40) for _ in range(4)] == [True, True, True, False]


def test_outbox_is_bounded_in_events() -> None:
    network = Network()
    box = outbox(network, 10_000, 2)
    assert [box.write_event(b"x") for _ in range(4)] == [True, True, True, False]
    network.queued = 1
    assert box.write_event(b"x") is True
    network.queued = 0
    assert [box.write_event(b"x") for _ in range(4)] == [True, True, True, False]


def test_answers_do_not_count() -> None:
    network = Network()
    box = outbox(network, 100, 10)
    box.write(b"x" * 10_000)
    assert box.write_event(b"x" * 100) is True
    assert box.write_event(b"x") is False
