"""JSON text to values and back, strictly.

msgspec reads integers of any length exactly and refuses what RFC 8259 does not allow; what it
lets through and we do not want (depth, NUL, numbers beyond a double) is refused here.
"""

from typing import Any

import msgspec

from kinto_core.errors import KintoError

_decoder = msgspec.json.Decoder()
_encoder = msgspec.json.Encoder()


class InvalidJSON(KintoError):
    """The text is not JSON that we accept; the message says where and why."""


def loads(text: bytes | str, max_depth: int) -> Any:  # noqa: ANN401  any JSON value
    """The value of a JSON text.

    Args:
        text: UTF-8 bytes or a string.
        max_depth: deepest accepted nesting of arrays and objects.

    Raises:
        InvalidJSON: not JSON, not UTF-8, too deep, a NUL character or a lone surrogate.
    """
    try:
        value = _decoder.decode(text)
    except (msgspec.DecodeError, UnicodeError, RecursionError, ValueError) as error:
        raise InvalidJSON(str(error)) from error
    raw = text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass")
    if (
        b"\\u0000" in raw
        or b"\\ud" in raw
        or b"\\uD" in raw
        or raw.count(b"[") + raw.count(b"{") > max_depth
    ):
        _check(value, max_depth)
    return value


def _check(value: Any, depth: int) -> None:  # noqa: ANN401  any JSON value
    """Refuse what the decoder let through, in a value nested at most ``depth`` deep."""
    if isinstance(value, str):
        if "\x00" in value:
            message = "the NUL character (\\u0000) is not accepted in strings"
            raise InvalidJSON(message)
        try:
            value.encode()
        except UnicodeEncodeError as error:
            message = "unpaired surrogate in a string"
            raise InvalidJSON(message) from error
    elif isinstance(value, (dict, list)):
        if depth <= 0:
            message = "nested too deeply"
            raise InvalidJSON(message)
        if isinstance(value, dict):
            for key, item in value.items():
                _check(key, depth - 1)
                _check(item, depth - 1)
        else:
            for item in value:
                _check(item, depth - 1)


def dumps(value: Any) -> str:  # noqa: ANN401  any JSON value
    """The compact JSON text of a value."""
    return _encoder.encode(value).decode()


def dumpb(value: Any) -> bytes:  # noqa: ANN401  any JSON value
    """The compact JSON text of a value, as UTF-8 bytes."""
    return _encoder.encode(value)


def parse(text: str | bytes) -> Any:  # noqa: ANN401  any JSON value
    """The value of a JSON text that we wrote ourselves: nothing is checked again."""
    return _decoder.decode(text)


def raw(text: bytes) -> Any:  # noqa: ANN401  stands for any JSON value
    """A JSON text that is put into a larger one as it is."""
    return msgspec.Raw(text)
