"""Is this object valid by the JSON schemas of its collection and bucket?

Whether a schema is one at all is decided when it is stored, see ``meta_schemas.py``.

Source: protocol section 12.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from jsonschema import ValidationError
from jsonschema.exceptions import UnknownType
from referencing import Registry
from referencing.exceptions import Unresolvable

from kinto_core import json
from kinto_core.errors import Fault, InvalidInput
from kinto_core.objects import StoredObject
from kinto_core.resources.addresses import ObjectAddress
from kinto_core.resources.bodies import BUCKET_SCHEMAS
from kinto_core.resources.dialects import Validator, dialect_of
from kinto_core.resources.patterns import time_limit

_MAX_SHOWN: Final = 500

SCHEMA: Final = "schema"
"""The field of collections that holds a schema, and of records that tells by which one."""

_NOWHERE: Registry[Any] = Registry()
"""Knows no schemas and fetches none: references reach only what is inside the schema itself."""

_BROKEN: Final = (
    AttributeError,
    TypeError,
    LookupError,
    ArithmeticError,
    ValueError,
    UnknownType,
)
"""What ``jsonschema`` raises for parts that are no schema. A ``$ref`` may lead to such: what stands
under unknown keywords was never checked."""


@dataclass(frozen=True, slots=True)
class _Compiled:
    """A schema that is ready to be used.

    Attributes:
        validator: of ``jsonschema``.
        sees_id: whether the object's identifier is validated too. Source: protocol J-5.
    """

    validator: Validator
    sees_id: bool


def validate_object(
    data: dict[str, Any], address: ObjectAddress, ancestors: Sequence[StoredObject | None]
) -> None:
    """Refuse an object that a schema forbids; note in a record which schema it passed.

    Args:
        data: the object's fields, without ``id`` and ``last_modified``; the field ``schema`` of a
            record is set when its collection has a schema.
        address: of the object.
        ancestors: what contains the object, with their JSON texts, from the top down; what follows
            them is not looked at.

    Raises:
        InvalidInput: with the first fault.

    Source: protocol J-3 to J-9.
    """
    kind, depth = address.type, len(address.list.ancestors)
    if not depth:
        return
    hidden = SCHEMA if kind.has_schema else None
    parent = ancestors[depth - 1]
    if hidden is not None and parent is not None:
        compiled = _schema_in(parent, SCHEMA, hidden)
        if compiled is not None:
            _require_valid(compiled, data, address.key.id, hidden)
            data[SCHEMA] = parent.last_modified
    top, field = ancestors[0], f"{kind.name}:{SCHEMA}"
    if field in BUCKET_SCHEMAS and top is not None:
        compiled = _schema_in(top, field, hidden)
        if compiled is not None:
            _require_valid(compiled, data, address.key.id, hidden)


def validate(
    data: Mapping[str, Any], schema: Mapping[str, Any], *, hidden: str | None = None
) -> Fault | None:
    """The first fault of an object, if any.

    Args:
        data: its fields, ``id`` included if it has one.
        schema: a valid JSON schema.
        hidden: a field that the schema does not apply to.
    """
    compiled = _prepare(dict(schema), hidden)
    return _fault(compiled, {name: data[name] for name in data if _applies(compiled, name, hidden)})


def _schema_in(stored: StoredObject, field: str, hidden: str | None) -> _Compiled | None:
    if stored.deleted or f'"{field}"' not in stored.text:
        return None
    return _compile(stored.text, field, hidden)


@lru_cache(maxsize=128)
def _compile(text: str, field: str, hidden: str | None) -> _Compiled | None:
    """The schema in a field of a stored object, of which ``text`` is the JSON text."""
    schema = json.parse(text).get(field)
    return _prepare(schema, hidden) if isinstance(schema, dict) else None


def _prepare(schema: dict[str, Any], hidden: str | None) -> _Compiled:
    """Take out of a schema what does not apply to objects.

    Raises:
        InvalidInput: the schema is none; it was stored without having been checked.

    Source: protocol J-5.
    """
    properties = schema.get("properties")
    sees_id = isinstance(properties, dict) and "id" in properties
    required = schema.get("required")
    if isinstance(required, list):
        ours = {"last_modified", hidden} if sees_id else {"last_modified", hidden, "id"}
        kept = [name for name in required if name not in ours]
        schema = {name: value for name, value in schema.items() if name != "required"}
        if kept:
            schema["required"] = kept
    try:
        validator = dialect_of(schema)(schema, registry=_NOWHERE)
    except _BROKEN as problem:
        raise InvalidInput(_unusable(problem)) from problem
    return _Compiled(validator, sees_id)


def _applies(compiled: _Compiled, name: str, hidden: str | None) -> bool:
    return name not in ("last_modified", hidden) and (name != "id" or compiled.sees_id)


def _require_valid(
    compiled: _Compiled, data: dict[str, Any], object_id: str, hidden: str | None
) -> None:
    instance = {name: data[name] for name in data if _applies(compiled, name, hidden)}
    if compiled.sees_id:
        instance["id"] = object_id
    fault = _fault(compiled, instance)
    if fault is not None:
        raise InvalidInput(fault)


def _fault(compiled: _Compiled, instance: dict[str, Any]) -> Fault | None:
    try:
        with time_limit():
            error = next(compiled.validator.iter_errors(instance), None)
    except RecursionError:
        return Fault("body", SCHEMA, "the schema or the object is nested too deeply")
    except (TimeoutError, Unresolvable) as problem:
        return Fault("body", SCHEMA, _cut(str(problem)))
    except _BROKEN as problem:
        return _unusable(problem)
    return None if error is None else Fault("body", _name(error), _cut(error.message))


def _unusable(problem: Exception) -> Fault:
    return Fault("body", SCHEMA, f"the schema cannot be used: {_cut(str(problem))}")


def _name(error: ValidationError) -> Any:  # noqa: ANN401  any JSON value
    """What is at fault. Source: protocol J-7, J-8."""
    if error.path:
        return error.path[-1]
    value = error.validator_value
    if isinstance(value, list) and value:
        return value[-1]
    return error.schema_path[-1]


def _cut(text: str) -> str:
    """A text of bounded length; both ends stay, since values come first and complaints last."""
    half = _MAX_SHOWN // 2
    return text if len(text) <= _MAX_SHOWN else f"{text[:half]} … {text[-half:]}"
