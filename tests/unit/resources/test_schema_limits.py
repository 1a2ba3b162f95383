"""Schemas from strangers cannot hold a worker."""

from typing import Any

import pytest

from kinto_core.errors import Fault
from kinto_core.resources.meta_schemas import MAX_SCHEMA_BYTES, schema_fault
from kinto_core.resources.patterns import InvalidPattern, compile_pattern, time_limit
from kinto_core.resources.schemas import validate

DRAFT_7 = "http://json-schema.org/draft-07/schema#"
DRAFT_2020 = "https://json-schema.org/draft/2020-12/schema"
EVIL = "(a+)+$"
EVIL_AHEAD = "(?=a)(a|aa)+$"
LONG = "a" * 50_000 + "!"


def doubling(keyword: str, definitions: str) -> dict[str, Any]:
    """Schemas that each apply the next one twice, forty deep."""
    found: dict[str, Any] = {
        f"a{i}": {keyword: [{"$ref": f"#/{definitions}/a{i + 1}"}] * 2} for i in range(40)
    }
    return {**found, "a40": {"type": "string"}}


@pytest.mark.parametrize("pattern", [EVIL, EVIL_AHEAD, r"^(a+)+\1b$"])
def test_a_pattern_ends_in_time(pattern: str) -> None:
    found = validate({"v": LONG}, {"properties": {"v": {"pattern": pattern}}})
    assert isinstance(found, Fault)


def test_a_pattern_in_a_part_with_a_dialect_of_its_own_ends_in_time() -> None:
    part = {"$schema": DRAFT_7, "pattern": EVIL}
    schema = {"$schema": DRAFT_7, "properties": {"v": {"$ref": "#"}, "w": part}}
    found = validate({"v": {"w": "a" * 100 + "!"}}, schema)
    assert isinstance(found, Fault)
    assert found.name == "w"


@pytest.mark.parametrize("keyword", ["patternProperties", "propertyNames"])
def test_patterns_of_names_end_in_time(keyword: str) -> None:
    schema = {
        "patternProperties": {EVIL: False},
        "propertyNames": {"pattern": EVIL},
    }
    assert validate({LONG: 1}, {keyword: schema[keyword], "additionalProperties": False})


def test_recursion_that_doubles_ends_in_time() -> None:
    schema = {"definitions": doubling("anyOf", "definitions"), "properties": {"v": {}}}
    schema["properties"]["v"] = {"$ref": "#/definitions/a0"}
    found = validate({"v": 1}, schema)
    assert isinstance(found, Fault)
    assert found.name == "schema"


def test_unevaluated_properties_end_in_time() -> None:
    chain: dict[str, Any] = {}
    for i in range(40):
        following = {"$ref": f"#/$defs/a{i + 1}"}
        chain[f"a{i}"] = {"dependentSchemas": {"x": following, "y": following}}
    schema = {
        "$schema": DRAFT_2020,
        "$defs": chain | {"a40": {}},
        "$ref": "#/$defs/a0",
        "unevaluatedProperties": False,
    }
    found = validate({"x": 1, "y": 2}, schema)
    assert isinstance(found, Fault)


def test_comparing_many_items_ends_in_time() -> None:
    schema = {"properties": {"v": {"uniqueItems": True}}}
    assert validate({"v": [{"a": i} for i in range(20_000)]}, schema) is None


def test_deep_objects_and_endless_references_are_refused() -> None:
    found = validate({}, {"$ref": "#"})
    assert isinstance(found, Fault)
    data: dict[str, Any] = {}
    for _ in range(500):
        data = {"p": data}
    assert isinstance(validate(data, {"properties": {"p": {"$ref": "#"}}}), Fault)


@pytest.mark.parametrize(
    ("schema", "text"),
    [
        ({"type": "foo"}, "type'foo' is not valid under any of the given schemas"),  # J-2
        ({"properties": {"a": 5}}, "a5 is not of type 'object', 'boolean'"),
        ({"pattern": "["}, "pattern'[' is not a 'regex'"),
        ({"$schema": "bogus"}, "$schema'bogus' is not a 'uri'"),
        ({"exclusiveMinimum": True}, "exclusiveMinimumTrue is not of type 'number'"),
    ],
)
def test_a_faulty_schema_is_described(schema: dict[str, Any], text: str) -> None:
    assert schema_fault(schema) == text


@pytest.mark.parametrize(
    "schema",
    [
        {"$schema": "http://json-schema.org/draft-04/schema#", "exclusiveMinimum": True},
        {"$schema": DRAFT_2020, "items": [{}]},  # protocol W-36
        {"patternProperties": {"[": {}}},
        {"title": "x" * MAX_SCHEMA_BYTES},
        {"$schema": DRAFT_2020, "patternProperties": {}, "unevaluatedProperties": False},
    ],
)
def test_a_schema_that_would_make_writes_fail_is_refused(schema: dict[str, Any]) -> None:
    assert schema_fault(schema) is not None


@pytest.mark.parametrize(
    "schema",
    [
        {},
        {"items": [{}]},
        {"pattern": r"^(?!no)\p{L}+$"} | {"pattern": r"^(?!no)\w+$"},
        {"$schema": DRAFT_7, "patternProperties": {}, "unevaluatedProperties": False},
        {"$schema": DRAFT_2020, "$defs": {"a": {}}, "$ref": "#/$defs/a"},
        {"$schema": "http://json-schema.org/draft-04/schema#", "minimum": 1},
        {"default": "any", "examples": [1], "title": "t", "x-own": {"type": 5}},
    ],
)
def test_a_good_schema_is_accepted(schema: dict[str, Any]) -> None:
    assert schema_fault(schema) is None


def test_a_schema_nested_without_end_is_refused() -> None:
    schema: dict[str, Any] = {}
    for _ in range(500):
        schema = {"not": schema}
    assert schema_fault(schema) is not None


@pytest.mark.parametrize("pattern", ["[", "(", "*", "(?P<n", "a" * 20_000])
def test_what_is_no_pattern_is_refused(pattern: str) -> None:
    with pytest.raises(InvalidPattern):
        compile_pattern(pattern)


@pytest.mark.parametrize(
    ("pattern", "text", "found"),
    [
        ("^a+$", "aaa", True),
        ("b", "abc", True),
        ("^(?!no)", "note", False),
        (r"(.)\1", "abb", True),
        ("^a{1,2000}$", "a" * 1500, True),
    ],
)
def test_patterns_search(pattern: str, text: str, found: bool) -> None:
    assert compile_pattern(pattern)(text) is found


def test_a_search_stops_at_the_deadline() -> None:
    search = compile_pattern(EVIL_AHEAD)
    with time_limit(0.05), pytest.raises(TimeoutError):
        search(LONG)
