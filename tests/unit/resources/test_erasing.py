"""Erase what one principal owns."""

import pytest

from kinto_core.errors import Forbidden
from kinto_core.resources.access import Caller
from kinto_core.resources.erasing import erase_principal
from kinto_core.testing.recorder import HookRecorder
from tests.unit.resources.operating import Actor, G, R, ids


def erase(actor: Actor, principal: str) -> int:
    """Erase on behalf of an administrator."""
    uri = f"/__user_data__/{principal}"
    return actor.server.transact(
        lambda tx: erase_principal(tx, actor.server.rules, principal, Caller("root"), uri)
    )


def test_only_what_nobody_else_may_write_is_deleted(alice: Actor, bob: Actor) -> None:
    alice.put(f"{R}/shared", {}, {"write": ["bob"]})
    alice.put("/buckets/b", None, {"write": ["bob"]})
    bob.put(f"{R}/his")
    bob.put(f"{R}/open", {}, {"write": ["alice"]})
    bob.put("/buckets/own")
    bob.put("/buckets/own/collections/x")
    recorder = HookRecorder()
    bob.server.plugins.add(recorder, "recorder")
    assert erase(bob, "bob") == 2  # protocol V-27; what is inside went with the bucket
    assert ids(alice.list(R).objects) == ["open", "shared"]
    assert alice.get(f"{R}/open").grants == {"write": {"alice"}}
    deleted = [change.object_id for event in recorder.events() for change in event.changes]
    assert sorted(deleted) == ["his", "own"]
    assert {change.user_id for event in recorder.events() for change in event.changes} == {"root"}


def test_memberships_are_forgotten(alice: Actor, bob: Actor) -> None:
    alice.put(G, {"members": ["bob"]})
    alice.put(f"{R}/r", {}, {"read": [G, "bob"]})
    assert bob.get(f"{R}/r").object.id == "r"
    assert erase(alice, "bob") == 0
    with pytest.raises(Forbidden):
        bob.get(f"{R}/r")
    assert alice.get(G).object.data["members"] == ["bob"]  # protocol V-27
