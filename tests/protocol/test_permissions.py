"""Protocol section 7: who may do what. The matrix is the recorded one."""

from typing import Any

import pytest

from tests.protocol.client import ALICE, BOB, EVERYONE, Answer, Client, Json, user_id
from tests.protocol.conftest import MakeClient

CAROL = user_id("carol")
P = "/buckets/p"
C = f"{P}/collections/c"
R = f"{C}/records"
G = f"{P}/groups/g"

COLUMNS = [
    ("GET", P),
    ("GET", f"{P}/collections"),
    ("GET", C),
    ("GET", R),
    ("GET", f"{R}/r1"),
    ("GET", f"{R}/none"),
    ("POST", R),
    ("PATCH", f"{R}/r1"),
    ("PATCH", f"{R}/none"),
    ("GET", f"{P}/groups"),
    ("POST", f"{P}/groups"),
]
NO = "403"
MATRIX: list[tuple[tuple[str, str] | None, str]] = [
    (None, " ".join([NO] * 11)),
    ((P, "read"), "200 c,d 200 r1,r2 200 404 403 403 404 g 403"),
    ((P, "write"), "200 c,d 200 r1,r2 200 404 201 200 404 g 201"),
    ((P, "collection:create"), "200 - 403 403 403 403 403 403 403 403 403"),
    ((P, "group:create"), "200 403 403 403 403 403 403 403 403 - 201"),
    ((C, "read"), "403 c 200 r1,r2 200 404 403 403 404 403 403"),
    ((C, "write"), "403 c 200 r1,r2 200 404 201 200 404 403 403"),
    ((C, "record:create"), "403 c 200 - 403 403 201 403 403 403 403"),
    ((f"{R}/r1", "read"), "403 403 403 r1 200 403 403 403 403 403 403"),
    ((f"{R}/r1", "write"), "403 403 403 r1 200 403 403 200 403 403 403"),
    ((G, "read"), "403 403 403 403 403 403 403 403 403 g 403"),
]


@pytest.fixture
def layout(alice: Client) -> Client:
    """Alice with the objects of the recorded matrix."""
    for path in (P, C, f"{P}/collections/d", G, f"{R}/r1", f"{R}/r2"):
        assert alice.put(path).status == 201
    return alice


def outcome(answer: Answer, column: tuple[str, str]) -> str:
    """A cell: the ids of a list, ``-`` for an empty one, else the status."""
    is_list = column[0] == "GET" and isinstance(answer.json.get("data"), list)
    return ",".join(sorted(answer.ids)) or "-" if is_list else str(answer.status)


@pytest.mark.parametrize(("entry", "row"), MATRIX)
@pytest.mark.parametrize("who", ["bob", None])
def test_the_recorded_matrix(
    layout: Client, entry: tuple[str, str] | None, row: str, who: str | None
) -> None:
    if entry is not None:
        path, name = entry  # protocol P-15, P-16, P-31, P-32, P-35, P-36
        layout.patch(path, {"permissions": {name: [BOB if who else EVERYONE]}})
    client = layout.as_(who)
    cells = []
    for column in COLUMNS:
        body = {"data": {"v": 1}} if column[0] != "GET" else None
        cells.append(outcome(client.request(*column, body), column))
        for created in layout.get(f"{P}/groups?not_id=g").ids:
            layout.delete(f"{P}/groups/{created}")
    expected = row.replace(NO, "401") if who is None else row  # protocol P-30
    assert cells == expected.split()


def test_children_are_created_by_those_who_may(layout: Client) -> None:
    layout.patch(P, {"permissions": {"collection:create": [BOB]}})
    bob = layout.as_("bob")
    assert bob.put(f"{P}/collections/his").status == 201  # protocol P-15, P-37
    assert bob.put(f"{P}/groups/his").status == 403
    assert bob.delete(f"{P}/collections/his").status == 200  # protocol P-17
    assert bob.put(C).status == 403  # protocol P-38


def test_who_writes_may_write(layout: Client) -> None:
    layout.patch(P, {"permissions": {"write": [BOB]}})
    bob = layout.as_("bob")
    assert bob.put(f"{R}/r1").permissions == {"write": {ALICE, BOB}}  # protocol P-20
    gone = bob.patch(f"{R}/r1", {"permissions": {"write": []}})
    assert gone.permissions == {"write": {BOB}}  # protocol P-24


def test_permissions_are_replaced_by_put(layout: Client) -> None:
    layout.put(C, {"permissions": {"read": [BOB], "record:create": [BOB]}})
    same: Json
    for same in ({}, {"permissions": {}}, {"permissions": {"read": None}}):
        expected = {"read": {BOB}, "record:create": {BOB}, "write": {ALICE}}
        assert layout.put(C, same).permissions == expected  # protocol P-22
    assert layout.put(C, {"permissions": {"read": [CAROL]}}).permissions == {
        "read": {CAROL},
        "write": {ALICE},
    }


def test_ownership_can_be_left_to_the_request(make_client: MakeClient) -> None:
    client = make_client({"explicit_permissions": "false"})
    created = client.put(P, {"permissions": {"read": [BOB]}})
    assert created.status == 201
    assert client.get(P).status == 403  # protocol Z-1, P-20
    assert client.as_("bob").get(P).status == 200


def test_anonymous_creators_own_nothing(make_client: MakeClient) -> None:
    layout = make_client({"anonymous_ownership": "false"})
    layout.put(P)
    layout.put(C, {"permissions": {"record:create": [EVERYONE]}})
    anyone = layout.as_(None)
    created = anyone.post(R, {"data": {"v": 1}})
    assert created.status == 201
    path = f"{R}/{created.data['id']}"
    assert anyone.patch(path, {"data": {"v": 2}}).status == 401  # protocol W-13
    assert anyone.delete(path).status == 401
    assert layout.get(path).data["v"] == 1


def test_anonymous_ownership_can_be_switched_on(make_client: MakeClient) -> None:
    client = make_client({"anonymous_ownership": "true", "bucket_create_principals": EVERYONE})
    anyone = client.as_(None)
    assert anyone.put(P).permissions == {"write": {EVERYONE}}  # protocol W-13, P-20
    assert anyone.delete(P).status == 200


@pytest.mark.parametrize(
    ("path", "names"),
    [
        (P, "read, write, collection:create, group:create"),
        (C, "read, write, record:create"),
        (G, "read, write"),
        (f"{R}/r1", "read, write"),
    ],
)
def test_permission_names(layout: Client, path: str, names: str) -> None:
    lists: dict[str, Any] = {name: [BOB] for name in names.split(", ")}  # protocol P-10
    assert layout.put(path, {"permissions": lists}).status == 200
    [(_, name, text)] = layout.put(path, {"permissions": {"bogus": []}}).faults
    assert name == "permissions"  # protocol P-12
    assert text.startswith('"bogus" is not one of read, write')


@pytest.mark.parametrize(
    ("value", "name"),
    [("x", "permissions.read"), ([1], "permissions.read.0"), (["a", ""], "permissions.read.1"),
     ([None], "permissions.read.0")],
)  # fmt: skip
def test_malformed_lists(layout: Client, value: Json, name: str) -> None:
    [fault] = layout.put(C, {"permissions": {"read": value}}).faults  # protocol P-12
    assert fault[:2] == ("body", name)


def test_any_text_is_a_principal(layout: Client) -> None:
    odd = ["anything goes", "/buckets/none/groups/none", "é"]  # protocol P-2
    assert layout.put(C, {"permissions": {"read": odd}}).permissions["read"] == set(odd)


def test_groups_count_at_once(layout: Client) -> None:
    layout.put(C, {"permissions": {"write": [G]}})
    bob = layout.as_("bob")
    assert bob.get(C).status == 403
    layout.put(G, {"data": {"members": [BOB]}})  # protocol P-3, P-5, AX-9
    assert bob.get(C).permissions == {"write": {G, ALICE}}
    assert bob.get(P).status == 403
    layout.patch(G, {"data": {"members": []}})
    assert bob.get(C).status == 403
    layout.patch(G, {"data": {"members": ["system.Authenticated"]}})
    assert bob.get(C).status == 200
    assert layout.as_(None).get(C).status == 401


def test_shared_objects_of_a_list(layout: Client) -> None:
    for name in ("r1", "r2"):
        layout.patch(f"{R}/{name}", {"data": {"v": name}})
    layout.patch(f"{R}/r1", {"permissions": {"read": [BOB]}})
    bob = layout.as_("bob")
    assert bob.get(f"{R}?v=r2").data == []  # protocol P-34
    assert bob.head(R).headers["Total-Objects"] == "1"
    assert bob.get(R).etag == layout.get(R).etag
    assert "Next-Page" not in bob.get(f"{R}?_limit=1").headers


def test_deleting_what_is_shared(layout: Client) -> None:
    bob = layout.as_("bob")
    assert bob.delete(R).error == (403, 121)  # protocol P-33
    layout.patch(f"{R}/r1", {"permissions": {"read": [BOB]}})
    assert bob.delete(R).error == (403, 121)
    layout.patch(f"{R}/r2", {"permissions": {"write": [BOB]}})
    assert bob.delete(R).ids == ["r2"]
    layout.patch(C, {"permissions": {"record:create": [BOB]}})
    assert bob.delete(R).data == []


def test_permissions_die_with_the_object(layout: Client) -> None:
    layout.patch(f"{R}/r1", {"permissions": {"read": [BOB]}})
    layout.delete(f"{R}/r1")
    layout.put(f"{R}/r1")
    assert layout.as_("bob").get(f"{R}/r1").status == 403  # protocol P-25, R-26


CALLS = {
    "GET:P": ("GET", P), "PUT:P": ("PUT", P), "GET:C": ("GET", C), "PUT:C": ("PUT", C),
    "GET:C*": ("GET", f"{P}/collections"), "PUT:Cnew": ("PUT", f"{P}/collections/new"),
    "GET:R": ("GET", f"{R}/r1"), "PUT:R": ("PUT", f"{R}/r1"), "GET:R*": ("GET", R),
    "PUT:Rnew": ("PUT", f"{R}/new"), "GET:G*": ("GET", f"{P}/groups"),
    "PUT:Gnew": ("PUT", f"{P}/groups/new"),
}  # fmt: skip


@pytest.mark.parametrize(
    ("setting", "allowed"),
    [
        ("collection_write_principals", "GET:C PUT:C GET:C* PUT:Cnew"),
        ("collection_read_principals", "GET:C GET:C*"),
        ("record_create_principals", "PUT:Rnew GET:R*"),
        ("record_read_principals", "GET:R GET:R*"),
        ("bucket_write_principals", "GET:P PUT:P"),
        ("bucket_read_principals", "GET:P"),
        ("group_create_principals", "PUT:Gnew GET:G*"),
    ],
)
def test_settings_give_rights(make_client: MakeClient, setting: str, allowed: str) -> None:
    client = make_client({setting: f"x {BOB}\n y"})
    bob = client.as_("bob")  # protocol P-45, P-46
    found = set()
    for name, call in CALLS.items():
        for path in (P, C, G, f"{R}/r1"):
            client.put(path)
        if bob.request(*call).status < 300:
            found.add(name)
        client.delete(P)
    assert found == set(allowed.split())


def test_rights_from_settings_are_not_shown(make_client: MakeClient) -> None:
    client = make_client({"bucket_read_principals": BOB})
    client.put(P)
    assert client.as_("bob").get(P).permissions == {}  # protocol P-49
    assert client.as_("bob").get("/buckets/none").error == (404, 110)  # protocol P-47


def test_lists_of_buckets(make_client: MakeClient) -> None:
    client = make_client({"bucket_create_principals": ALICE})
    client.put(P)
    client.put("/buckets/q", {"permissions": {"group:create": [BOB]}})
    assert client.get("/buckets").ids == ["q", "p"]  # protocol P-48
    assert client.as_("bob").get("/buckets").ids == ["q"]
    assert client.as_("carol").get("/buckets").error == (403, 121)
    assert client.as_("bob").put("/buckets/his").status == 403  # protocol P-11


def test_strangers_learn_nothing_from_faults(layout: Client) -> None:
    bob = layout.as_("bob")
    for path in (f"{R}/r1", f"{R}/none", f"{R}/-bad"):
        assert bob.put(path, b"{").status == 403  # protocol 0-19, M-9
        assert bob.get(path, if_match="bad").status == 403
