"""Schemas from strangers cannot hold a worker that validates objects with them."""

from typing import Any

import pytest

from kinto_core.errors import Fault
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
    assert validate({"v": [{"a": i} for i in range(4_000)]}, schema) is None


def test_deep_objects_and_endless_references_are_refused() -> None:
    found = validate({}, {"$ref": "#"})
    assert isinstance(found, Fault)
    data: dict[str, Any] = {}
    for _ in range(500):
        data = {"p": data}
    assert isinstance(validate(data, {"properties": {"p": {"$ref": "#"}}}), Fault)
