"""One value of a query string: text, or any JSON value. Source: protocol F-1."""

import re
from typing import Any, Final

from kinto_core import json

MAXIMUM: Final = 2**63
_DEEPEST: Final = 100
_MAX_DIGITS: Final = 400
_INTEGER: Final = re.compile(rf"\s*[+-]?[0-9]{{1,{_MAX_DIGITS}}}\s*")
_NAME: Final = re.compile(r"[\w.]+")
_MAY_BE_JSON: Final = re.compile(r'\s*["\[{0-9tfn-]')


class NotANumber(ValueError):
    """A value is not a number."""


def typed(text: str) -> Any:  # noqa: ANN401  any JSON value
    """The JSON value of a text, or the text itself when it is not JSON. Source: protocol F-1."""
    if not _MAY_BE_JSON.match(text):
        return text
    try:
        value = json.loads(text, _DEEPEST)
    except json.InvalidJSON:
        return text
    return text if type(value) is int and len(text) > _MAX_DIGITS else value


def is_name(text: str) -> bool:
    """Whether a text can follow the prefix of an operator, or be sorted by. Source: S-4."""
    return _NAME.fullmatch(text) is not None


def is_nothing(value: Any) -> bool:  # noqa: ANN401  any JSON value
    """Whether a value is as good as none: null, or an empty text, array or object."""
    return value is None or value in ("", [], {})


def read_integer(value: Any) -> int:  # noqa: ANN401  any JSON value
    """The integer that a typed value stands for; what follows the point is cut off.

    Raises:
        NotANumber: it stands for none. Source: protocol F-42, G-2.
    """
    if type(value) in (int, float):
        return int(value)
    if isinstance(value, str) and _INTEGER.fullmatch(value):
        return int(value)
    raise NotANumber
