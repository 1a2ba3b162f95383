"""Protocol section 2: identifiers, envelopes, fields."""

import re

import pytest

from tests.protocol.client import ALICE, BOB, EVERYONE, B, C, Client, G, Json, R
from tests.protocol.conftest import MakeClient, with_blog


@pytest.mark.parametrize("good", ["a", "0", "A-b_c", "x" * 3000])
def test_ids_are_accepted(blog: Client, good: str) -> None:
    assert blog.put(f"{R}/{good}").data["id"] == good  # protocol M-5


@pytest.mark.parametrize("bad", ["-a", "_a", "a.b", "%C3%A9", "a%20", "a%0A"])
def test_malformed_ids_are_refused(blog: Client, bad: str) -> None:
    for method in ("GET", "PUT", "PATCH", "DELETE"):
        body = {"data": {"v": 1}} if method in ("PUT", "PATCH") else None
        answer = blog.request(method, f"{R}/{bad}", body)  # protocol M-9, W-29
        assert answer.faults == [("path", None, "Invalid object id")]


def test_the_case_of_ids_matters(blog: Client) -> None:
    blog.put(f"{R}/a", {"data": {"v": 1}})  # protocol M-5
    assert blog.get(f"{R}/A").status == 404


def test_a_malformed_parent_is_a_missing_one(alice: Client) -> None:
    alice.put(B)
    answer = alice.put(f"{B}/collections/-bad/records/r")  # protocol M-9
    assert answer.error == (404, 111)
    assert answer.json["details"] == {"id": "-bad", "resource_name": "collection"}


def test_no_id_contains_a_slash(alice: Client) -> None:
    assert alice.get("/buckets/a%2Fb").error == (404, 111)  # protocol M-8


def test_ids_are_generated(blog: Client) -> None:
    name = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{7}")  # protocol M-6
    for path in ("/buckets", f"{B}/collections", f"{B}/groups"):
        assert name.fullmatch(blog.post(path).data["id"])
    uuid = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
    assert uuid.fullmatch(blog.post(R).data["id"])


def test_the_generator_can_be_chosen(make_client: MakeClient) -> None:
    client = with_blog(make_client({"record_id_generator": "UUID4"}))  # protocol M-7
    good = "61a8c407-1a6e-40ad-8378-0aad0c161e27"
    assert client.put(f"{R}/{good}").status == 201
    assert client.put(f"{R}/{good.upper()}").status == 400
    assert client.put(f"{R}/plain").status == 400


def test_the_envelope_has_two_keys(blog: Client) -> None:
    answer = blog.put(f"{R}/a", {"x": 1})  # protocol M-10
    assert answer.faults == [("body", "", "Unrecognized keys in mapping: \"{'x': 1}\"")]


@pytest.mark.parametrize("body", [None, b"", {}])
def test_without_a_body_the_object_is_empty(blog: Client, body: Json) -> None:
    data = blog.put(f"{R}/a", body).data  # protocol M-11, M-16
    assert set(data) == {"id", "last_modified"}


@pytest.mark.parametrize("value", [None, [], "x", 5])
@pytest.mark.parametrize("key", ["data", "permissions"])
def test_both_parts_are_objects(blog: Client, key: str, value: Json) -> None:
    [(location, name, _)] = blog.put(f"{R}/a", {key: value}).faults  # protocol M-11
    assert (location, name) == ("body", key)


def test_empty_permissions_are_left_out(blog: Client) -> None:
    answer = blog.put(f"{R}/a", {"permissions": {"read": []}})  # protocol M-13
    assert answer.permissions == {"write": {ALICE}}


def test_permissions_are_shown_to_those_who_may_write(blog: Client) -> None:
    blog.patch(C, {"permissions": {"read": [BOB], "record:create": [BOB, "basicauth:carol"]}})
    bob = blog.as_("bob")
    bob.put(f"{R}/his", {"permissions": {"read": [EVERYONE]}})
    expected = {"read": {EVERYONE}, "write": {BOB}}
    assert bob.get(f"{R}/his").permissions == expected  # protocol M-14
    assert blog.get(f"{R}/his").permissions == expected  # protocol W-12
    assert blog.as_(None).get(f"{R}/his").permissions == {}
    blog.put(f"{R}/hers")
    assert bob.get(f"{R}/hers").permissions == {}


def test_some_answers_have_no_permissions(blog: Client) -> None:
    blog.put(f"{R}/a", {"data": {"v": 1}})  # protocol M-15
    assert "permissions" not in blog.get(f"{R}/a?_fields=v").json
    answer = blog.patch(f"{R}/a", {"data": {"v": 2}}, response_behavior="light")
    assert "permissions" not in answer.json
    assert "permissions" not in blog.delete(f"{R}/a").json


@pytest.mark.parametrize("path", [B, C, G, f"{R}/a"])
def test_free_fields_are_kept(blog: Client, path: str) -> None:
    sent = {"": 1, "a.b": None, "_x": {"deep": [1, {"z": True}]}, "é": "☃", "__permissions__": {}}
    blog.put(path, {"data": sent})  # protocol M-17, M-20, W-3
    stored = blog.get(path).data
    assert {name: stored[name] for name in sent} == sent


def test_a_client_cannot_mark_an_object_as_deleted(blog: Client) -> None:
    blog.put(f"{R}/a", {"data": {"deleted": True}})
    blog.put(f"{R}/b")
    blog.patch(f"{R}/b", {"data": {"deleted": True}})
    assert "deleted" not in blog.get(f"{R}/a").data  # protocol W-28
    assert "deleted" not in blog.get(f"{R}/b").data
    assert blog.head(R).headers["Total-Objects"] == "2"


@pytest.mark.parametrize("value", ["other", None, 5])
def test_the_id_of_an_object_is_its_address(blog: Client, value: Json) -> None:
    expected = [("body", "id", "Object id does not match existing object")]
    assert blog.put(f"{R}/a", {"data": {"id": value}}).faults == expected  # protocol M-19
    blog.put(f"{R}/a")
    assert blog.patch(f"{R}/a", {"data": {"id": value}}).faults == expected


def test_patches_cannot_remove_the_id(blog: Client) -> None:
    blog.put(f"{R}/a")
    merged = blog.patch(
        f"{R}/a", {"data": {"id": None}}, content_type="application/merge-patch+json"
    )
    assert merged.data["id"] == "a"  # protocol M-19
    removed = blog.patch(
        f"{R}/a",
        [{"op": "remove", "path": "/data/id"}],
        content_type="application/json-patch+json",
    )
    assert removed.data["id"] == "a"


@pytest.mark.parametrize(("sent", "stored"), [("5", 5), (1.7, 1), (True, 1), (-3, -3)])
def test_the_cache_time_of_a_collection_is_a_number(blog: Client, sent: Json, stored: int) -> None:
    assert blog.put(C, {"data": {"cache_expires": sent}}).data["cache_expires"] == stored


@pytest.mark.parametrize("sent", [None, "", []])
def test_an_empty_cache_time_is_dropped(blog: Client, sent: Json) -> None:
    assert "cache_expires" not in blog.put(C, {"data": {"cache_expires": sent}}).data  # M-21


def test_other_cache_times_are_refused(blog: Client) -> None:
    answer = blog.put(C, {"data": {"cache_expires": "x"}})  # protocol M-21
    assert answer.faults == [("body", "data.cache_expires", '"x" is not a number')]
    patched = blog.patch(C, {"data": {"cache_expires": "x"}})  # protocol X-5
    assert patched.faults == [("body", "cache_expires", '"x" is not a number')]


@pytest.mark.parametrize(
    ("path", "field"),
    [(C, "schema"), (B, "record:schema"), (B, "group:schema"), (B, "collection:schema")],
)
def test_schemas_are_checked_when_stored(blog: Client, path: str, field: str) -> None:
    bad: Json
    for bad in ({"type": "foo"}, [], None):  # protocol M-21, M-22, J-2
        [(location, name, _)] = blog.put(path, {"data": {field: bad}}).faults
        assert (location, name) == ("body", f"data.{field}")
    assert blog.put(path, {"data": {field: {"type": "object"}}}).status == 200


@pytest.mark.parametrize("member", ["/buckets/b/groups/h", EVERYONE])
def test_some_members_are_refused(blog: Client, member: str) -> None:
    answer = blog.put(G, {"data": {"members": ["basicauth:x", member]}})  # protocol M-23
    assert answer.faults == [("body", "data.members.1", f"'{member}' is not a valid user ID.")]
    blog.put(G)
    patched = blog.patch(G, {"data": {"members": [member]}})
    assert patched.faults == [("body", "members.0", f"'{member}' is not a valid user ID.")]


def test_members_are_kept_as_sent(blog: Client) -> None:
    members = ["b", "a", "b", "system.Authenticated"]  # protocol M-23
    assert blog.put(G, {"data": {"members": members}}).data["members"] == members
    for bad in (None, "x"):
        assert blog.put(G, {"data": {"members": bad}}).status == 400


def test_members_are_empty_unless_given(blog: Client) -> None:
    assert blog.put(G, {"data": {}}).data["members"] == []  # protocol M-24
    blog.put(G, {"data": {"members": ["a"]}})
    assert blog.put(G, {"data": {"x": 1}}).data["members"] == []


@pytest.mark.parametrize(
    "number",
    [2**63 - 1, 2**64 - 1, -(2**63), 123456789012345678901234567890, 1.5, 1e300, -0.5, 0],
)
def test_numbers_are_kept_exactly(blog: Client, number: float) -> None:
    answer = blog.put(f"{R}/a", {"data": {"v": number}})  # protocol M-26; big integers exactly
    assert answer.data["v"] == number
    assert type(answer.data["v"]) is type(number)
    assert blog.get(f"{R}/a").data == answer.data


@pytest.mark.parametrize("text", ["18446744073709551616.0", "-0.0", "1E2", "1.10"])
def test_what_a_write_answers_is_what_is_stored(blog: Client, text: str) -> None:
    written = blog.put(f"{R}/a", b'{"data":{"v":%s}}' % text.encode())  # protocol W-35
    stored = blog.get(f"{R}/a")
    assert re.findall(rb'"v":[^,}]+', stored.text) == re.findall(rb'"v":[^,}]+', written.text)


@pytest.mark.parametrize(
    "text", ["1e400", "NaN", "Infinity", '"\\ud800"', '"\\u0000"', "[" * 600 + "]" * 600]
)
def test_what_cannot_be_kept_is_refused(blog: Client, text: str) -> None:
    answer = blog.put(f"{R}/a", b'{"data":{"v":%s}}' % text.encode())  # protocol M-26, W-20, W-17
    assert answer.error == (400, 107)
    assert blog.get(f"{R}/a").status == 404


def test_nul_in_a_name_is_refused(blog: Client) -> None:
    assert blog.put(f"{R}/a", b'{"data":{"\\u0000":1}}').error == (400, 107)  # protocol W-20
    assert blog.put(f"{R}/a", b'{"permissions":{"read":["a\\u0000"]}}').error == (400, 107)


def test_json_may_be_a_hundred_levels_deep(blog: Client) -> None:
    value = b"[" * 90 + b"]" * 90  # protocol W-17
    assert blog.put(f"{R}/a", b'{"data":{"v":' + value + b"}}").status == 201


def test_the_last_of_two_equal_keys_wins(blog: Client) -> None:
    assert blog.put(f"{R}/a", b'{"data":{"v":1,"v":2}}').data["v"] == 2  # protocol M-26


def test_single_endpoints_can_be_switched_off(make_client: MakeClient) -> None:
    off = {"plural_record_delete_enabled": "false", "object_record_get_enabled": "false"}
    client = with_blog(make_client(off))  # protocol M-4
    refused = client.delete(R)
    assert refused.error == (405, 115)
    assert refused.headers["Allow"] == "HEAD, GET, POST, OPTIONS"
    client.put(f"{R}/a")
    assert client.get(f"{R}/a").status == 405
    assert client.head(f"{R}/a").status == 405


def test_the_methods_of_lists_and_objects(blog: Client) -> None:
    assert blog.put(R).headers["Allow"] == "HEAD, GET, POST, DELETE, OPTIONS"  # protocol M-3
    assert blog.post(f"{R}/a").headers["Allow"] == "GET, HEAD, PUT, PATCH, DELETE, OPTIONS"
