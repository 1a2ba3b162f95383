"""The body of a batch, checked.

Source: protocol B-1 to B-7.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from kinto_core import json
from kinto_core.errors import Fault, InvalidInput

METHODS = ("GET", "HEAD", "DELETE", "TRACE", "POST", "PUT", "PATCH")
_KEYS = ("path", "method", "headers", "body")
_PATH = re.compile(r"/.*", re.DOTALL)


@dataclass(frozen=True, slots=True)
class BatchEntry:
    """One request of a batch, defaults merged in.

    Attributes:
        method: in upper case.
        path: begins with a slash, may have a query string.
        headers: by lower-case name.
        body: JSON text, empty when there is none.
    """

    method: str
    path: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


def parse_batch(value: Any, *, limit: int | None) -> list[BatchEntry]:  # noqa: ANN401  JSON
    """The requests of a batch.

    Args:
        value: ``{"requests": [...], "defaults": {...}}``.
        limit: most requests; ``None`` or 0: no limit.

    Raises:
        InvalidInput: with every fault.
    """
    if value is None:
        raise InvalidInput(Fault("body", "requests", "Required"))
    if not isinstance(value, dict):
        raise InvalidInput(Fault("body", "", _not_mapping(value)))
    faults: list[Fault] = []
    unknown = {key: item for key, item in value.items() if key not in ("requests", "defaults")}
    if unknown:
        faults.append(Fault("body", "", f'Unrecognized keys in mapping: "{unknown}"'))
    defaults = _defaults(value.get("defaults"), faults)
    requests = value.get("requests")
    if not isinstance(requests, list):
        text = "Required" if requests is None else f'"{requests}" is not iterable'
        raise InvalidInput(*faults, Fault("body", "requests", text))
    if limit and len(requests) > limit:
        text = f"Number of requests is limited to {limit}"
        raise InvalidInput(Fault("body", "requests", text))
    entries = [_merge(defaults, item) for item in requests]
    for index, entry in enumerate(entries):
        _check(entry, f"requests.{index}", faults, is_default=False)
    if faults:
        raise InvalidInput(*faults)
    return [_entry(entry) for entry in entries]


def _defaults(value: Any, faults: list[Fault]) -> dict[str, Any]:  # noqa: ANN401  JSON
    """What requests have in common; faults are added to the list."""
    if value is None:
        return {}
    if not isinstance(value, dict):
        faults.append(Fault("body", "defaults", _not_mapping(value)))
        return {}
    _check(value, "defaults", faults, is_default=True)
    return value


def _not_mapping(value: Any) -> str:  # noqa: ANN401  JSON
    return f'"{value}" is not a mapping type: Does not implement dict-like functionality.'


def _merge(defaults: Any, value: Any) -> Any:  # noqa: ANN401  JSON
    """Fill in what is missing, in nested objects too; nothing is overridden. Source: B-3."""
    if not isinstance(defaults, dict) or not isinstance(value, dict):
        return value
    merged = dict(value)
    for key, item in defaults.items():
        merged[key] = _merge(item, merged[key]) if key in merged else item
    return merged


def _check(entry: Any, name: str, faults: list[Fault], *, is_default: bool) -> None:  # noqa: ANN401  JSON
    if not isinstance(entry, dict):
        faults.append(Fault("body", name, _not_mapping(entry)))
        return
    unknown = {key: item for key, item in entry.items() if key not in _KEYS}
    if unknown:
        faults.append(Fault("body", name, f'Unrecognized keys in mapping: "{unknown}"'))
    _check_path(entry.get("path"), f"{name}.path", faults, required=not is_default)
    method = entry.get("method")
    if method is not None and method not in METHODS:
        text = f'"{method}" is not one of {", ".join(METHODS)}'
        faults.append(Fault("body", f"{name}.method", text))
    headers = entry.get("headers", {})
    if headers != {}:
        _check_headers(headers, f"{name}.headers", faults)
    body = entry.get("body", {})
    if not isinstance(body, dict | list):
        faults.append(Fault("body", f"{name}.body", _not_mapping(body)))


def _check_path(path: Any, name: str, faults: list[Fault], *, required: bool) -> None:  # noqa: ANN401  JSON
    if path is None or path == "":
        if required:
            faults.append(Fault("body", name, "Required"))
    elif not isinstance(path, str):
        faults.append(Fault("body", name, f"{path} is not a string: {{'path': ''}}"))
    elif _PATH.fullmatch(path) is None:
        faults.append(Fault("body", name, "String does not match expected pattern"))


def _check_headers(headers: Any, name: str, faults: list[Fault]) -> None:  # noqa: ANN401  JSON
    if not isinstance(headers, dict):
        faults.append(Fault("body", name, _not_mapping(headers)))
    elif not all(isinstance(item, str) for item in headers.values()):
        faults.append(Fault("body", name, f"{headers} contains non string value"))


def _entry(entry: dict[str, Any]) -> BatchEntry:
    headers = {name.lower(): value for name, value in entry.get("headers", {}).items()}
    body = entry.get("body")
    return BatchEntry(
        entry.get("method") or "GET",
        entry["path"],
        headers,
        json.dumpb(body) if body is not None else b"",
    )
