"""Look, decide, hold: two writers never overlook each other."""

import pytest

from kinto_core.database.connection import Connection
from kinto_core.errors import ModifiedMeanwhile, ObjectNotFound, ParentNotFound
from kinto_core.objects import ListState
from kinto_core.resources.access import Caller
from kinto_core.resources.bodies import ObjectBody
from kinto_core.resources.calls import Call
from kinto_core.resources.deciding import hold, list_timestamp, look
from kinto_core.resources.preconditions import Preconditions
from kinto_core.resources.writing import replace
from kinto_core.server import Server
from tests.unit.resources.operating import Actor, C, R, address_of


def call_of(conditions: Preconditions) -> Call[ObjectBody]:
    """A call by alice."""
    body = ObjectBody({"v": 2}, None)
    return Call(read=lambda: body, caller=Caller("alice"), preconditions=conditions)


@pytest.fixture(autouse=True)
def looks_first(server: Server, alice: Actor) -> None:
    """Alice writes to the list for the first time in each test, as far as the server knows."""
    alice.put(f"{R}/first")
    server.backends.writers.forget("alice", (C, "record"))


def test_an_unchanged_list_is_not_read_again(alice: Actor, server: Server) -> None:
    alice.put(f"{R}/r")
    address = address_of(server.types, f"{R}/r")
    call = call_of(Preconditions())
    decisions: list[object] = []
    with server.transaction() as tx:
        seen = look(tx, address, call)
        assert hold(tx, address, call, seen, decisions.append) is seen
    assert decisions == []
    assert list_timestamp(seen) == alice.list(R).timestamp


def test_a_changed_list_is_read_and_decided_again(alice: Actor, server: Server) -> None:
    before = alice.put(f"{R}/r", {"v": 1}).object
    server.backends.writers.forget("alice", (C, "record"))
    address = address_of(server.types, f"{R}/r")
    call = call_of(Preconditions(if_match=before.last_modified))
    with server.transaction() as tx:
        seen = look(tx, address, call)
        changed = alice.put(f"{R}/r", {"v": 5}).object

        def decide(now: object) -> None:
            assert now != seen

        again = hold(tx, address, call, seen, decide)
        assert again.existing is not None
        assert again.existing.text == changed.text


def test_a_version_that_changed_in_between_is_not_overwritten(alice: Actor, server: Server) -> None:
    before = alice.put(f"{R}/r", {"v": 1}).object
    server.backends.writers.forget("alice", (C, "record"))
    address = address_of(server.types, f"{R}/r")
    others: list[int] = []

    def read() -> ObjectBody:
        if not others:  # somebody else writes after the first look
            others.append(alice.put(f"{R}/r", {"v": 5}).object.last_modified)
        return ObjectBody({"v": 2}, None)

    conditions = Preconditions(if_match=before.last_modified)
    call = Call(read=read, caller=Caller("alice"), preconditions=conditions)
    with pytest.raises(ModifiedMeanwhile) as caught:
        server.transact(lambda tx: replace(tx, server.rules, address, call))
    assert caught.value.last_modified == others[0]
    assert alice.get(f"{R}/r").object.data["v"] == 5


def test_nothing_is_written_into_a_list_that_went_away(alice: Actor, server: Server) -> None:
    address = address_of(server.types, f"{R}/r")
    gone: list[bool] = []

    def read() -> ObjectBody:
        if not gone:
            gone.append(alice.delete(C).object.deleted)
        return ObjectBody({"v": 2}, None)

    call = Call(read=read, caller=Caller("alice"))
    with pytest.raises(ParentNotFound):
        server.transact(lambda tx: replace(tx, server.rules, address, call))


def test_who_wrote_lately_holds_the_list_before_reading(alice: Actor, server: Server) -> None:
    alice.put(f"{R}/r")
    address = address_of(server.types, f"{R}/r")
    with server.transaction() as tx:
        seen = look(tx, address, call_of(Preconditions()))
        assert tx.lock_list((C, "record")) == seen.snapshot.list
        assert tx.connection is not None


def test_who_was_refused_holds_nothing_the_next_time(alice: Actor, server: Server) -> None:
    alice.put(f"{R}/r")
    writers, key = server.backends.writers, (C, "record")
    assert writers.knows("alice", key)
    with pytest.raises(ModifiedMeanwhile):
        alice.if_match(5).put(f"{R}/r")
    assert not writers.knows("alice", key)
    alice.put(f"{R}/r")
    assert writers.knows("alice", key)


def test_a_deletion_in_between_is_noticed(alice: Actor, server: Server) -> None:
    alice.put(f"{R}/r")
    alice.delete(f"{R}/r")
    with pytest.raises(ObjectNotFound):
        alice.delete(f"{R}/r")
    assert server.check()["storage"] is None


def test_a_list_that_is_made_anew_while_somebody_writes_to_it(
    alice: Actor, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    really = server.storage.lock_list
    gone = [True]

    def lock_list(connection: Connection, parent_id: str, resource: str) -> ListState | None:
        """The first time, as if somebody had deleted the collection, and then made it again."""
        return None if gone and gone.pop() else really(connection, parent_id, resource)

    monkeypatch.setattr(server.storage, "lock_list", lock_list)
    assert alice.put(f"{R}/r").is_new
    assert not gone
    assert alice.get(f"{R}/r").object.id == "r"
