"""The dialects of JSON schema, made safe to run with the schemas of strangers.

Each is the one of ``jsonschema`` with these differences: every rule looks at the time first;
patterns run on ``patterns.py``; comparing all items of a list takes linear time; and a schema is
read in one dialect throughout, whatever ``$schema`` its parts name. What is valid is not decided
here, but in ``meta_schemas.py`` for schemas and in ``schemas.py`` for objects.

Source: protocol J-3, W-36.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

import attrs
from jsonschema import (
    Draft3Validator,
    Draft4Validator,
    Draft6Validator,
    Draft7Validator,
    Draft201909Validator,
    Draft202012Validator,
    ValidationError,
    validators,
)

from kinto_core.resources.patterns import check_time, compile_pattern

Validator = Any
"""A validator of ``jsonschema``, or its class; both are made at run time."""
Errors = Iterator[ValidationError]
Rule = Callable[[Validator, Any, Any, Mapping[str, Any]], Any]
"""Checks one keyword: ``(validator, the keyword's value, instance, schema) -> errors``."""


def _pattern(validator: Validator, pattern: str, instance: Any, _schema: object) -> Errors:  # noqa: ANN401  any JSON value
    if validator.is_type(instance, "string") and not compile_pattern(pattern)(instance):
        yield ValidationError(f"{instance!r} does not match {pattern!r}")


def _pattern_properties(
    validator: Validator,
    patterns: Mapping[str, Any],
    instance: Any,  # noqa: ANN401  any JSON value
    _schema: object,
) -> Errors:
    if not validator.is_type(instance, "object"):
        return
    for pattern, subschema in patterns.items():
        search = compile_pattern(pattern)
        for name, value in instance.items():
            check_time()
            if search(name):
                yield from validator.descend(value, subschema, path=name, schema_path=pattern)


def _additional_properties(
    validator: Validator,
    allowed: Any,  # noqa: ANN401  any JSON schema
    instance: Any,  # noqa: ANN401  any JSON value
    schema: Mapping[str, Any],
) -> Errors:
    if not validator.is_type(instance, "object"):
        return
    known = schema.get("properties", {})
    searches = [compile_pattern(pattern) for pattern in schema.get("patternProperties", {})]
    extras = []
    for name in instance:
        check_time()
        if name not in known and not any(search(name) for search in searches):
            extras.append(name)
    if validator.is_type(allowed, "object"):
        for name in extras:
            yield from validator.descend(instance[name], allowed, path=name)
    elif not allowed and extras:
        names = ", ".join(repr(name) for name in extras)
        verb = "was" if len(extras) == 1 else "were"
        yield ValidationError(f"Additional properties are not allowed ({names} {verb} unexpected)")


def _unique_items(
    validator: Validator,
    wanted: Any,  # noqa: ANN401  a boolean, if the schema is right
    instance: Any,  # noqa: ANN401  any JSON value
    _schema: object,
) -> Errors:
    if not wanted or not validator.is_type(instance, "array"):
        return
    seen = set()
    for item in instance:
        check_time()
        key = _frozen(item)
        if key in seen:
            yield ValidationError(f"{instance!r} has non-unique elements")
            return
        seen.add(key)


def _frozen(value: Any) -> Any:  # noqa: ANN401  any JSON value
    """A hashable value that is equal for equal JSON values: 1 and 1.0, but not 1 and true."""
    if isinstance(value, bool):
        return ("boolean", value)
    if isinstance(value, list):
        return ("array", *map(_frozen, value))
    if isinstance(value, dict):
        return ("object", frozenset((name, _frozen(item)) for name, item in value.items()))
    return value


_RULES: Final[Mapping[str, Rule]] = {
    "pattern": _pattern,
    "patternProperties": _pattern_properties,
    "additionalProperties": _additional_properties,
    "uniqueItems": _unique_items,
}


def _timed(rule: Rule) -> Rule:
    def check(
        validator: Validator,
        value: Any,  # noqa: ANN401  any JSON value
        instance: Any,  # noqa: ANN401  any JSON value
        schema: Mapping[str, Any],
    ) -> Any:  # noqa: ANN401  errors, or None
        check_time()
        return rule(validator, value, instance, schema)

    return check


def _within_dialect(validator: Validator, **changes: object) -> Validator:
    """The same validator for another part of the schema; never of another class."""
    return attrs.evolve(validator, **changes)


def _bounded(dialect: Validator) -> Validator:
    rules = {**dialect.VALIDATORS, **_RULES}
    extend: Validator = validators.extend  # has no types
    bounded: Validator = extend(
        dialect, validators={name: _timed(rule) for name, rule in rules.items()}
    )
    bounded.evolve = _within_dialect
    return bounded


DRAFT_7: Final[Validator] = _bounded(Draft7Validator)
"""The dialect of schemas that name none that is known."""

_BY_URI: Final[Mapping[str, Validator]] = {
    "http://json-schema.org/draft-03/schema": _bounded(Draft3Validator),
    "http://json-schema.org/draft-04/schema": _bounded(Draft4Validator),
    "http://json-schema.org/draft-06/schema": _bounded(Draft6Validator),
    "http://json-schema.org/draft-07/schema": DRAFT_7,
    "https://json-schema.org/draft/2019-09/schema": _bounded(Draft201909Validator),
    "https://json-schema.org/draft/2020-12/schema": _bounded(Draft202012Validator),
}


def dialect_of(schema: Mapping[str, Any]) -> Validator:
    """The class of validators for the dialect that a schema names."""
    uri = schema.get("$schema")
    if not isinstance(uri, str):
        return DRAFT_7
    return _BY_URI.get(uri.removesuffix("#"), DRAFT_7)
