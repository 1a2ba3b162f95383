"""What only one object may have, called without HTTP as plugins and commands do."""

from typing import Any

import pytest

from kinto_core.errors import InvalidInput, NotUnique
from kinto_core.resources.access import Caller
from kinto_core.resources.bodies import ObjectBody
from kinto_core.resources.calls import Call
from kinto_core.resources.writing import replace
from kinto_core.server import Server
from kinto_core.testing.recorder import HookRecorder
from tests.unit.resources.operating import Actor, C, R, address_of


@pytest.fixture
def people(alice: Actor) -> Actor:
    """Alice with a collection in which addresses are unique, and one record."""
    alice.put(C, {"unique": ["email"]}, {"record:create": ["bob"]})
    alice.put(f"{R}/a", {"email": "ann"})
    return alice


def test_the_refusal_says_what_is_there(people: Actor, bob: Actor) -> None:
    with pytest.raises(NotUnique) as refused:
        people.put(f"{R}/b", {"email": "ann"})
    assert refused.value.field == "email"
    assert refused.value.existing == people.get(f"{R}/a").object.text
    with pytest.raises(NotUnique) as refused:
        bob.put(f"{R}/b", {"email": "ann"})
    assert refused.value.existing is None
    for uri in (f"{R}/a", C):
        people.patch(uri, {"permissions": {"read": ["bob"]}})
        with pytest.raises(NotUnique) as refused:
            bob.put(f"{R}/b", {"email": "ann"})
        assert refused.value.existing == people.get(f"{R}/a").object.text
        people.patch(uri, {"permissions": {"read": []}})


def test_a_refused_write_leaves_no_trace(people: Actor, server: Server) -> None:
    recorder = HookRecorder()
    server.plugins.add(recorder, "recorder")
    before = people.list(R)
    with pytest.raises(NotUnique):
        people.put(f"{R}/b", {"email": "ann"}, {"read": ["bob"]})
    assert people.list(R) == before
    assert recorder.events() == []


def test_one_transaction_sees_its_own_writes(people: Actor, server: Server) -> None:
    def put(name: str, email: str) -> None:
        address = address_of(server.types, f"{R}/{name}")
        call = Call(read=lambda: ObjectBody({"email": email}, None), caller=Caller("alice"))
        replace(tx, server.rules, address, call)

    with server.transaction() as tx:
        put("b", "ben")
        with pytest.raises(NotUnique):
            put("c", "ben")
        put("b", "other")
        put("c", "ben")
    emails = {item.id: item.data["email"] for item in people.list(R).objects}
    assert emails == {"a": "ann", "b": "other", "c": "ben"}


def test_only_unique_values_that_change_are_looked_up(
    alice: Actor, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Any] = []
    rival = server.storage.rival

    def noted(*arguments: Any) -> Any:  # noqa: ANN401  as the method
        asked.append(arguments[3])
        return rival(*arguments)

    monkeypatch.setattr(server.storage, "rival", noted)
    alice.put(C, {"indexes": ["email"], "schema": {"properties": {"unique": {}}}})
    alice.put(f"{R}/a", {"email": "ann"})
    alice.delete(f"{R}/a")
    assert asked == []
    alice.put(C, {"indexes": ["email"], "unique": ["name"]})
    alice.put(f"{R}/a", {"email": "ann"})
    assert asked == [("name",)]


def test_a_declaration_that_is_refused_changes_nothing(alice: Actor, server: Server) -> None:
    for name in ("a", "b"):
        alice.put(f"{R}/{name}", {"email": "ann", "x": name})
    before = alice.get(C).object
    with pytest.raises(InvalidInput) as refused:
        alice.put(C, {"unique": ["x", "email"]})
    [fault] = refused.value.faults
    assert (fault.location, fault.name) == ("body", "unique")
    assert fault.description == "'email': the records 'a' and 'b' have the same value"
    assert alice.get(C).object == before
    body = ObjectBody({"unique": ["x", "email"]}, None)
    call = Call(read=lambda: body, caller=Caller("alice"))
    with server.transaction() as tx, pytest.raises(InvalidInput):
        replace(tx, server.rules, address_of(server.types, C), call)
    assert alice.get(C).object == before
    alice.put(C, {"unique": ["x"]})
    alice.patch(f"{R}/a", {"data": {"x": "free"}})
    alice.put(f"{R}/c", {"x": "a"})
