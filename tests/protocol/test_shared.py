"""Protocol 7.7: everything that is shared with the caller."""

from typing import Any

import pytest

from tests.protocol.client import ALICE, BOB, EVERYONE, Client
from tests.protocol.conftest import MakeClient

ENABLED = {"experimental_permissions_endpoint": "true"}
P = "/buckets/p"
C = f"{P}/collections/c"
ROOT = {"uri": "/", "resource_name": "root", "permissions": ["bucket:create"]}


def layout(client: Client) -> None:
    """What alice shares with bob, as recorded."""
    client.put(P, {"permissions": {"read": [BOB]}})
    client.put(C, {"permissions": {"record:create": [BOB]}})
    client.put(f"{C}/records/r", {"permissions": {"write": [BOB]}})
    client.put(f"{P}/groups/g", {"permissions": {"read": [BOB]}})
    client.put("/buckets/q")


@pytest.fixture
def bob(make_client: MakeClient) -> Client:
    """Bob, with whom something is shared."""
    client = make_client(ENABLED)
    layout(client)
    return client.as_("bob")


def entries(client: Client, query: str = "") -> dict[str, set[str]]:
    """The permissions by URI."""
    return {one["uri"]: set(one["permissions"]) for one in client.get(f"/permissions{query}").data}


def test_every_entry(bob: Client) -> None:
    assert entries(bob) == {
        f"{P}/groups/g": {"read"},
        f"{C}/records/r": {"read", "write"},
        C: {"read:attributes", "record:create"},
        P: {"read:attributes", "read"},
        "/": {"bucket:create"},
    }  # protocol


def test_entries_tell_ids(bob: Client) -> None:
    found = {one["uri"]: one for one in bob.get("/permissions").data}
    record: dict[str, Any] = dict(found[f"{C}/records/r"])
    record.pop("permissions")
    assert record == {
        "uri": f"{C}/records/r",
        "resource_name": "record",
        "id": "r",
        "bucket_id": "p",
        "collection_id": "c",
        "record_id": "r",
    }  # protocol Q-2
    assert found["/"] == ROOT


def test_write_implies_the_rest(bob: Client) -> None:
    found = entries(bob.as_("alice"))  # protocol Q-3
    assert found[P] == {"read:attributes", "read", "write", "collection:create", "group:create"}
    assert found[C] == {"read:attributes", "read", "write", "record:create"}
    assert found[f"{P}/groups/g"] == {"read", "write"}


def test_everybody_sees_what_is_public(bob: Client) -> None:
    anyone = bob.as_(None)
    assert entries(anyone) == {}
    bob.as_("alice").patch(C, {"permissions": {"read": [EVERYONE]}})
    assert entries(anyone) == {C: {"read", "read:attributes"}}  # protocol Q-1


def test_groups_count(bob: Client) -> None:
    alice = bob.as_("alice")
    alice.put("/buckets/q/groups/h", {"data": {"members": [BOB]}})
    alice.patch("/buckets/q", {"permissions": {"read": ["/buckets/q/groups/h"]}})
    assert "/buckets/q" in entries(bob)


def test_settings_add_entries(make_client: MakeClient) -> None:
    client = make_client({**ENABLED, "collection_read_principals": BOB})
    layout(client)
    client.put("/buckets/q/collections/d")
    found = entries(client.as_("bob"))  # protocol Q-5
    assert found["/buckets/q/collections/d"] == {"read", "read:attributes"}
    assert "/buckets/q" not in found


def test_filters_sorts_and_pages(bob: Client) -> None:
    uris = sorted(entries(bob), reverse=True)
    assert [one["uri"] for one in bob.get("/permissions").data] == uris  # protocol Q-6
    assert set(entries(bob, "?resource_name=record")) == {f"{C}/records/r"}
    assert set(entries(bob, "?bucket_id=p&has_collection_id=true")) == {C, f"{C}/records/r"}
    assert set(entries(bob, "?_since=0&_sort=last_modified")) == set(uris)
    assert [one["uri"] for one in bob.get("/permissions?_sort=uri").data] == uris[::-1]
    found: list[str] = []
    page = bob.get("/permissions?_limit=2")  # protocol Q-7
    while True:
        found += [one["uri"] for one in page.data]
        if "Next-Page" not in page.headers:
            break
        page = bob.get("/" + page.headers["Next-Page"].partition("/v1/")[2])
    assert found == uris
    assert bob.head("/permissions").headers["Total-Objects"] == "5"


def test_fields_are_selected(bob: Client) -> None:
    [one] = bob.get("/permissions?resource_name=group&_fields=uri").data  # protocol Q-8
    assert one == {"uri": f"{P}/groups/g", "id": "g"}


@pytest.mark.parametrize(
    ("query", "name"), [("?foo=1", "foo"), ("?_sort=foo", None), ("?gt_foo=1", "gt_foo")]
)
def test_the_fields_are_known(bob: Client, query: str, name: str | None) -> None:
    [fault] = bob.get(f"/permissions{query}").faults  # protocol Q-10
    assert fault[:2] == ("querystring", name)
    assert "foo" in fault[2]


def test_unknown_fields_cannot_be_selected(bob: Client) -> None:
    [fault] = bob.get("/permissions?_fields=foo").faults  # protocol Q-10
    assert fault[2] == "Fields foo do not exist"


def test_preconditions_do_no_harm(bob: Client) -> None:
    etag = bob.get("/permissions").headers["ETag"]
    assert bob.get("/permissions", if_match=etag).status == 200  # protocol W-26
    assert bob.get("/permissions", if_none_match=etag).status == 200  # protocol Q-9


def test_other_methods_are_refused(bob: Client) -> None:
    answer = bob.post("/permissions")  # protocol Q-1
    assert answer.error == (405, 115)
    assert set(answer.headers["Allow"].split(", ")) == {"HEAD", "GET", "OPTIONS"}


def test_reading_can_be_restricted(make_client: MakeClient) -> None:
    client = make_client({**ENABLED, "permissions_read_principals": ALICE})  # protocol P-45
    assert client.get("/permissions").status == 200
    assert client.as_("bob").get("/permissions").error == (403, 121)
    assert client.as_(None).get("/permissions").error == (401, 104)
