"""Functions that SQLite lacks and that filters and sorts call on arrays, objects and text.

All are deterministic and take and return plain SQL values; PostgreSQL has its own for each. The
order of values that they give is the one PostgreSQL has for ``jsonb``, so that both databases
agree. SQL that calls them is written elsewhere.
"""

import sqlite3
import struct
from collections.abc import Iterable
from decimal import Decimal
from functools import lru_cache
from typing import Any

from kinto_core import json

_NUL = b"\x00"


def register_functions(driver: sqlite3.Connection) -> None:
    """Make the functions known to a new connection of the ``sqlite3`` module."""
    functions = (
        ("kinto_key", 1, json_key),
        ("kinto_at", 2, json_at),
        ("kinto_contains", 3, json_contains),
        ("kinto_like", 2, is_like),
        ("kinto_digits", 1, digits),
    )
    for name, arguments, function in functions:
        driver.create_function(name, arguments, function, deterministic=True)


def json_key(text: str | None) -> bytes | None:
    """Bytes that sort as JSON values do: rank of the type first, then the value.

    Arrays sort by length, then element by element; objects by number of keys, then key, value,
    key, value and so on, where the keys of each are taken by their length first. Equal values
    have equal bytes, whatever their spelling.

    Source: protocol F-30, F-31.
    """
    return None if text is None else value_key(json.parse(text))


def value_key(value: Any) -> bytes:  # noqa: ANN401  any JSON value
    """See ``json_key``; for a value that is parsed already."""
    if not isinstance(value, (list, dict)):
        return _scalar_key(value)
    parts: list[bytes] = []
    waiting: list[Any] = [value]
    while waiting:
        item = waiting.pop()
        if isinstance(item, list):
            parts.append(b"\x05" + struct.pack(">I", len(item)))
            waiting.extend(reversed(item))
        elif isinstance(item, dict):
            parts.append(b"\x06" + struct.pack(">I", len(item)))
            pairs = sorted(item.items(), key=_key_order, reverse=True)
            waiting.extend(part for key, inner in pairs for part in (inner, key))
        else:
            parts.append(_scalar_key(item))
    return b"".join(parts)


def _key_order(pair: tuple[str, Any]) -> tuple[int, bytes]:
    key = pair[0].encode()
    return len(key), key


def _scalar_key(value: Any) -> bytes:  # noqa: ANN401  any JSON value
    if value is None:
        return b"\x01"
    if isinstance(value, str):
        return b"\x02" + value.encode().replace(_NUL, b"\x00\xff") + b"\x00\x00"
    if isinstance(value, bool):
        return b"\x04\x01" if value else b"\x04\x00"
    return b"\x03" + _number_key(value)


def _number_key(number: float) -> bytes:
    """Sign, exponent and digits, in bytes that sort as numbers do, of any size and precision."""
    mantissa, _, power = repr(abs(number)).partition("e")
    whole, _, fraction = mantissa.partition(".")
    digits = (whole + fraction).lstrip("0")
    if not digits:
        return b"\x01"
    exponent = int(power or 0) + len(digits) - len(fraction) - 1
    size = struct.pack(">I", exponent + 2**31) + digits.rstrip("0").encode() + _NUL
    if number > 0:
        return b"\x02" + size
    return b"\x00" + bytes(255 - byte for byte in size)


def json_at(text: str, path: str) -> str | None:
    """The JSON text at a path of object keys, ``None`` when nothing is there.

    Args:
        text: of a JSON object.
        path: a JSON array of keys; any text can be a key.
    """
    value = json.parse(text)
    for key in _keys(path):
        if not isinstance(value, dict) or key not in value:
            return None
        value = value[key]
    return json.dumps(value)


@lru_cache(maxsize=256)
def _keys(path: str) -> tuple[str, ...]:
    return tuple(json.parse(path))


def json_contains(text: str, wanted: str, all_of_them: int) -> int:
    """Whether a JSON array has all (or any) of the elements of another. Source: protocol F-18."""
    keys = _element_keys(wanted)
    found = _keys_of(json.parse(text))
    return int(keys <= found if all_of_them else not keys.isdisjoint(found))


@lru_cache(maxsize=256)
def _element_keys(text: str) -> frozenset[bytes]:
    return frozenset(_keys_of(json.parse(text)))


def _keys_of(values: Iterable[Any]) -> set[bytes]:
    return {value_key(value) for value in values}


def is_like(text: str | None, pattern: str) -> int:
    """Whether a text matches a pattern in which only ``*`` is special, letter case aside.

    Time grows with the length of text times pattern, whatever they contain.

    Source: protocol F-22, W-23.
    """
    if text is None:
        return 0
    folded = fold(text)
    first, *rest = _literal_parts(pattern)
    if not rest:
        return int(first in folded)
    *middle, last = rest
    if not folded.startswith(first) or len(folded) < len(first) + len(last):
        return 0
    place, end = len(first), len(folded) - len(last)
    for part in middle:
        place = folded.find(part, place, end)
        if place < 0:
            return 0
        place += len(part)
    return int(folded.endswith(last))


@lru_cache(maxsize=256)
def _literal_parts(pattern: str) -> tuple[str, ...]:
    return tuple(fold(pattern).split("*"))


def fold(text: str) -> str:
    """The text with each character replaced by the one that stands for all its letter cases.

    One character stays one character, so the result does not depend on what is beside it; the
    same on every database and in every locale.
    """
    return text.lower() if text.isascii() else "".join(map(fold_character, text))


@lru_cache(maxsize=8192)
def fold_character(character: str) -> str:
    """See ``fold``."""
    for folded in (character.casefold(), character.lower()):
        if len(folded) == 1:
            return folded
    return character


def digits(number: str | None) -> str | None:
    """The number of a JSON text as PostgreSQL would print it: without exponent."""
    if number is None:
        return None
    value = Decimal(number)
    return format(value or abs(value), "f")
