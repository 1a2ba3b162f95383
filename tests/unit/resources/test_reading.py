"""Fetch one, list many."""

import pytest

from kinto_core.errors import (
    Forbidden,
    ModifiedMeanwhile,
    NotModified,
    ObjectNotFound,
    ParentNotFound,
    Unauthenticated,
)
from kinto_core.objects import StoredObject
from kinto_core.resources.preconditions import Preconditions
from kinto_core.server import Server
from kinto_core.storage.pages import sort_values
from kinto_core.storage.query import MISSING, Filter, Operator, Query, Sort
from tests.unit.resources.operating import Actor, B, C, R, ids


def test_an_object_with_its_permissions(alice: Actor, bob: Actor) -> None:
    alice.put(f"{R}/r", {"v": 1}, {"read": ["bob"]})
    answer = alice.get(f"{R}/r")
    assert answer.object.data["v"] == 1
    assert answer.grants == {"read": {"bob"}, "write": {"alice"}}
    assert bob.get(f"{R}/r").grants == {}  # protocol M-14, W-12


def test_who_may_not_read_learns_nothing(alice: Actor, bob: Actor, server: Server) -> None:
    alice.put(f"{R}/r")
    for uri in (f"{R}/r", f"{R}/none", f"{B}/collections/none", "/buckets/none"):
        with pytest.raises(Forbidden):
            bob.get(uri)  # protocol P-35
        with pytest.raises(Unauthenticated):
            Actor(server, None).get(uri)


def test_what_is_missing(alice: Actor) -> None:
    with pytest.raises(ObjectNotFound) as caught:
        alice.get(f"{R}/none")  # protocol R-19
    assert (caught.value.resource_name, caught.value.object_id) == ("record", "none")
    with pytest.raises(ParentNotFound) as above:
        alice.get(f"{B}/collections/none/records/r")  # protocol R-20
    assert (above.value.resource_name, above.value.object_id) == ("collection", "none")
    alice.delete(C)
    with pytest.raises(ParentNotFound):
        alice.list(R)


def test_preconditions_of_reads(alice: Actor, server: Server) -> None:
    stored = alice.put(f"{R}/r").object
    known = Preconditions(if_none_match=stored.last_modified)
    for read in (Actor(server, "alice", known).get, Actor(server, "alice", known).list):
        with pytest.raises(NotModified):
            read(f"{R}/r" if read.__name__ == "get" else R)
    with pytest.raises(ModifiedMeanwhile) as caught:
        alice.if_match(5).get(f"{R}/r")
    assert caught.value.existing == stored.text


def test_a_list_and_its_timestamp(alice: Actor) -> None:
    for name in "abc":
        alice.put(f"{R}/{name}")
    answer = alice.list(R)
    assert ids(answer.objects) == ["c", "b", "a"]
    assert answer.timestamp == answer.objects[0].last_modified
    assert (answer.after, answer.total) == (None, None)


def test_pages_of_a_list(alice: Actor) -> None:
    for index, name in enumerate("abc"):
        alice.put(f"{R}/{name}", {"v": index} if index else {})
    sorts = (Sort("v"),)
    first = alice.list(R, Query(sorts=sorts, limit=2))
    assert ids(first.objects) == ["b", "c"]
    assert first.after == {
        "id": "c",
        "last_modified": first.objects[1].last_modified,
        "v": 2,
    }
    second = alice.list(R, Query(sorts=sorts, limit=2, after=first.after))
    assert (ids(second.objects), second.after) == (["a"], None)


def test_counting(alice: Actor, bob: Actor) -> None:
    alice.put(f"{R}/a", {}, {"read": ["bob"]})
    alice.put(f"{R}/b")
    assert alice.list(R, count=True).total == 2
    assert bob.list(R, count=True).total == 1  # protocol P-34


def test_a_restricted_list_has_no_tombstones(alice: Actor, bob: Actor) -> None:
    for name in "ab":
        alice.put(f"{R}/{name}", {}, {"read": ["bob"]})
    alice.delete(f"{R}/b")
    query = Query(filters=(Filter("last_modified", Operator.GREATER, 0),), include_deleted=True)
    assert ids(alice.list(R, query).objects) == ["b", "a"]
    assert ids(bob.list(R, query).objects) == ["a"]  # protocol F-46


def test_who_may_create_sees_an_empty_list(alice: Actor, bob: Actor) -> None:
    alice.put(f"{R}/a")
    with pytest.raises(Forbidden):
        bob.list(R)
    alice.put(C, {}, {"record:create": ["bob"]})
    assert bob.list(R).objects == []  # protocol P-32


def test_sort_values_reach_into_objects() -> None:
    last = StoredObject("r", 5, '{"id":"r","last_modified":5,"o":{"k":[1]}}')
    sorts = (Sort("o.k"), Sort("none"), Sort("o.k.x"), Sort("last_modified"))
    assert sort_values(last, sorts) == {
        "id": "r",
        "last_modified": 5,
        "o.k": [1],
        "none": MISSING,
        "o.k.x": MISSING,
    }


def test_a_page_as_a_text(alice: Actor, bob: Actor) -> None:
    for index, name in enumerate("abc"):
        alice.put(f"{R}/{name}", {"v": index}, {"read": ["bob"]} if index else {})
    for actor, query in (
        (alice, Query()),
        (alice, Query(limit=2)),
        (alice, Query(limit=3)),
        (alice, Query(limit=1, sorts=(Sort("v"),))),
        (bob, Query(limit=1)),
    ):
        found, answer = actor.list(R, query), actor.list(R, query, as_text=True)
        assert answer.text == ",".join(item.text for item in found.objects)
        assert answer.objects == []
        assert (answer.after, answer.timestamp) == (found.after, found.timestamp)
    assert alice.list(R).text is None
