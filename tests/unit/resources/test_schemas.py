"""Objects are validated by the schemas of their collection and bucket."""

from typing import Any

import pytest

from kinto_core import json
from kinto_core.errors import InvalidInput
from kinto_core.objects import StoredObject, tombstone
from kinto_core.resources.addresses import object_address
from kinto_core.resources.bucket import BUCKET
from kinto_core.resources.collection import COLLECTION
from kinto_core.resources.definition import ResourceType
from kinto_core.resources.group import GROUP
from kinto_core.resources.record import RECORD
from kinto_core.resources.schemas import validate_object

VERSION = 77
NO_TITLE = {"required": ["title"]}
DRAFT_2020 = "https://json-schema.org/draft/2020-12/schema"


def stored(object_id: str, data: dict[str, Any]) -> StoredObject:
    """What is kept of a parent."""
    return StoredObject(object_id, VERSION, json.dumps({"id": object_id, **data}))


def write_record(
    data: dict[str, Any],
    schema: dict[str, Any] | None = None,
    *,
    shared: dict[str, Any] | None = None,
    object_id: str = "r",
) -> dict[str, Any]:
    """The fields of a record that is written to a collection with a schema."""
    fields = dict(data)
    bucket = stored("b", {} if shared is None else {"record:schema": shared})
    collection = stored("c", {} if schema is None else {"schema": schema})
    address = object_address(RECORD, ("b", "c", object_id))
    validate_object(fields, address, [bucket, collection, None])
    return fields


def write_in_bucket(
    kind: ResourceType, bucket: dict[str, Any], data: dict[str, Any], object_id: str = "o"
) -> dict[str, Any]:
    """The fields of a collection or group that is written to a bucket."""
    fields = dict(data)
    address = object_address(kind, ("b", object_id))
    validate_object(fields, address, [stored("b", bucket), None])
    return fields


def name_at_fault(data: dict[str, Any], schema: Any, **options: Any) -> Any:  # noqa: ANN401  any JSON
    """The name in the fault of a record that is refused."""
    with pytest.raises(InvalidInput) as caught:
        write_record(data, schema, **options)
    (fault,) = caught.value.faults
    assert fault.location == "body"
    return fault.name


def test_a_valid_record_is_stamped() -> None:
    assert write_record({"title": "x"}, NO_TITLE) == {"title": "x", "schema": VERSION}  # J-9
    assert write_record({"schema": "mine"}, {}) == {"schema": VERSION}


def test_without_a_schema_nothing_is_stamped() -> None:
    assert write_record({"schema": "mine"}) == {"schema": "mine"}  # protocol J-9
    assert write_record({"a": 1}, shared={}) == {"a": 1}


def test_a_schema_that_is_no_field_is_none() -> None:
    assert write_record({"a": 1}, shared=None) == {"a": 1}
    fields = {"a": 1}
    parents = [stored("b", {}), stored("c", {"title": 'a "schema"'}), None]
    validate_object(fields, object_address(RECORD, ("b", "c", "r")), parents)
    assert fields == {"a": 1}


@pytest.mark.parametrize(
    ("schema", "data", "name"),
    [
        ({"required": ["a", "b"]}, {"b": 1}, "b"),  # protocol J-7
        ({"properties": {"n": {"type": "string"}}}, {"n": 1}, "n"),
        ({"properties": {"o": {"properties": {"p": {"type": "string"}}}}}, {"o": {"p": 1}}, "p"),
        ({"properties": {"o": {"required": ["k"]}}}, {"o": {}}, "o"),
        ({"properties": {"l": {"items": {"type": "string"}}}}, {"l": ["a", 1]}, 1),
        ({"additionalProperties": False}, {"x": 1}, "additionalProperties"),
        ({"maxProperties": 0}, {"x": 1}, "maxProperties"),
        ({"properties": {"v": False}}, {"v": 1}, "properties"),
        ({"enum": [1, {"a": 2}]}, {"v": 1}, {"a": 2}),
        ({"minProperties": 3}, {"x": 1}, "minProperties"),  # protocol J-8, W-17
        ({"const": {"a": 1}}, {"x": 1}, "const"),
        ({"not": {}}, {"x": 1}, "not"),
        ({"dependencies": {"a": ["b"]}}, {"a": 1}, "dependencies"),  # protocol W-36
        ({"properties": {"v": {"uniqueItems": True}}}, {"v": [{"a": 1}, {"a": 1.0}]}, "v"),
        ({"patternProperties": {"^x": {"type": "string"}}}, {"xa": 1}, "xa"),
    ],
)
def test_the_first_error_is_named(schema: Any, data: dict[str, Any], name: Any) -> None:  # noqa: ANN401  any JSON
    assert name_at_fault(data, schema) == name


@pytest.mark.parametrize(
    ("schema", "data"),
    [
        ({"properties": {"v": {"uniqueItems": True}}}, {"v": [1, True, "1", [1], {"a": 1}]}),
        ({"patternProperties": {"^x": {}}, "additionalProperties": False}, {"xa": 1}),
        ({"properties": {"v": {"format": "email"}}}, {"v": "no address"}),  # protocol J-3
        ({"properties": {"v": {"type": "integer"}}}, {"v": 2.0}),
        ({"definitions": {"t": {"type": "string"}},
          "properties": {"v": {"$ref": "#/definitions/t"}}}, {"v": "x"}),
        ({"$schema": "http://example.org/none#", "properties": {"v": {"const": 1}}}, {"v": 1}),
        ({"$schema": DRAFT_2020, "dependencies": {"a": ["b"]}}, {"a": 1}),
    ],
)  # fmt: skip
def test_what_is_valid_is_accepted(schema: Any, data: dict[str, Any]) -> None:  # noqa: ANN401  any JSON
    assert write_record(data, schema) == {**data, "schema": VERSION}


def test_own_fields_need_no_mention() -> None:
    schema = {  # protocol J-5
        "required": ["id", "last_modified", "schema"],
        "additionalProperties": False,
    }
    assert write_record({"schema": 5}, schema) == {"schema": VERSION}


def test_a_schema_may_restrict_identifiers() -> None:
    schema = {"properties": {"id": {"pattern": "^[0-7]$"}}, "required": ["id"]}  # protocol J-5
    assert name_at_fault({}, schema, object_id="a") == "id"
    assert write_record({}, schema, object_id="3") == {"schema": VERSION}


def test_the_schema_of_the_bucket_applies_too() -> None:
    assert name_at_fault({}, {}, shared=NO_TITLE) == "title"  # protocol J-3
    assert name_at_fault({"schema": 1}, {}, shared={"required": ["other"]}) == "other"


@pytest.mark.parametrize(
    ("kind", "field"), [(COLLECTION, "collection:schema"), (GROUP, "group:schema")]
)
def test_collections_and_groups_follow_their_bucket(kind: ResourceType, field: str) -> None:
    with pytest.raises(InvalidInput):
        write_in_bucket(kind, {field: NO_TITLE, "schema": {}}, {})  # protocol J-3, J-13
    data = {"title": "x", "schema": {}}
    assert write_in_bucket(kind, {field: NO_TITLE}, data) == data  # not stamped
    assert write_in_bucket(kind, {"record:schema": NO_TITLE}, {}) == {}
    by_id = {field: {"properties": {"id": {"pattern": "^c"}}}}
    assert write_in_bucket(kind, by_id, {}, "c1") == {}


def test_buckets_follow_no_schema() -> None:
    fields = {"a": 1}
    validate_object(fields, object_address(BUCKET, ("b",)), [stored("b", {"record:schema": {}})])
    assert fields == {"a": 1}


def test_deleted_parents_have_no_schema() -> None:
    parents = [tombstone("b", 1), tombstone("c", 1), None]
    fields = {"a": 1}
    validate_object(fields, object_address(RECORD, ("b", "c", "r")), parents)
    assert fields == {"a": 1}


@pytest.mark.parametrize(
    "schema",
    [
        {"$ref": "#/definitions/nope"},  # protocol J-8
        {"$ref": "http://example.invalid/x.json"},
        {"$ref": "file:///etc/hosts"},
        {"$ref": "#"},
        {"$id": "http://[", "definitions": {"x": {"$id": "//["}},
         "properties": {"v": {"$ref": "#/definitions/x"}}},
        {"$ref": "#/x", "x": 5},
        {"$ref": "#/x", "x": {"type": "nope"}},
        {"properties": {"v": {"$ref": "#/x"}}, "x": {"pattern": "["}},
        {"$schema": DRAFT_2020, "$dynamicRef": "#nope"},
        {"$id": 5},  # stored by another server
    ],
)  # fmt: skip
def test_a_schema_that_cannot_be_used_is_a_fault(schema: Any) -> None:  # noqa: ANN401  any JSON
    assert name_at_fault({"v": "x"}, schema) == "schema"  # protocol W-36


def test_errors_stay_short() -> None:
    with pytest.raises(InvalidInput) as caught:
        write_record({"v": "x" * 100_000}, {"properties": {"v": {"type": "integer"}}})
    assert len(caught.value.faults[0].description) < 2000
