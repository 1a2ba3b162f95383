"""The operations of a JSON patch (RFC 6902) on an object and its permissions.

The document that they see is ``{"data": {…}, "permissions": {name: {principal: principal}}}``. What
is done with single values is left to ``jsonpatch``; here are the rules of the protocol around it,
and bounds, so that a short patch cannot make a huge or bottomless object.

Source: protocol X-15 to X-24, W-1, W-3, W-17.
"""

import copy
from collections.abc import Mapping, Sequence
from typing import Any, Final

import jsonpatch
import jsonpointer

from kinto_core.errors import Fault, InvalidInput
from kinto_core.objects import Grants
from kinto_core.resources.bodies import check_permissions, no_mapping, shown

Operation = Mapping[str, Any]
"""``{"op", "path"}`` with ``from`` and ``value`` where they were given."""

OPERATIONS: Final = ("test", "add", "remove", "replace", "move", "copy")
MAX_COPIED: Final = 4_000_000
"""How much the ``copy`` operations of one patch may copy: values, and characters of strings."""
MAX_DEPTH: Final = 200
"""How deeply the resulting object may be nested."""

_KEYS: Final = ("op", "path", "from", "value")
_SETS: Final = ("/permissions/read/", "/permissions/write/")
_FAILURES: Final = (
    jsonpatch.JsonPatchException,
    jsonpointer.JsonPointerException,
    LookupError,
    TypeError,
    ValueError,
    AttributeError,
    RecursionError,
)
"""What a patch that does not fit its document makes ``jsonpatch`` raise."""


def parse_operations(value: Any) -> tuple[list[Operation], list[Fault]]:  # noqa: ANN401  JSON
    """Check the form of a JSON patch.

    Args:
        value: the parsed body; ``None`` when there is none.

    Source: protocol X-15, X-16.
    """
    if not isinstance(value, list):
        given = {} if value is None else value
        return [], [Fault("body", "", f'"{shown(given)}" is not iterable')]
    faults: list[Fault] = []
    for index, operation in enumerate(value):
        faults += _operation_faults(str(index), operation)
    if faults:
        return [], faults
    return [_with_principal(operation) for operation in value], []


def _operation_faults(name: str, operation: Any) -> list[Fault]:  # noqa: ANN401  any JSON value
    if not isinstance(operation, dict):
        return [no_mapping(name, operation)]
    unknown = {key: operation[key] for key in operation if key not in _KEYS}
    if unknown:
        return [Fault("body", name, f'Unrecognized keys in mapping: "{shown(unknown)}"')]
    faults: list[Fault] = []
    op = operation.get("op")
    if op is None or op == "":
        faults.append(Fault("body", f"{name}.op", "Required"))
    elif op not in OPERATIONS:
        text = f'"{shown(op)}" is not one of {", ".join(OPERATIONS)}'
        faults.append(Fault("body", f"{name}.op", text))
    faults += _pointer_faults(f"{name}.path", operation.get("path"), required=True)
    faults += _pointer_faults(f"{name}.from", operation.get("from"), required=False)
    return faults


def _pointer_faults(name: str, value: Any, *, required: bool) -> list[Fault]:  # noqa: ANN401  JSON
    if value is None or value == "":
        return [Fault("body", name, "Required")] if required else []
    if not isinstance(value, str):
        return [Fault("body", name, f"{shown(value)} is not a string: {{'': ''}}")]
    if not value.startswith("/"):
        return [Fault("body", name, "String does not match expected pattern")]
    return []


def _with_principal(operation: dict[str, Any]) -> Operation:
    """The operation as ``jsonpatch`` wants it; principals need no value. Source: X-18."""
    kept = {key: value for key, value in operation.items() if key != "from" or value}
    path = kept["path"]
    if path.startswith(_SETS):
        principal = path.rsplit("/", 1)[1]
        kept["value"] = principal.replace("~1", "/").replace("~0", "~")
    return kept


def apply_operations(
    operations: Sequence[Operation],
    stored: dict[str, Any],
    grants: Grants,
    permission_names: Sequence[str],
) -> tuple[dict[str, Any], Grants]:
    """The fields and all permissions after the operations; works on copies.

    Args:
        operations: checked by ``parse_operations``.
        stored: the object's fields.
        grants: all its permissions.
        permission_names: the names that its permissions may have.

    Raises:
        InvalidInput: an operation failed, or the result is no object with valid permissions.
    """
    members = {"read": set[str](), "write": set[str](), **grants}
    document: Any = {
        "data": copy.deepcopy(stored),
        "permissions": {name: {who: who for who in members[name]} for name in members},
    }
    budget = MAX_COPIED
    for operation in operations:
        try:
            if operation["op"] == "copy":
                budget = _pay(document, operation, budget)
            # what one operation puts in, another changes in place; a patch may be applied again
            change = jsonpatch.JsonPatch([copy.deepcopy(operation)])
            document = change.apply(document, in_place=True)
        except _FAILURES as error:
            raise _failed(str(error)) from error
    return _data(document), _grants(document, grants, permission_names)


def _data(document: Any) -> dict[str, Any]:  # noqa: ANN401  any JSON value
    data = document.get("data") if isinstance(document, dict) else None
    if not isinstance(data, dict):
        text = "/data must stay an object"
        raise _failed(text)
    if _is_deeper(data, MAX_DEPTH):
        text = f"the object would be nested more than {MAX_DEPTH} levels deep"
        raise _failed(text)
    return data


def _grants(
    document: Any,  # noqa: ANN401  any JSON value
    stored: Grants,
    permission_names: Sequence[str],
) -> Grants:
    """The lists of the document over the stored ones. Source: protocol X-20, X-24, W-3."""
    found = document.get("permissions")
    if not isinstance(found, dict):
        text = "/permissions must stay an object"
        raise _failed(text)
    lists = {name: list(who) if isinstance(who, dict) else who for name, who in found.items()}
    faults = check_permissions(lists, permission_names)
    if faults:
        raise InvalidInput(*faults)
    given = {name: set(who) for name, who in lists.items() if who is not None}
    kept = {name: set(who) for name, who in stored.items()}
    return {**kept, **given}


def _pay(document: Any, operation: Operation, budget: int) -> int:  # noqa: ANN401  any JSON value
    """What is left of the budget for copies after this one."""
    source = operation.get("from")
    if source is None:
        return budget
    pending = [jsonpointer.resolve_pointer(document, source)]
    while pending:
        value = pending.pop()
        budget -= 1
        if isinstance(value, str):
            budget -= len(value)
        elif isinstance(value, dict):
            budget -= sum(map(len, value))
            pending.extend(value.values())
        elif isinstance(value, list):
            pending.extend(value)
        if budget < 0:
            text = "the patch copies too much; send the values instead"
            raise _failed(text)
    return budget


def _is_deeper(value: Any, limit: int) -> bool:  # noqa: ANN401  any JSON value
    """Whether a value is nested more than ``limit`` deep; needs no recursion."""
    level: list[Any] = [value]
    for _ in range(limit):
        level = [
            child
            for item in level
            for child in (item.values() if isinstance(item, dict) else item)
            if isinstance(child, dict | list)
        ]
        if not level:
            return False
    return True


def _failed(text: str) -> InvalidInput:
    """The error of a failed operation. Source: protocol X-21."""
    return InvalidInput(Fault("body", None, f"JSON Patch operation failed: {shown(text)}"))
