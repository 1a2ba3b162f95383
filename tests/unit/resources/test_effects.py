"""What else happens when an object changes."""

from kinto_core.events.event import Action
from kinto_core.objects import ObjectKey, StoredObject, tombstone
from kinto_core.resources.access import Caller
from kinto_core.resources.calls import Call
from kinto_core.resources.effects import announce, before_delete
from kinto_core.server import Server
from tests.unit.resources.operating import Actor, B, C, G, R, Watch, address_of


def test_a_new_object_has_empty_lists(alice: Actor, watch: Watch) -> None:
    begun = alice.list(R).timestamp
    assert begun == alice.get(C).object.last_modified
    alice.put("/buckets/q", {"last_modified": watch.now + 5000})
    assert alice.list("/buckets/q/groups").timestamp == watch.now + 5000
    alice.put(C, {"x": 1})
    assert alice.list(R).timestamp == begun  # a change begins no list anew


def test_members_follow_the_group(alice: Actor, server: Server) -> None:
    def groups() -> frozenset[str]:
        with server.transaction() as tx:
            return tx.groups("bob")

    alice.put(G, {"members": ["bob"]})
    assert groups() == {G}  # protocol P-3
    alice.put(G, {"members": ["carol"]})
    assert groups() == frozenset()
    alice.patch(G, {"data": {"members": ["bob"]}})
    assert groups() == {G}
    alice.delete(G)
    assert groups() == frozenset()  # protocol P-8


def test_the_latest_timestamp_inside_is_told(alice: Actor, server: Server) -> None:
    latest = alice.put(f"{R}/r", {"last_modified": alice.list(R).timestamp + 9999}).object
    kind = server.types.by_name["bucket"]
    with server.transaction() as tx:
        key = ObjectKey("", "bucket", "b")
        assert before_delete(tx, server.rules, kind, key) == latest.last_modified
    record = server.types.by_name["record"]
    with server.transaction() as tx:
        assert before_delete(tx, server.rules, record, ObjectKey(C, "record", "r")) == 0


def test_changes_are_recorded_as_what_they_are(server: Server, alice: Actor) -> None:
    assert alice.user == "alice"
    address = address_of(server.types, f"{R}/r")
    call = Call(read=lambda: None, caller=Caller("alice"), url_ids={"bucket_id": "b"})
    old = StoredObject("r", 5, '{"id":"r","last_modified":5}')
    new = StoredObject("r", 6, '{"id":"r","last_modified":6}')
    with server.transaction() as tx:
        announce(tx, address, call, old, None)
        announce(tx, address, call, new, old)
        announce(tx, address, call, tombstone("r", 7), new)
        changes = [change for event in tx.collector.take() for change in event.changes]
    assert [change.action for change in changes] == [Action.CREATE, Action.UPDATE, Action.DELETE]
    assert {change.uri for change in changes} == {f"{R}/r"}
    assert changes[0].parent_uri == C
    assert changes[0].request_uri == f"{R}/r"
    assert changes[0].url_ids == {"bucket_id": "b"}
    assert B in changes[0].uri
