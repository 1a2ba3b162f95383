"""From text to the declared type of a setting, and back; no guessing from the text.

The JSON spelling of a value is accepted too, because files written for the protocol use it.

Source: settings S-16 to S-22, SW-1, SW-2, SW-3.
"""

import math
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from kinto_core import json
from kinto_core.settings.setting import Setting

TRUE = frozenset({"t", "true", "y", "yes", "on", "1"})
FALSE = frozenset({"f", "false", "n", "no", "off", "0"})
HIDDEN = "********"
"""Stands for a secret."""

_COMMENTED = re.compile(r"(?P<value>.*?)\s+[;#].*", re.DOTALL)
_CREDENTIALS = re.compile(r"(?P<head>://[^/@\s:]*:)\S*(?P<tail>@)")
_PASSWORD = re.compile(r"(?P<head>[?&]\w*(?:password|secret|token)\w*=)[^&\s]*", re.IGNORECASE)
_WHITE_OR_COMMA = re.compile(r"[\s,]+")


class NotConvertible(ValueError):
    """The text is not a value of the setting; the message says what was expected."""


def convert(declared: Setting, text: str) -> Any:  # noqa: ANN401  the setting's type
    """The value that a text stands for.

    Raises:
        NotConvertible: it stands for none.
    """
    text = text.strip()
    if declared.is_list:
        return _list(declared, text)
    if declared.is_optional and text in ("", "null"):
        return None
    try:
        value = _checked(declared, _SCALARS[declared.type](_unquoted(text)))
    except NotConvertible:
        raise NotConvertible(_expectation(declared, text)) from None
    return None if declared.zero_means_none and value == 0 else value


def to_text(value: object) -> str:
    """The text that `convert` turns into this value."""
    if value is None or isinstance(value, bool):
        return {None: "", True: "true", False: "false"}[value]
    if isinstance(value, (tuple, list)):
        return " ".join(to_text(item) for item in value)
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, Mapping):
        return json.dumps({key: to_text(item) for key, item in value.items()})
    return str(value)


def masked(text: str, *, is_secret: bool) -> str:
    """The text without what must not be shown: secrets, and passwords in URLs."""
    if is_secret:
        return HIDDEN if text else ""
    text = _CREDENTIALS.sub(rf"\g<head>{HIDDEN}\g<tail>", text)
    return _PASSWORD.sub(rf"\g<head>{HIDDEN}", text)


def expected(declared: Setting) -> str:
    """What a setting accepts, in words: ``a whole number of seconds, at least 0``."""
    if declared.choices:
        words = "one of " + ", ".join(declared.choices)
    else:
        words = _NAMES[declared.type]
        if declared.is_list:
            words = f"a list of values, each {words}" if declared.type is not str else "a list"
        if declared.unit:
            words += f" of {declared.unit}"
    if declared.minimum is not None:
        words += f", at least {to_text(declared.minimum)}"
    if declared.maximum is not None:
        words += f", at most {to_text(declared.maximum)}"
    return words + (", or empty" if declared.is_optional else "")


def _expectation(declared: Setting, text: str) -> str:
    words = expected(declared)
    commented = _COMMENTED.fullmatch(text)
    if commented and declared.type is not str:
        words += "; a comment must stand on a line of its own"
    return words


def _list(declared: Setting, text: str) -> tuple[Any, ...] | None:
    if text == "null":
        return None if declared.is_optional else ()
    items = _json_items(text) if text.startswith("[") else _WHITE_OR_COMMA.split(text)
    items = [item for item in items if item]
    if any(item[0] in ";#" for item in items):
        words = "values only; a comment must stand on a line of its own"
        raise NotConvertible(words)
    try:
        return tuple(_checked(declared, _SCALARS[declared.type](_unquoted(item))) for item in items)
    except NotConvertible:
        raise NotConvertible(_expectation(declared, text)) from None


def _json_items(text: str) -> list[str]:
    try:
        items = json.loads(text, max_depth=2)
    except json.InvalidJSON as error:
        words = "a JSON array, because it starts with ["
        raise NotConvertible(words) from error
    return [item if isinstance(item, str) else to_text(item) for item in items]


def _unquoted(text: str) -> str:
    """The text of a JSON string, or the text itself."""
    if len(text) > 1 and text[0] == text[-1] == '"':
        try:
            return str(json.loads(text, max_depth=1))
        except json.InvalidJSON:
            return text
    return text


def _checked(declared: Setting, value: Any) -> Any:  # noqa: ANN401  the setting's type
    """The value, if it is in the setting's range."""
    value = declared.aliases.get(value, value) if isinstance(value, str) else value
    is_wrong = (
        (declared.choices is not None and value not in declared.choices)
        or (declared.minimum is not None and value < declared.minimum)
        or (declared.maximum is not None and value > declared.maximum)
    )
    if is_wrong:
        raise NotConvertible
    return value


def _bool(text: str) -> bool:
    if text.lower() in TRUE:
        return True
    if text.lower() in FALSE:
        return False
    raise NotConvertible


def _int(text: str) -> int:
    if not re.fullmatch(r"[+-]?[0-9]{1,18}", text):
        raise NotConvertible
    return int(text)


def _float(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        raise NotConvertible from None
    if math.isnan(value) or "_" in text:
        raise NotConvertible
    return value


def _datetime(text: str) -> datetime:
    """A moment with its zone; without one in the text, local time (settings S-161)."""
    try:
        value = datetime.fromisoformat(text)
    except ValueError:
        raise NotConvertible from None
    return value if value.tzinfo else value.astimezone()


_SCALARS: Mapping[type[Any], Callable[[str], Any]] = {
    bool: _bool,
    int: _int,
    float: _float,
    str: str,
    datetime: _datetime,
    Path: Path,
}

_NAMES: Mapping[type[Any], str] = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "text",
    datetime: "a date such as 2030-01-31 or 2030-01-31T12:00:00+00:00",
    Path: "a path",
}
