"""From an object and a PATCH to the new object, and to the form of the answer.

Works on copies of what is stored, permissions included: what is refused has changed nothing, and
lists that the caller may not see stay as they are. The operations of JSON patches are in
``json_patch.py``.

Source: protocol section 4, W-1, W-3, W-17, W-18.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final, Protocol

from kinto_core.errors import Fault, InvalidInput
from kinto_core.objects import Grants
from kinto_core.resources.bodies import ObjectBody, parse_body, timestamp_faults, wanted_timestamp
from kinto_core.resources.json_patch import Operation, apply_operations, parse_operations

MERGE_PATCH: Final = "application/merge-patch+json"
JSON_PATCH: Final = "application/json-patch+json"

_EMPTY: Final = Fault("body", "data", "Provide at least one of data or permissions")
_MISSING: Final = object()


class Behavior(Enum):
    """How much of the object a PATCH answers. Source: protocol X-25."""

    FULL = "full"
    LIGHT = "light"
    DIFF = "diff"


@dataclass(frozen=True, slots=True)
class Patched:
    """What a patch makes of an object; what it was made from is unchanged.

    Attributes:
        data: all fields, ``id`` and ``last_modified`` as the patch leaves them.
        permissions: all lists.
        named: the fields that the request names.
        before: all fields as they were.
    """

    data: dict[str, Any]
    permissions: Grants
    named: frozenset[str]
    before: dict[str, Any]

    @property
    def last_modified(self) -> int | None:
        """The timestamp that the client asks for; the stored one when it does not."""
        return wanted_timestamp(self.data)


class Patch(Protocol):
    """A change that was read but not yet applied."""

    def apply(
        self, stored: dict[str, Any], grants: Grants, permission_names: Sequence[str]
    ) -> Patched:
        """Make the change on copies.

        Args:
            stored: the object's fields, ``id`` and ``last_modified`` included; kept by the result.
            grants: all its permissions.
            permission_names: the names that its permissions may have.

        Raises:
            InvalidInput: the change does not fit the object.
        """
        ...


@dataclass(frozen=True, slots=True)
class FieldsPatch:
    """Replaces fields and lists as a whole. Source: protocol X-7 to X-9."""

    body: ObjectBody

    def apply(
        self, stored: dict[str, Any], grants: Grants, permission_names: Sequence[str]
    ) -> Patched:
        """See ``Patch``."""
        del permission_names  # the body was checked against them
        _require_content(self.body)
        changes = self.body.data or {}
        lists = {name: set(who) for name, who in (self.body.permissions or {}).items()}
        return Patched(
            data={**stored, **changes},
            permissions={**_copied(grants), **lists},
            named=frozenset(changes),
            before=stored,
        )


@dataclass(frozen=True, slots=True)
class MergePatch:
    """Merges objects recursively; ``null`` removes. Source: protocol X-10 to X-13, RFC 7396.

    Attributes:
        body: what to merge.
        removed: the names of lists to empty.
    """

    body: ObjectBody
    removed: frozenset[str]

    def apply(
        self, stored: dict[str, Any], grants: Grants, permission_names: Sequence[str]
    ) -> Patched:
        """See ``Patch``."""
        del permission_names  # the body was checked against them
        _require_content(self.body)
        changes = self.body.data or {}
        data = merge(stored, changes)
        if "id" in stored:
            data.setdefault("id", stored["id"])
        return Patched(data, self._permissions(grants), named=frozenset(changes), before=stored)

    def _permissions(self, grants: Grants) -> Grants:
        """The new lists; to remove all of them removes none, as an empty map means no change."""
        lists = {name: set(who) for name, who in (self.body.permissions or {}).items()}
        kept = {name: who for name, who in _copied(grants).items() if name not in self.removed}
        emptied: Grants = {name: set() for name in self.removed}
        return {**kept, **emptied, **lists} if kept or lists else _copied(grants)


@dataclass(frozen=True, slots=True)
class OperationsPatch:
    """Applies the operations of a JSON patch one by one. Source: protocol X-15 to X-24."""

    operations: Sequence[Operation]

    def apply(
        self, stored: dict[str, Any], grants: Grants, permission_names: Sequence[str]
    ) -> Patched:
        """See ``Patch``."""
        data, permissions = apply_operations(self.operations, stored, grants, permission_names)
        faults = timestamp_faults(data, "")
        if faults:
            raise InvalidInput(*faults)
        if "id" in stored:
            data.setdefault("id", stored["id"])
        return Patched(data, permissions, named=frozenset(data), before=stored)


def parse_patch(
    media_type: str,
    value: Any,  # noqa: ANN401  any JSON value
    permission_names: Sequence[str],
) -> tuple[Patch, list[Fault]]:
    """Read the body of a PATCH; an empty one is refused when it is applied (0-27).

    Args:
        media_type: lower case, without parameters.
        value: the parsed body; ``None`` when there is none.
        permission_names: the names that the object's permissions may have.

    Source: protocol X-1, W-16.
    """
    if media_type == JSON_PATCH:
        operations, faults = parse_operations(value)
        return OperationsPatch(operations), faults
    if media_type != MERGE_PATCH:
        body, faults = parse_body(value, permission_names=permission_names, prefix="")
        return FieldsPatch(body), faults
    removed: set[str] = set()
    if isinstance(value, dict) and isinstance(value.get("permissions"), dict):
        lists = value["permissions"]
        removed = {name for name, who in lists.items() if who is None}
        value = {**value, "permissions": {n: who for n, who in lists.items() if n not in removed}}
    body, faults = parse_body(value, permission_names=permission_names, prefix="")
    return MergePatch(body, frozenset(removed.intersection(permission_names))), faults


def merge(target: Any, change: dict[str, Any]) -> dict[str, Any]:  # noqa: ANN401  any JSON value
    """The result of RFC 7396 for two objects; anything else in ``target``'s place is replaced.

    Changes nothing in place; parts without changes are shared.
    """
    merged = dict(target) if isinstance(target, dict) else {}
    for name, value in change.items():
        if value is None:
            merged.pop(name, None)
        elif isinstance(value, dict):
            merged[name] = merge(merged.get(name), value)
        else:
            merged[name] = value
    return merged


def respond(behavior: Behavior, patched: Patched, stored_result: dict[str, Any]) -> dict[str, Any]:
    """The fields of the answer.

    Args:
        behavior: what the client wants: everything; what it named and really changed; or of that,
            what the server made otherwise than the patch says.
        patched: what the patch said.
        stored_result: the object as it was stored in the end.

    Source: protocol X-26, W-18.
    """
    if behavior is Behavior.FULL:
        return stored_result
    changed = {
        name: value
        for name, value in stored_result.items()
        if name in patched.named and not same(patched.before.get(name, _MISSING), value)
    }
    if behavior is Behavior.LIGHT:
        return changed
    return {
        name: value
        for name, value in changed.items()
        if not same(patched.data.get(name, _MISSING), value)
    }


def same(left: Any, right: Any) -> bool:  # noqa: ANN401  any JSON values
    """Whether two JSON values are equal; ``true`` is not 1."""
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(same(left[key], right[key]) for key in left)
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(same, left, right))
    return bool(left == right)


def _require_content(body: ObjectBody) -> None:
    if body.data is None and body.permissions is None:
        raise InvalidInput(_EMPTY)


def _copied(grants: Grants) -> Grants:
    return {name: set(who) for name, who in grants.items()}
