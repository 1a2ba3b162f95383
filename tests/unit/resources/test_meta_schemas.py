"""What is accepted as a JSON schema."""

from typing import Any

import pytest

from kinto_core.resources.meta_schemas import MAX_SCHEMA_BYTES, schema_fault

DRAFT_7 = "http://json-schema.org/draft-07/schema#"
NEWEST = "https://json-schema.org/draft/2020-12/schema"


@pytest.mark.parametrize(
    "schema",
    [
        {},
        {"frob": {"nope": 1}},
        {"type": ["string", "null"], "enum": []},
        {"properties": {"a": True, "b": {"$ref": "#/definitions/x"}}, "definitions": {"x": {}}},
        {"items": [{"type": "string"}]},
        {"$schema": "http://example.org/none#"},
        {"$schema": "http://json-schema.org/draft-04/schema#", "minimum": 1},
        {"$schema": NEWEST, "prefixItems": [{}], "unevaluatedProperties": False},
        {"$ref": "http://example.invalid/x.json"},
        {"pattern": "^(?=.*[0-9])"},
        {"$schema": DRAFT_7, "patternProperties": {}, "unevaluatedProperties": False},
        {"$schema": NEWEST, "$defs": {"a": {}}, "$ref": "#/$defs/a"},
        {"default": "any", "examples": [1], "title": "t", "x-own": {"type": 5}},
    ],
)
def test_schemas_are_accepted(schema: dict[str, Any]) -> None:
    assert schema_fault(schema) is None  # protocol J-2


@pytest.mark.parametrize(
    ("schema", "text"),
    [
        ({"type": "foo"}, "type'foo' is not valid under any of the given schemas"),
        ({"properties": {"a": 5}}, "a5 is not of type 'object', 'boolean'"),
        ({"pattern": "["}, "pattern'[' is not a 'regex'"),
        ({"patternProperties": {"[": {}}}, "'[' is not a 'regex'"),
        ({"$schema": "bogus"}, "$schema'bogus' is not a 'uri'"),
        ({"$schema": 5}, "$schema5 is not of type 'string'"),
        ({"exclusiveMinimum": True}, "exclusiveMinimumTrue is not of type 'number'"),
        (
            {"$schema": "http://json-schema.org/draft-04/schema#", "exclusiveMinimum": True},
            "exclusiveMinimumTrue is not of type 'number'",
        ),
        ({"required": "a"}, "required'a' is not of type 'array'"),
    ],
)
def test_the_text_of_the_first_fault(schema: dict[str, Any], text: str) -> None:
    fault = schema_fault(schema)  # protocol J-2
    assert fault is not None
    assert fault.endswith(text)


def test_a_schema_must_be_valid_in_its_own_dialect_too() -> None:
    assert schema_fault({"$schema": NEWEST, "items": [{}]}) is not None  # protocol W-36
    assert schema_fault({"items": [{}]}) is None


def test_patterns_stay_within_our_reach() -> None:
    schema = {
        "$schema": NEWEST,
        "patternProperties": {"(a+)+$": {}},
        "allOf": [{"unevaluatedProperties": False}],
    }
    assert "cannot be used together" in (schema_fault(schema) or "")


@pytest.mark.parametrize("depth", [500, 100_000])
def test_bottomless_schemas_are_refused(depth: int) -> None:
    schema: dict[str, Any] = {}
    for _ in range(depth):
        schema = {"not": schema}
    assert "nested too deeply" in (schema_fault(schema) or "")


def test_huge_schemas_are_refused() -> None:
    assert "longer than" in (schema_fault({"description": "x" * MAX_SCHEMA_BYTES}) or "")


def test_the_text_is_bounded() -> None:
    assert len(schema_fault({"type": "x" * 100_000}) or "") < 1000
