"""Protocol section 12: JSON schemas."""

from typing import Any

import pytest

from tests.protocol.client import BOB, B, C, Client, G, Json, R
from tests.protocol.conftest import MakeClient, with_blog

SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "title": {"type": "string"},
        "n": {"type": "integer", "minimum": 3},
        "o": {"type": "object", "properties": {"p": {"type": "string"}}, "required": ["p"]},
        "l": {"type": "array", "items": {"type": "string"}},
    },
    "required": ["title"],
}


@pytest.fixture
def checked(make_client: MakeClient) -> Client:
    """Alice with a collection that has the schema of AX-7."""
    client = with_blog(make_client({"experimental_collection_schema_validation": "true"}))
    client.put(C, {"data": {"schema": SCHEMA}})
    return client


def test_without_the_setting_nothing_is_checked(blog: Client) -> None:
    blog.put(C, {"data": {"schema": SCHEMA}})
    assert blog.put(f"{R}/r", {"data": {"schema": 12}}).data["schema"] == 12  # protocol J-1


@pytest.mark.parametrize(
    ("data", "name", "message"),
    [
        ({}, "title", "'title' is a required property"),
        ({"title": 5}, "title", "title in body: 5 is not of type 'string'"),
        ({"title": "x", "n": 1}, "n", "1 is less than the minimum of 3"),
        ({"title": "x", "o": {}}, "o", "'p' is a required property"),
        ({"title": "x", "o": {"p": 1}}, "p", "p in body: 1 is not of type 'string'"),
        ({"title": "x", "l": ["a", 2]}, 1, "1 in body: 2 is not of type 'string'"),
    ],
)
def test_the_recorded_faults(checked: Client, data: Json, name: Json, message: str) -> None:
    answer = checked.put(f"{R}/r", {"data": data})  # protocol J-7, AX-7
    [fault] = answer.faults
    assert fault[:2] == ("body", name)
    assert answer.json["message"].removeprefix(f"{name} in body: ") == message.removeprefix(
        f"{name} in body: "
    )
    assert checked.get(f"{R}/r").status == 404


def test_valid_records_are_stamped(checked: Client) -> None:
    stamp = checked.get(C).etag
    for data in ({"title": "x"}, {"title": "x", "schema": 12}):
        assert checked.put(f"{R}/r", {"data": data}).data["schema"] == stamp  # protocol J-9
    checked.put(C, {"data": {"schema": {}}})
    assert checked.put(f"{R}/r").data["schema"] == checked.get(C).etag


def test_every_write_is_checked(checked: Client) -> None:
    assert checked.post(R, {"data": {}}).status == 400  # protocol J-4
    checked.put(f"{R}/r", {"data": {"title": "x"}})
    for body in ({"data": {"title": 1}}, {"data": {"n": 0}}):
        assert checked.patch(f"{R}/r", body).status == 400
    assert checked.post(R, {"data": {"id": "r"}}).status == 200
    assert checked.delete(f"{R}/r").status == 200


def test_a_refused_patch_changes_nothing(checked: Client) -> None:
    checked.put(f"{R}/r", {"data": {"title": "x", "o": {"p": "q"}}})
    before = checked.get(f"{R}/r").json
    change = {"data": {"o": {"p": 5, "more": 1}}}
    for media_type in ("application/merge-patch+json", "application/json"):
        answer = checked.patch(f"{R}/r", change, content_type=media_type)
        assert answer.error == (400, 107)  # protocol W-18
    assert checked.get(f"{R}/r").json == before


def test_stale_records_are_checked_when_written(checked: Client) -> None:
    checked.put(f"{R}/r", {"data": {"title": "x"}})
    stamp = checked.put(C, {"data": {"schema": {**SCHEMA, "required": ["n"]}}}).etag
    assert checked.get(f"{R}?lt_schema={stamp}").ids == ["r"]  # protocol J-10
    assert checked.patch(f"{R}/r", {"permissions": {"read": [BOB]}}).status == 400
    assert checked.put(f"{R}/r", {"permissions": {"read": [BOB]}}).status == 400
    assert checked.delete(f"{R}/r").status == 200


def test_checking_can_be_stopped(checked: Client) -> None:
    checked.put(C, {"data": {}})  # protocol J-11
    assert checked.put(f"{R}/r", {"data": {"title": 5}}).status == 201
    checked.put(C, {"data": {"schema": SCHEMA}})
    assert checked.patch(C, {"data": {"schema": None}}).status == 400
    merged = {"content_type": "application/merge-patch+json"}
    assert checked.patch(C, {"data": {"schema": None}}, **merged).status == 200
    assert checked.put(f"{R}/r", {"data": {"title": 5}}).status == 200


def test_own_fields_need_no_mention(checked: Client) -> None:
    schema = {"properties": {"v": {}}, "additionalProperties": False, "required": ["v", "schema"]}
    checked.put(C, {"data": {"schema": schema}})
    assert checked.put(f"{R}/r", {"data": {"v": 1}}).status == 201  # protocol J-5
    assert checked.put(f"{R}/r", {"data": {"v": 1, "w": 1}}).status == 400


def test_a_schema_may_name_the_id(checked: Client) -> None:
    checked.put(C, {"data": {"schema": {"properties": {"id": {"pattern": "^a"}}}}})
    assert checked.put(f"{R}/b", {"data": {"id": "b"}}).status == 400  # protocol J-5
    assert checked.put(f"{R}/a", {"data": {"id": "a"}}).status == 201


@pytest.mark.parametrize(
    ("path", "field"),
    [(f"{R}/r", "record:schema"), (f"{B}/collections/d", "collection:schema"), (G, "group:schema")],
)
def test_the_bucket_has_schemas_for_what_it_holds(checked: Client, path: str, field: str) -> None:
    checked.put(B, {"data": {field: {"required": ["owner"]}}})  # protocol J-3
    data = {"title": "x"}
    answer = checked.put(path, {"data": data})
    assert answer.error == (400, 107)
    created = checked.put(path, {"data": {**data, "owner": "me"}})
    assert created.status == 201
    assert ("schema" in created.data) is (field == "record:schema")  # the collection's, J-9


@pytest.mark.parametrize(
    "schema",
    [
        {"minProperties": 5},
        {"const": {"a": 1}},
        {"not": {}},
        {"dependencies": {"a": ["b"]}},
        {"$schema": "http://json-schema.org/draft-07/schema#", "dependencies": {"a": ["b"]}},
    ],
)
def test_all_keywords_give_a_fault(checked: Client, schema: dict[str, Any]) -> None:
    assert checked.put(C, {"data": {"schema": schema}}).status == 200
    answer = checked.put(f"{R}/r", {"data": {"a": 5}})  # protocol J-8, W-17, W-36
    assert answer.error == (400, 107)


def test_what_is_stored_can_be_used(checked: Client) -> None:
    schema = {"properties": {"l": {"items": [{"type": "string"}]}}}  # an array: draft 7
    assert checked.put(C, {"data": {"schema": schema}}).status == 200
    assert checked.put(f"{R}/r", {"data": {"l": ["a", 1]}}).status == 201  # protocol W-36
    assert checked.put(f"{R}/r", {"data": {"l": [1]}}).status == 400


def test_unresolvable_references_are_a_fault(checked: Client) -> None:
    for reference in ("#/definitions/nope", "http://example.invalid/x.json"):
        answer = checked.put(C, {"data": {"schema": {"$ref": reference}}})
        if answer.status == 200:
            assert checked.put(f"{R}/r", {"data": {}}).error == (400, 107)  # protocol J-8
        assert answer.status in (200, 400)


@pytest.mark.parametrize(
    ("schema", "text"),
    [
        ({"type": "foo"}, "type'foo' is not valid under any of the given schemas"),
        ({"pattern": "["}, "pattern'[' is not a 'regex'"),
        ({"properties": {"a": 5}}, "a5 is not of type 'object', 'boolean'"),
    ],
)
def test_schemas_themselves_are_checked(blog: Client, schema: dict[str, Any], text: str) -> None:
    assert blog.put(C, {"data": {"schema": schema}}).faults == [("body", "data.schema", text)]
    patched = blog.patch(C, {"data": {"schema": schema}})  # protocol J-2
    assert patched.faults == [("body", "schema", text)]
