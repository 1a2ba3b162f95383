"""Create, replace and patch."""

from dataclasses import replace

import pytest

from kinto_core.errors import (
    Forbidden,
    InvalidInput,
    ModifiedMeanwhile,
    ObjectNotFound,
    ParentNotFound,
)
from kinto_core.resources.preconditions import Preconditions
from kinto_core.server import Server
from kinto_core.testing.recorder import HookRecorder
from tests.unit.resources.operating import Actor, B, C, R, Watch


def test_put_creates_and_replaces(alice: Actor, watch: Watch) -> None:
    created = alice.put(f"{R}/r", {"v": 1, "w": 2})
    assert created.is_new
    assert created.grants == {"write": {"alice"}}  # protocol P-20
    watch.now += 1000
    replaced = alice.put(f"{R}/r", {"v": 3})
    assert not replaced.is_new
    assert replaced.object.data == {"id": "r", "last_modified": watch.now, "v": 3}


def test_without_data_the_object_keeps_its_own(alice: Actor) -> None:
    alice.put(f"{R}/r", {"v": 1})
    answer = alice.put(f"{R}/r", None, {"read": ["bob"]})  # protocol R-23
    assert answer.object.data["v"] == 1
    assert answer.grants == {"read": {"bob"}, "write": {"alice"}}


def test_permissions_are_kept_or_replaced(alice: Actor) -> None:
    alice.put(C, {}, {"read": ["bob"], "record:create": ["bob"]})
    assert alice.put(C, {}).grants["record:create"] == {"bob"}  # protocol P-22
    assert alice.put(C, {}, {"read": ["carol"]}).grants == {"read": {"carol"}, "write": {"alice"}}


def test_timestamps_rise_although_the_clock_stands(alice: Actor) -> None:
    stamps = [alice.post(R).object.last_modified for _ in range(5)]
    assert stamps == list(range(stamps[0], stamps[0] + 5))  # protocol T-3


def test_wishes_for_timestamps(alice: Actor) -> None:
    listed = alice.put(f"{R}/a").object.last_modified
    past = alice.put(f"{R}/b", {"last_modified": 1000}).object
    assert past.last_modified == 1000  # protocol T-12
    again = alice.put(f"{R}/b", {"last_modified": 2000}).object
    assert again.last_modified > listed  # protocol W-21
    older = alice.put(f"{R}/b", {"last_modified": 5}).object
    assert older.last_modified > again.last_modified  # protocol T-11


def test_fields_of_the_server_are_not_the_clients(alice: Actor) -> None:
    answer = alice.put(f"{R}/r", {"deleted": True, "id": "r"})
    assert set(answer.object.data) == {"id", "last_modified"}  # protocol W-28
    with pytest.raises(InvalidInput):
        alice.put(f"{R}/r", {"id": "other"})  # protocol M-19


def test_malformed_ids_are_refused(alice: Actor) -> None:
    with pytest.raises(InvalidInput):
        alice.put(f"{R}/-bad")  # protocol M-9


def test_post_makes_an_id(alice: Actor) -> None:
    answer = alice.post(R, data={"v": 1})
    assert answer.is_new
    assert alice.get(f"{R}/{answer.object.id}").object == answer.object


def test_post_of_a_known_id_changes_nothing(alice: Actor, bob: Actor) -> None:
    before = alice.put(f"{R}/r", {"v": 1}).object
    answer = alice.post(R, "r", {"v": 2})  # protocol R-7
    assert (answer.is_new, answer.object) == (False, before)
    alice.put(C, {}, {"record:create": ["bob"]})
    with pytest.raises(Forbidden):
        bob.post(R, "r")


def test_creation_has_preconditions(alice: Actor, server: Server) -> None:
    with pytest.raises(ModifiedMeanwhile):
        alice.if_match(5).post(R)  # protocol T-18
    new_only = Actor(server, "alice", Preconditions(if_none_match="*"))
    new_only.put(f"{R}/r", {"v": 1})
    with pytest.raises(ModifiedMeanwhile) as caught:
        new_only.put(f"{R}/r")
    assert caught.value.existing is not None


def test_existing_objects_are_shown_to_readers_only(alice: Actor, bob: Actor) -> None:
    alice.put(f"{R}/r", {"pin": 1})
    alice.put(C, {}, {"record:create": ["bob"]})
    new_only = replace(bob, conditions=Preconditions(if_none_match="*"))
    with pytest.raises(ModifiedMeanwhile) as caught:
        new_only.put(f"{R}/r")  # protocol W-8
    assert caught.value.existing is None


def test_who_may_not_write(alice: Actor, bob: Actor) -> None:
    alice.put(f"{R}/r", {}, {"read": ["bob"]})
    for uri in (f"{R}/r", f"{R}/new", f"{B}/collections/none/records/r", "/buckets/none/groups/g"):
        with pytest.raises(Forbidden):
            bob.put(uri)  # protocol P-37, P-38, W-9
    with pytest.raises(ParentNotFound):
        alice.put(f"{B}/collections/none/records/r")  # protocol W-27


def test_patching(alice: Actor, bob: Actor) -> None:
    alice.put(f"{R}/r", {"v": 1, "w": 2})
    answer, patched = alice.patch(f"{R}/r", {"data": {"v": 5}})
    assert (answer.object.data["v"], answer.object.data["w"]) == (5, 2)
    assert patched.named == {"v"}
    with pytest.raises(ObjectNotFound):
        alice.patch(f"{R}/none", {"data": {}})  # protocol P-36
    with pytest.raises(Forbidden):
        bob.patch(f"{R}/r", {"data": {}})
    with pytest.raises(InvalidInput):
        alice.patch(f"{R}/r", {})  # protocol X-8
    with pytest.raises(InvalidInput):
        alice.patch(C, {"data": {"cache_expires": "x"}})  # protocol X-5


def test_patches_of_inherited_writers_keep_the_permissions(alice: Actor, bob: Actor) -> None:
    alice.put(f"{R}/r", {}, {"read": ["carol"]})
    alice.put(B, None, {"write": ["bob"]})
    answer, _ = bob.patch(f"{R}/r", {"data": {"v": 1}})  # protocol W-1
    assert answer.grants == {"read": {"carol"}, "write": {"alice", "bob"}}


def test_changes_are_announced(alice: Actor, server: Server) -> None:
    recorder = HookRecorder()
    server.plugins.add(recorder, "recorder")
    alice.put(f"{R}/r", {"v": 1})
    alice.patch(f"{R}/r", {"data": {"v": 2}})
    alice.post(R, "r")
    assert recorder.texts == [
        "resource_changed create record",
        "after_resource_changed create record",
        "resource_changed update record",
        "after_resource_changed update record",
    ]
    [created, updated] = recorder.events()
    assert updated.changes[0].old == created.changes[0].new
