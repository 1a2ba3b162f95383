"""Search in text, letter case aside, the same on both databases and in every locale."""

from functools import lru_cache
from typing import Any

from sqlalchemy import Boolean, ColumnElement, Text, func, literal

from kinto_core.database.functions import fold, fold_character
from kinto_core.storage.sql_field import Condition

_ESCAPES = str.maketrans({"\\": "\\\\", "%": "\\%", "_": "\\_", "*": "%"})
_LAST_CASED = 0x1EFFF
"""No character after this one has letter cases."""
_FOREIGN_CASES = "ks"
"""ASCII letters that other characters are cases of: the Kelvin sign, the long s."""
_LONGEST_SQLITE_PATTERN = 2000


def like(text: ColumnElement[Any], pattern: str, dialect: str) -> Condition:
    """The text matches a pattern in which only ``*`` is special.

    PostgreSQL's own idea of letter case depends on the locale of the database. Only characters of
    the pattern matter, so all their cases are spelled out for ``translate`` instead.

    Source: protocol F-22, W-23.
    """
    folded = fold(pattern)
    if dialect == "sqlite":
        return _sqlite_like(text, folded)
    cases, plain = _cases(folded)
    escaped = _escaped(folded)
    if cases:
        text = func.translate(text, cases, plain, type_=Text())
    return text.collate("C").like(literal(escaped, Text()), escape="\\")


def _sqlite_like(text: ColumnElement[Any], folded: str) -> Condition:
    """SQLite's own search, which knows the cases of ASCII; our function decides the rest."""
    exact: Condition = func.kinto_like(text, folded, type_=Boolean())
    if len(folded) > _LONGEST_SQLITE_PATTERN:
        return exact
    known = [char if char.isascii() and char not in _FOREIGN_CASES else "\0" for char in folded]
    pattern = _escaped("".join(known))
    quick = text.like(literal(pattern.replace("\0", "_"), Text()), escape="\\")
    return quick & exact if "\0" in known else quick


def _escaped(folded: str) -> str:
    """A pattern for ``LIKE``, with a backslash as its escape character."""
    escaped = folded.translate(_ESCAPES)
    return escaped if "*" in folded else f"%{escaped}%"


def _cases(folded: str) -> tuple[str, str]:
    """Every other case of the characters of a folded text, and what each is folded to."""
    variants = _variants()
    pairs = [(other, plain) for plain in sorted(set(folded)) for other in variants.get(plain, ())]
    return "".join(other for other, _ in pairs), "".join(plain for _, plain in pairs)


@lru_cache(maxsize=1)
def _variants() -> dict[str, list[str]]:
    """The characters that are folded to each character; made when first needed."""
    found: dict[str, list[str]] = {}
    for code in range(_LAST_CASED + 1):
        character = chr(code)
        plain = fold_character.__wrapped__(character)
        if plain != character:
            found.setdefault(plain, []).append(character)
    return found
