"""What the bodies of POST, PUT and PATCH may hold: the envelope, and the typed fields of objects.

Every fault is collected; nothing is raised here. JSON patches have another shape (see
``json_patch.py``), and what a collection's schema asks of a record is in ``schemas.py``.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from kinto_core.errors import Fault
from kinto_core.resources.indexes import index_faults
from kinto_core.resources.meta_schemas import schema_fault

MAX_TIMESTAMP: Final = 2**53
"""Client timestamps stay below what every JSON reader holds exactly. Source: protocol W-19."""

BUCKET_SCHEMAS: Final = ("collection:schema", "group:schema", "record:schema")
"""The fields of buckets that hold schemas, for what is inside them. Source: protocol M-22."""

_ENVELOPE: Final = ("data", "permissions")
_MAX_INTEGER: Final = 2**63
_MAX_SHOWN: Final = 200


@dataclass(frozen=True, slots=True)
class ObjectBody:
    """The content of a POST, a PUT or a PATCH that is no JSON patch.

    Attributes:
        data: the fields; ``None`` when the body has none.
        permissions: principals by permission name, without the names that were ``null``; ``None``
            when the body has none.
    """

    data: dict[str, Any] | None
    permissions: dict[str, list[str]] | None

    @property
    def last_modified(self) -> int | None:
        """The timestamp that the client asks for. Source: protocol T-10."""
        return wanted_timestamp(self.data) if self.data is not None else None


def parse_body(
    value: Any,  # noqa: ANN401  any JSON value
    *,
    permission_names: Sequence[str],
    prefix: str = "data.",
) -> tuple[ObjectBody, list[Fault]]:
    """Check the envelope ``{"data": {…}, "permissions": {…}}``.

    Args:
        value: the parsed body; ``None`` when there is none.
        permission_names: the names that the object's permissions may have.
        prefix: of the names of fields in faults.

    Source: protocol M-10, M-11, P-12.
    """
    if value is None:
        return ObjectBody(None, None), []
    if not isinstance(value, dict):
        return ObjectBody(None, None), [no_mapping("", value)]
    unknown = {name: value[name] for name in value if name not in _ENVELOPE}
    if unknown:
        text = f'Unrecognized keys in mapping: "{shown(unknown)}"'
        return ObjectBody(None, None), [Fault("body", "", text)]
    faults: list[Fault] = []
    data = permissions = None
    if "data" in value:
        data = value["data"]
        faults += _data_faults(data, prefix)
    if "permissions" in value:
        permissions = value["permissions"]
        faults += check_permissions(permissions, permission_names)
    if faults:
        return ObjectBody(None, None), faults
    if permissions is not None:
        permissions = {name: who for name, who in permissions.items() if who is not None}
    return ObjectBody(data, permissions), []


def _data_faults(data: Any, prefix: str) -> list[Fault]:  # noqa: ANN401  any JSON value
    if not isinstance(data, dict):
        return [no_mapping("data", data)]
    return timestamp_faults(data, prefix)


def check_permissions(
    permissions: Any,  # noqa: ANN401  any JSON value
    names: Sequence[str],
) -> list[Fault]:
    """The faults of ``{name: [principal, …]}``; ``null`` stands for a list not given.

    Source: protocol P-12.
    """
    if not isinstance(permissions, dict):
        return [no_mapping("permissions", permissions)]
    for name in permissions:
        if name not in names:
            text = f'"{shown(name)}" is not one of {", ".join(names)}'
            return [Fault("body", "permissions", text)]
    faults: list[Fault] = []
    for name, principals in permissions.items():
        if principals is not None:
            faults += _string_list_faults(f"permissions.{name}", principals)
    return faults


def wanted_timestamp(data: dict[str, Any]) -> int | None:
    """The valid timestamp in an object's fields; what is no integer is none.

    Source: protocol T-10, T-13.
    """
    value = data.get("last_modified")
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) >= MAX_TIMESTAMP:
        return None
    return value


def timestamp_faults(data: dict[str, Any], prefix: str) -> list[Fault]:
    """The fault of a timestamp that is too large to be kept. Source: protocol W-19."""
    value = data.get("last_modified")
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) < MAX_TIMESTAMP:
        return []
    if value < 0:
        text = f"{shown(value)} is less than minimum value {1 - MAX_TIMESTAMP}"
    else:
        text = f"{shown(value)} is greater than maximum value {MAX_TIMESTAMP - 1}"
    return [Fault("body", f"{prefix}last_modified", text)]


def bucket_fields(data: dict[str, Any], prefix: str) -> tuple[dict[str, Any], list[Fault]]:
    """Check the schemas of a bucket. Source: protocol M-22."""
    faults: list[Fault] = []
    for field in BUCKET_SCHEMAS:
        if field in data:
            faults += _schema_faults(f"{prefix}{field}", data[field])
    return data, faults


def collection_fields(data: dict[str, Any], prefix: str) -> tuple[dict[str, Any], list[Fault]]:
    """Check the schema and indexes of a collection; ``cache_expires`` is made an integer or goes.

    Gives a new dictionary when something changes. Source: protocol M-21.
    """
    faults: list[Fault] = []
    if "schema" in data:
        faults += _schema_faults(f"{prefix}schema", data["schema"])
    faults += index_faults(data, prefix)
    if "cache_expires" not in data:
        return data, faults
    given = data["cache_expires"]
    data = {name: value for name, value in data.items() if name != "cache_expires"}
    if given is None or given in ("", [], {}):
        return data, faults
    number = _integer(given)
    if number is None:
        text = f'"{shown(given)}" is not a number'
        faults.append(Fault("body", f"{prefix}cache_expires", text))
    else:
        data["cache_expires"] = number
    return data, faults


def group_fields(data: dict[str, Any], prefix: str) -> tuple[dict[str, Any], list[Fault]]:
    """Check the members of a group; without any the list is empty.

    Gives a new dictionary when something changes. Source: protocol M-23, M-24.
    """
    if "members" not in data:
        return {**data, "members": []}, []
    members = data["members"]
    name = f"{prefix}members"
    faults = _string_list_faults(name, members)
    if faults:
        return data, faults
    for index, member in enumerate(members):
        if member == "system.Everyone" or member.startswith("/buckets/"):
            text = f"'{shown(member)}' is not a valid user ID."
            faults.append(Fault("body", f"{name}.{index}", text))
    return data, faults


def record_fields(data: dict[str, Any], _prefix: str) -> tuple[dict[str, Any], list[Fault]]:
    """Accept every field: only schemas restrict records. Source: protocol M-25."""
    return data, []


def shown(value: object) -> str:
    """A value as it is written in the description of a fault, cut when it is long."""
    text = str(value)
    return text if len(text) <= _MAX_SHOWN else f"{text[:_MAX_SHOWN]}…"


def _integer(value: Any) -> int | None:  # noqa: ANN401  any JSON value
    if not isinstance(value, str | int | float):
        return None
    try:
        number = int(value)
    except (ValueError, OverflowError):
        return None
    return number if abs(number) < _MAX_INTEGER else None


def _schema_faults(name: str, value: Any) -> list[Fault]:  # noqa: ANN401  any JSON value
    if not isinstance(value, dict):
        return [no_mapping(name, value)]
    text = schema_fault(value)
    return [] if text is None else [Fault("body", name, text)]


def _string_list_faults(name: str, value: Any) -> list[Fault]:  # noqa: ANN401  any JSON value
    if not isinstance(value, list):
        return [Fault("body", name, f'"{shown(value)}" is not iterable')]
    faults: list[Fault] = []
    for index, item in enumerate(value):
        if item is None or item == "":
            faults.append(Fault("body", f"{name}.{index}", "Required"))
        elif not isinstance(item, str):
            text = f"{shown(item)} is not a string: {{'': ''}}"
            faults.append(Fault("body", f"{name}.{index}", text))
    return faults


def no_mapping(name: str, value: object) -> Fault:
    """The fault of something that should be an object. Source: protocol E-10."""
    text = f'"{shown(value)}" is not a mapping type: Does not implement dict-like functionality.'
    return Fault("body", name, text)
