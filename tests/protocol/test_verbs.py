"""Protocol section 3: what each method does to lists and objects."""

import pytest

from tests.protocol.client import ALICE, BOB, EVERYONE, B, C, Client, G, R
from tests.protocol.conftest import MakeClient, with_blog

OBJECTS = [B, C, G, f"{R}/r"]


def test_a_list_is_sorted_newest_first(blog: Client) -> None:
    for name in ("b", "a", "c"):
        blog.put(f"{R}/{name}")
    answer = blog.get(R)  # protocol
    assert answer.ids == ["c", "a", "b"]
    assert answer.etag == answer.data[0]["last_modified"]
    assert "Last-Modified" in answer.headers
    assert set(answer.json) == {"data"}  # protocol M-12
    assert "Total-Objects" not in answer.headers


def test_head_counts_live_objects(blog: Client) -> None:
    for name in "abc":
        blog.put(f"{R}/{name}", {"data": {"v": name}})
    blog.delete(f"{R}/c")
    for query, total in (("", 2), ("?_limit=1", 2), ("?v=a", 1), ("?_since=0", 2)):
        answer = blog.head(R + query)  # protocol R-3
        assert answer.headers["Total-Objects"] == str(total)
        assert answer.headers["Total-Records"] == str(total)
        assert "Next-Page" not in answer.headers
        assert answer.text == b""


def test_post_creates(blog: Client) -> None:
    answer = blog.post(R, {"data": {"v": 1}})  # protocol
    assert answer.status == 201
    assert answer.etag == answer.data["last_modified"]
    assert answer.permissions == {"write": {ALICE}}
    assert "Cache-Control" not in answer.headers  # protocol T-30
    assert blog.post(R, {"data": {"id": "mine"}}).data["id"] == "mine"  # protocol R-6


def test_post_of_something_known_gives_it_back(blog: Client) -> None:
    blog.put(f"{R}/a", {"data": {"v": 1}, "permissions": {"read": [EVERYONE]}})
    before = blog.get(f"{R}/a")
    answer = blog.post(R, {"data": {"id": "a", "v": 2}, "permissions": {"write": [BOB]}})
    assert answer.status == 200  # protocol R-7
    assert answer.json == before.json
    assert blog.get(f"{R}/a").json == before.json


def test_post_of_something_known_needs_read(blog: Client) -> None:
    blog.patch(C, {"permissions": {"record:create": [BOB]}})
    blog.put(f"{R}/a", {"data": {"v": 1}})
    blog.put(f"{R}/b", {"permissions": {"read": [BOB]}})
    bob = blog.as_("bob")
    assert bob.post(R, {"data": {"id": "a"}}).status == 403  # protocol R-7
    assert bob.post(R, {"data": {"id": "b"}}).status == 200


def test_delete_of_a_list_leaves_tombstones(blog: Client) -> None:
    for name in "abc":
        blog.put(f"{R}/{name}", {"data": {"v": name}})
    answer = blog.delete(f"{R}?_sort=v")  # protocol
    assert answer.ids == ["a", "b", "c"]
    assert all(set(item) == {"id", "last_modified", "deleted"} for item in answer.data)
    stamps = [item["last_modified"] for item in answer.data]
    assert len(set(stamps)) == 3
    assert answer.etag == max(stamps) == blog.get(R).etag
    again = blog.delete(R)
    assert (again.status, again.data) == (200, [])
    assert again.etag == max(stamps)


def test_delete_of_a_list_follows_filters(blog: Client) -> None:
    for name in "abc":
        blog.put(f"{R}/{name}", {"data": {"v": name}})
    assert blog.delete(f"{R}?gt_v=a").ids == ["c", "b"]  # protocol R-12
    assert blog.get(R).ids == ["a"]
    assert blog.delete(f"{R}?_since=0").ids == ["a"]  # protocol R-14


def test_delete_of_a_page_keeps_the_permissions_of_others(blog: Client) -> None:
    for name in "abc":
        blog.put(f"{B}/collections/{name}", {"permissions": {"read": [BOB]}})
        blog.put(f"{B}/collections/{name}/records/r", {"permissions": {"read": [BOB]}})
    deleted = set(blog.delete(f"{B}/collections?_limit=1&not_id=c").ids)  # protocol W-2
    kept = {"a", "b", "c"} - deleted
    assert len(kept) == 2
    bob = blog.as_("bob")
    for name in kept:
        assert bob.get(f"{B}/collections/{name}").status == 200
        assert bob.get(f"{B}/collections/{name}/records/r").status == 200


def test_a_body_of_delete_must_be_json(blog: Client) -> None:
    assert blog.request("DELETE", R, b"{").status == 400  # protocol R-16
    assert blog.request("DELETE", R, b"{}").status == 200


@pytest.mark.parametrize("path", OBJECTS)
def test_the_life_of_an_object(alice: Client, path: str) -> None:
    for parent in (B, C):
        if path not in (B, parent):
            alice.put(parent)
    created = alice.put(path, {"data": {"x": 1, "y": 2}})  # protocol R-22
    assert created.status == 201
    assert alice.get(path).json == created.json
    replaced = alice.put(path, {"data": {"x": 3}})
    assert replaced.status == 200
    assert "y" not in replaced.data
    kept = alice.put(path, {"permissions": {"read": [BOB]}})  # protocol
    assert kept.data["x"] == 3
    assert kept.data["last_modified"] > replaced.data["last_modified"]  # protocol P-26
    same = alice.put(path, {"data": {"x": 3}})
    assert same.etag > kept.etag  # protocol R-25
    assert same.permissions == {"read": {BOB}, "write": {ALICE}}
    deleted = alice.delete(path)  # protocol
    assert deleted.json == {
        "data": {"id": same.data["id"], "last_modified": deleted.etag, "deleted": True}
    }
    again = alice.put(path)  # protocol R-26
    assert again.status == 201
    assert again.permissions == {"write": {ALICE}}
    assert again.etag > deleted.etag


def test_head_of_an_object(blog: Client) -> None:
    etag = blog.put(f"{R}/a").etag
    answer = blog.head(f"{R}/a")  # protocol R-18
    assert (answer.status, answer.text, answer.etag) == (200, b"", etag)


def test_a_missing_object(blog: Client) -> None:
    answer = blog.get(f"{R}/unknown")  # protocol R-19
    assert answer.json == {
        "code": 404,
        "errno": 110,
        "error": "Not Found",
        "details": {"id": "unknown", "resource_name": "record"},
    }
    blog.put(f"{R}/a")
    blog.delete(f"{R}/a")
    for method in ("GET", "DELETE"):
        assert blog.request(method, f"{R}/a").error == (404, 110)  # protocol R-29


def test_a_missing_parent(blog: Client) -> None:
    for method in ("GET", "PUT", "DELETE"):
        answer = blog.request(method, f"{B}/collections/none/records/r")  # protocol R-20
        assert answer.error == (404, 111)
        assert answer.json["details"] == {"id": "none", "resource_name": "collection"}
    assert blog.get(f"{B}/collections/none/records").error == (404, 111)
    assert blog.post(f"{B}/collections/none/records").error == (404, 111)


def test_strangers_do_not_learn_which_collections_exist(blog: Client) -> None:
    for name in ("c", "none"):  # protocol W-9
        path = f"{B}/collections/{name}/records"
        assert blog.as_("bob").post(path).error == (403, 121)
        assert blog.as_(None).put(f"{path}/r").error == (401, 104)


def test_nothing_is_created_below_a_missing_bucket(make_client: MakeClient) -> None:
    client = make_client({"collection_create_principals": "system.Authenticated"})
    answer = client.put("/buckets/none/collections/c")  # protocol W-27
    assert answer.error == (404, 111)
    assert answer.json["details"] == {"id": "none", "resource_name": "bucket"}


def test_deleting_a_bucket_deletes_everything_inside(blog: Client) -> None:
    for path in (f"{R}/a", f"{R}/dead"):
        blog.put(path, {"permissions": {"read": [BOB]}})
    blog.delete(f"{R}/dead")
    blog.put(G, {"data": {"members": [BOB]}})
    blog.delete(B)  # protocol R-30
    assert blog.get(C).status == 403
    with_blog(blog)
    assert blog.get(f"{B}/groups?_since=0").data == []
    assert blog.get(f"{R}?_since=0").data == []  # protocol R-31
    assert blog.as_("bob").get(f"{R}/a").status == 403


def test_deleting_a_collection_leaves_its_tombstone_alone(blog: Client) -> None:
    blog.put(f"{R}/a")
    blog.put(f"{R}/dead")
    blog.delete(f"{R}/dead")
    blog.delete(C)  # protocol
    assert blog.get(f"{B}/collections?_since=0").ids == ["c"]
    assert blog.get(R).error == (404, 111)
    blog.put(C)
    assert blog.get(f"{R}?_since=0").data == []


def test_deleting_lists_cascades_too(blog: Client) -> None:
    blog.put(f"{R}/a", {"permissions": {"read": [BOB]}})
    assert blog.delete("/buckets").ids == ["b"]  # protocol R-15
    with_blog(blog)
    assert blog.get(f"{R}?_since=0").data == []
    assert blog.as_("bob").get(f"{R}/a").status == 403


@pytest.mark.parametrize(("gone", "stays"), [("x_y", "xzy"), ("aa", "aab"), ("a%", "aab")])
def test_similar_names_are_not_deleted_along(alice: Client, gone: str, stays: str) -> None:
    bob = alice.as_("bob")
    path = f"/buckets/{stays}"
    for one in (
        path,
        f"{path}/collections/c",
        f"{path}/collections/c/records/r",
        f"{path}/groups/g",
    ):
        assert bob.put(one, {"permissions": {"read": [ALICE]}}).status == 201
    bob.put(f"{path}/collections/c/records/dead")
    bob.delete(f"{path}/collections/c/records/dead")
    before = bob.get(f"{path}/collections/c/records?_since=0").json
    if "%" not in gone:
        alice.put(f"/buckets/{gone}")
        assert alice.delete(f"/buckets/{gone}").status == 200  # protocol W-10
    for name in ("a_b", "aab"):
        bob.put(f"{path}/collections/{name}")
        bob.put(f"{path}/collections/{name}/records/r", {"permissions": {"read": [ALICE]}})
    assert bob.delete(f"{path}/collections/a_b").status == 200
    assert bob.get(f"{path}/collections/c/records?_since=0").json == before
    assert alice.get(f"{path}/groups/g").status == 200
    assert alice.get(f"{path}/collections/aab/records/r").status == 200


def test_deleting_a_group_withdraws_its_principal(blog: Client) -> None:
    blog.put(G, {"data": {"members": [BOB]}})
    blog.put(C, {"permissions": {"read": [G]}})
    bob = blog.as_("bob")
    assert bob.get(C).status == 200
    assert G in bob.get("/").json["user"]["principals"]
    blog.delete(G)  # protocol R-30, P-8
    assert bob.get(C).status == 403
    assert G not in bob.get("/").json["user"]["principals"]
    assert blog.get(C).permissions["read"] == {G}


def test_groups_of_a_deleted_bucket_are_gone(blog: Client) -> None:
    blog.put(G, {"data": {"members": [BOB]}})
    blog.delete(B)  # protocol R-33, W-4
    with_blog(blog)
    blog.put(G)
    blog.patch(C, {"permissions": {"read": [G]}})
    assert blog.as_("bob").get(C).status == 403
    assert G not in blog.as_("bob").get("/").json["user"]["principals"]
