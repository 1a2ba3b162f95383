"""From headers and bodies to values; every fault is collected, none is raised here but for types.

Source: protocol 0-18, 0-21, T-16, E-11, E-12.
"""

import re
from collections.abc import Mapping
from typing import Any, Final

from kinto_core import json
from kinto_core.errors import Fault
from kinto_core.http.errors import INVALID, NOT_ACCEPTABLE, UNSUPPORTED_TYPE, HttpError
from kinto_core.resources.preconditions import Preconditions, Version

JSON: Final = "application/json"
MERGE_PATCH: Final = "application/merge-patch+json"
JSON_PATCH: Final = "application/json-patch+json"
PATCH_TYPES: Final = (MERGE_PATCH, JSON_PATCH, JSON)

_VERSION = re.compile(r'"([0-9]{1,40})"')
_BAD_VERSION = "The value should be integer between double quotes."
_MEDIA_RANGE = re.compile(r"\s*([!-+\--~*]+/[!-+\--:<-~*]+)\s*((?:;[^,]*)?)\s*")


def preconditions(headers: Mapping[str, str]) -> tuple[Preconditions, list[Fault]]:
    """The ``If-Match`` and ``If-None-Match`` of a request. Source: protocol T-16."""
    match, none_match = headers.get("if-match"), headers.get("if-none-match")
    if not match and not none_match:
        return _NO_CONDITIONS
    faults: list[Fault] = []
    conditions = Preconditions(
        _version("If-Match", match, faults), _version("If-None-Match", none_match, faults)
    )
    return conditions, faults


_NO_CONDITIONS: Final[tuple[Preconditions, list[Fault]]] = (Preconditions(), [])


def _version(name: str, value: str | None, faults: list[Fault]) -> Version:
    if not value:
        return None
    if value == "*":
        return "*"
    found = _VERSION.fullmatch(value)
    if found is None:
        faults.append(Fault("header", name, _BAD_VERSION))
        return None
    return int(found.group(1))


def require_acceptable(headers: Mapping[str, str]) -> None:
    """Refuse a client that does not take JSON.

    Raises:
        HttpError: 406. Source: protocol E-22.
    """
    accept = headers.get("accept")
    if accept in (None, "*/*", JSON):
        return
    if not _accepts_json(accept or ""):
        text = f"Accept header should be one of ['{JSON}']"
        details = [{"location": "header", "name": "Accept", "description": text}]
        raise HttpError(NOT_ACCEPTABLE, message=text, error=INVALID, details=details)


def _accepts_json(accept: str) -> bool:
    """Whether JSON has a quality above zero; what cannot be parsed accepts everything."""
    if not accept.strip():
        return False
    best: tuple[int, float] = (-1, 0.0)
    for part in accept.split(","):
        if not part.strip():
            continue
        found = _MEDIA_RANGE.fullmatch(part)
        if found is None:
            return True
        quality, is_plain = _quality(found.group(2))
        if not is_plain:
            continue
        specificity = {JSON: 2, "application/*": 1, "*/*": 0}.get(found.group(1).lower(), -1)
        if specificity > best[0] or (specificity == best[0] and quality > best[1]):
            best = (specificity, quality)
    return best[0] >= 0 and best[1] > 0


def _quality(parameters: str) -> tuple[float, bool]:
    """The ``q`` of a media range, and whether it has no other parameters: ours has none."""
    for parameter in filter(str.strip, parameters.split(";")):
        name, _, value = parameter.partition("=")
        if name.strip().lower() != "q":
            return 0.0, False
        try:
            return float(value), True
        except ValueError:
            return 1.0, True
    return 1.0, True


def media_type(headers: Mapping[str, str], allowed: tuple[str, ...]) -> str:
    """The type of the body; JSON when the client does not say.

    Raises:
        HttpError: 415, not one of ``allowed``. Source: protocol E-23, W-16.
    """
    given = headers.get("content-type")
    if not given or given == JSON:
        return JSON
    name = given.partition(";")[0].strip().lower()
    if not name or name in allowed:
        return name or JSON
    text = f"Content-Type header should be one of {list(allowed)}"
    details = [{"location": "header", "name": "Content-Type", "description": text}]
    raise HttpError(UNSUPPORTED_TYPE, message=text, error=INVALID, details=details)


def json_body(
    headers: Mapping[str, str], body: bytes, *, max_depth: int, required: bool
) -> tuple[Any, list[Fault]]:
    """The value of a JSON body, ``None`` when there is none.

    Args:
        headers: for the charset.
        body: as it came.
        max_depth: deepest accepted nesting.
        required: whether the method needs a body, which makes a syntax fault two faults.

    Source: protocol E-11, E-12.
    """
    if not body:
        return None, []
    given = headers.get("content-type")
    try:
        text: bytes | str = body
        if given is not None and given != JSON:
            name, _, parameters = given.partition(";")
            if name.strip() and not name.strip().lower().endswith("json"):
                return None, []
            text = _recode(body, parameters)
        value = json.loads(text, max_depth)
    except (json.InvalidJSON, UnicodeError, LookupError) as error:
        faults = [Fault("body", "", f"Invalid JSON: {error}")]
        return None, [*faults, Fault("body", "", "Required")] if required else faults
    if not isinstance(value, dict | list):
        faults = [Fault("body", "", "Should be a JSON object or an array")]
        return None, [*faults, Fault("body", "", "Required")] if required else faults
    return value, []


def _recode(body: bytes, parameters: str) -> bytes | str:
    """The text of a body in another charset than UTF-8."""
    for parameter in parameters.split(";"):
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "charset":
            charset = value.strip().strip('"').lower()
            if charset and charset not in ("utf-8", "utf8"):
                return body.decode(charset)
    return body
