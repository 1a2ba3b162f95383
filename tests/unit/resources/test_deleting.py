"""Delete one, delete many, with everything inside."""

import pytest

from kinto_core.errors import Forbidden, ModifiedMeanwhile, ObjectNotFound
from kinto_core.storage.query import Filter, Operator, Query, Sort
from kinto_core.testing.recorder import HookRecorder
from tests.unit.resources.operating import Actor, B, C, G, R, ids

CHANGES = Query(filters=(Filter("last_modified", Operator.GREATER, 0),), include_deleted=True)


def test_a_tombstone_is_left(alice: Actor) -> None:
    stored = alice.put(f"{R}/r", {"v": 1}).object
    dead = alice.delete(f"{R}/r").object
    assert dead.deleted
    assert dead.last_modified > stored.last_modified
    assert dead.data == {"id": "r", "last_modified": dead.last_modified, "deleted": True}
    assert alice.list(R).timestamp == dead.last_modified
    with pytest.raises(ObjectNotFound):
        alice.delete(f"{R}/r")  # protocol R-29


def test_wishes_for_the_timestamp(alice: Actor) -> None:
    stored = alice.put(f"{R}/a").object
    wish = stored.last_modified + 5000
    assert alice.delete(f"{R}/a", wish).object.last_modified == wish  # protocol T-14
    alice.put(f"{R}/b")
    assert alice.delete(f"{R}/b", 5).object.last_modified > wish


def test_preconditions_and_permissions(alice: Actor, bob: Actor) -> None:
    alice.put(f"{R}/r", {}, {"read": ["bob"]})
    with pytest.raises(ModifiedMeanwhile):
        alice.if_match(5).delete(f"{R}/r")
    with pytest.raises(Forbidden):
        bob.delete(f"{R}/r")  # protocol P-17
    assert not alice.get(f"{R}/r").object.deleted


def test_everything_inside_goes(alice: Actor, bob: Actor) -> None:
    alice.put(f"{R}/r", {}, {"read": ["bob"]})
    alice.put(f"{R}/dead")
    alice.delete(f"{R}/dead")
    alice.put(G, {"members": ["bob"]})
    before = alice.list(R).timestamp
    alice.delete(B)  # protocol R-30
    alice.put(B)
    alice.put(C)
    assert alice.list(R, CHANGES).objects == []
    assert alice.list(R).timestamp > before  # no one who remembers the old list misses a change
    with pytest.raises(Forbidden):
        bob.get(f"{R}/r")
    with bob.server.transaction() as tx:
        assert tx.groups("bob") == frozenset()  # protocol W-4


def test_lists_are_deleted_in_their_order(alice: Actor) -> None:
    for name, value in (("a", 2), ("b", 1), ("c", 3)):
        alice.put(f"{R}/{name}", {"v": value})
    answer = alice.empty(R, Query(sorts=(Sort("v"),), limit=2))
    assert ids(answer.tombstones) == ["b", "a"]  # protocol R-12
    stamps = [item.last_modified for item in answer.tombstones]
    assert stamps == sorted(set(stamps))  # protocol R-14
    assert answer.timestamp == stamps[-1]
    assert answer.after is not None
    assert answer.after["v"] == 2  # of the object, not of its tombstone: protocol G-13, W-25
    assert ids(alice.list(R).objects) == ["c"]


def test_an_empty_deletion_changes_nothing(alice: Actor) -> None:
    alice.put(f"{R}/a")
    before = alice.list(R).timestamp
    answer = alice.empty(R, Query(filters=(Filter("id", Operator.EQUAL, "none"),)))
    assert (answer.tombstones, answer.timestamp, answer.after) == ([], before, None)
    assert alice.list(R).timestamp == before


def test_only_what_one_may_write_is_deleted(alice: Actor, bob: Actor) -> None:
    alice.put(f"{R}/a", {}, {"write": ["bob"]})
    alice.put(f"{R}/b", {}, {"read": ["bob"]})
    assert ids(bob.empty(R).tombstones) == ["a"]  # protocol P-33
    with pytest.raises(Forbidden):
        bob.empty(R)
    assert ids(alice.list(R).objects) == ["b"]


def test_preconditions_of_lists(alice: Actor) -> None:
    alice.put(f"{R}/a")
    with pytest.raises(ModifiedMeanwhile):
        alice.if_match(5).empty(R)
    assert ids(alice.if_match(alice.list(R).timestamp).empty(R).tombstones) == ["a"]


def test_deletions_are_announced(alice: Actor) -> None:
    for name in "ab":
        alice.put(f"{R}/{name}")
    recorder = HookRecorder()
    alice.server.plugins.add(recorder, "recorder")
    alice.empty(R)
    [event] = recorder.events()
    assert [change.object_id for change in event.changes] == ["b", "a"]
    assert str(recorder.calls[0]) == "resource_changed delete record"
