"""Is this a JSON schema that objects can be validated with?

A schema must be one in draft 7 and in the dialect that it names, so that none is stored that makes
every later write fail. How objects are validated is in ``schemas.py``.

Source: protocol J-2, W-36.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from jsonschema import FormatChecker, ValidationError

from kinto_core import json
from kinto_core.resources.dialects import DRAFT_7, dialect_of
from kinto_core.resources.patterns import InvalidPattern, compile_pattern, time_limit

MAX_SCHEMA_BYTES: Final = 250_000
"""The longest accepted schema, as JSON text."""

_TIME_LIMIT_SECONDS: Final = 2.0
_MAX_SHOWN: Final = 500
_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:\S*")
_formats = FormatChecker(formats=())


@_formats.checks("regex", raises=InvalidPattern)
def _is_pattern(value: object) -> bool:
    if isinstance(value, str):
        compile_pattern(value)
    return True


@_formats.checks("uri")
def _is_uri(value: object) -> bool:
    return not isinstance(value, str) or _URI.fullmatch(value) is not None


def schema_fault(schema: Mapping[str, Any]) -> str | None:
    """What is wrong with a schema, for people; ``None`` when it can be used."""
    try:
        if len(json.dumpb(schema)) > MAX_SCHEMA_BYTES:
            return f"longer than {MAX_SCHEMA_BYTES} bytes; split it or shorten its descriptions"
        with time_limit(_TIME_LIMIT_SECONDS):
            return _first_fault(schema)
    except RecursionError:
        return "nested too deeply; use definitions and $ref"
    except (TimeoutError, InvalidPattern) as error:
        return str(error)


def _first_fault(schema: Mapping[str, Any]) -> str | None:
    for dialect in dict.fromkeys((DRAFT_7, dialect_of(schema))):
        meta = dialect(dialect.META_SCHEMA, format_checker=_formats)
        error = next(meta.iter_errors(schema), None)
        if error is not None:
            return _text(error)
    if "unevaluatedProperties" in dialect_of(schema).VALIDATORS:
        keywords = _keywords(schema)
        if {"unevaluatedProperties", "patternProperties"} <= keywords:
            # how one looks at the patterns of the other is beyond our reach, hence without limits
            return "unevaluatedProperties and patternProperties cannot be used together"
    return None


def _text(error: ValidationError) -> str:
    name = str(error.path[-1]) if error.path else ""
    text = f"{name}{error.message}"
    return text if len(text) <= _MAX_SHOWN else f"{text[:_MAX_SHOWN]}…"


def _keywords(schema: Mapping[str, Any]) -> set[str]:
    """The names of everything inside a schema; needs no recursion."""
    found: set[str] = set()
    pending: list[Any] = [schema]
    while pending:
        value = pending.pop()
        if isinstance(value, dict):
            found.update(value)
        children: Iterable[Any] = value.values() if isinstance(value, dict) else value
        pending.extend(child for child in children if isinstance(child, dict | list))
    return found
