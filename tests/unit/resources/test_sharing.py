"""Everything that one caller has a permission on."""

from typing import Any

from kinto_core.resources.access import Caller
from kinto_core.resources.sharing import shared_objects
from kinto_core.server import Server
from kinto_core.testing import make_settings
from tests.unit.resources.operating import Actor, B, C, G, R


def entries(server: Server, user: str | None) -> dict[str, dict[str, Any]]:
    """The entries by URI."""
    with server.transaction() as tx:
        return {one["uri"]: one for one in shared_objects(tx, server.rules, Caller(user))}


def test_direct_and_implied_permissions(alice: Actor) -> None:
    alice.put(f"{R}/r", {}, {"read": ["bob"]})
    alice.put(C, None, {"record:create": ["bob"]})
    alice.put(G, {"members": []})
    found = entries(alice.server, "bob")
    assert {uri: set(one["permissions"]) for uri, one in found.items()} == {
        "/": {"bucket:create"},
        C: {"record:create", "read:attributes"},
        f"{R}/r": {"read"},
    }  # protocol
    mine = entries(alice.server, "alice")
    assert set(mine[B]["permissions"]) == {
        "read",
        "write",
        "read:attributes",
        "collection:create",
        "group:create",
    }
    assert set(mine[G]["permissions"]) == {"read", "write"}


def test_entries_name_the_ids(alice: Actor) -> None:
    alice.put(f"{R}/r")
    found = entries(alice.server, "alice")[f"{R}/r"]
    assert found.pop("permissions") == ["read", "write"]
    assert found == {
        "uri": f"{R}/r",
        "resource_name": "record",
        "id": "r",
        "bucket_id": "b",
        "collection_id": "c",
        "record_id": "r",
    }  # protocol Q-2


def test_groups_and_everybody_count(alice: Actor) -> None:
    alice.put(G, {"members": ["bob"]})
    alice.put(C, None, {"read": [G]})
    alice.put(f"{R}/r", {}, {"read": ["system.Everyone"]})
    assert set(entries(alice.server, "bob")) == {"/", C, f"{R}/r"}
    assert set(entries(alice.server, None)) == {f"{R}/r"}  # protocol Q-1


def test_settings_add_entries_but_not_for_records() -> None:
    values = {"collection_read_principals": "bob", "record_read_principals": "bob"}
    with Server(make_settings(values)) as server:
        server.prepare()
        alice = Actor(server)
        alice.put(B)
        alice.put(C)
        alice.put(f"{R}/r")
        found = entries(server, "bob")  # protocol Q-5
        assert set(found) == {"/", C}
        assert found[C]["permissions"] == ["read", "read:attributes"]
