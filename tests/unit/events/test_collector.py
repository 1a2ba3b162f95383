"""Merging the changes of one transaction."""

import pytest

from kinto_core.events.collector import MAX_LEVELS, Collector, EndlessCascade
from kinto_core.events.event import ResourceChanged
from kinto_core.testing.factories import make_change

ARTS = "/buckets/b3/collections/arts/records"
OTHER = "/buckets/b3/collections/other/records"


def ids(event: ResourceChanged) -> list[str]:
    """The ids of the objects of an event."""
    return [change.object_id for change in event.changes]


def test_a_batch_merges_by_type_parent_and_action_in_order_of_first_appearance() -> None:
    collector = Collector(request_id="r")
    for uri, action in [
        ("/buckets/b3", "create"),
        ("/buckets/b3/collections/arts", "create"),
        ("/buckets/b3/collections/other", "create"),
        (f"{ARTS}/r1", "create"),
        (f"{ARTS}/r2", "create"),
        (f"{OTHER}/o1", "create"),
        (f"{ARTS}/r1", "update"),
        (f"{ARTS}/r2", "update"),
        (f"{ARTS}/r1", "delete"),
        (f"{ARTS}/r3", "create"),
    ]:
        collector.add(make_change(uri=uri, action=action))
    events = collector.take()
    assert [(str(one.action), one.resource_name, ids(one)) for one in events] == [  # events E-33
        ("create", "bucket", ["b3"]),
        ("create", "collection", ["arts", "other"]),
        ("create", "record", ["r1", "r2", "r3"]),
        ("create", "record", ["o1"]),
        ("update", "record", ["r1", "r2"]),
        ("delete", "record", ["r1"]),
    ]
    assert {one.request_id for one in events} == {"r"}


def test_an_object_changed_twice_is_twice_in_the_event() -> None:
    collector = Collector()
    collector.add(make_change(action="update", new={"n": 2}, old={"n": 1}))
    collector.add(make_change(action="update", new={"n": 3}, old={"n": 2}))
    (event,) = collector.take()
    pairs = [(one["old"]["n"], one["new"]["n"]) for one in event.impacted_objects]
    assert pairs == [(1, 2), (2, 3)]  # events E-34


def test_a_failed_part_contributes_nothing() -> None:
    collector = Collector()
    collector.add(make_change(uri=f"{ARTS}/r1"))
    mark = collector.mark()
    collector.add(make_change(uri=f"{ARTS}/r2"))
    collector.rollback_to(mark)
    collector.add(make_change(uri=f"{ARTS}/r3"))
    (event,) = collector.take()
    assert ids(event) == ["r1", "r3"]  # events E-36


def test_what_was_announced_cannot_be_taken_back() -> None:
    collector = Collector()
    mark = collector.mark()
    collector.add(make_change())
    collector.take()
    with pytest.raises(ValueError, match="undo the whole transaction"):
        collector.rollback_to(mark)


def test_changes_made_by_hooks_are_events_of_their_own() -> None:
    collector = Collector()
    collector.add(make_change(uri=f"{ARTS}/r1"))
    first = collector.take()
    collector.add(make_change(uri=f"{ARTS}/r2"))
    second = collector.take()
    assert [ids(one) for one in (*first, *second)] == [["r1"], ["r2"]]  # events E-44
    assert collector.take() == []
    assert collector.events == [*first, *second]


def test_an_endless_cascade_ends_with_an_error_that_names_the_change() -> None:
    collector = Collector()
    for _ in range(MAX_LEVELS):
        collector.add(make_change(uri=f"{ARTS}/r1"))
        assert collector.take()
    collector.add(make_change(uri=f"{ARTS}/r1"))
    with pytest.raises(EndlessCascade, match=f"create of {ARTS}/r1"):
        collector.take()


def test_a_collector_without_changes_has_no_events() -> None:
    collector = Collector()
    assert not collector.has_changes
    assert collector.take() == []
    collector.add(make_change())
    assert collector.has_changes
