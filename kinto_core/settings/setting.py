"""One typed, documented value: what a settings table is made of.

A table is a frozen dataclass whose fields are made with `setting`. From that one line come the
parsing, the environment name, the start-up check, the generated file, the listing and the manual.
Reading texts is the business of ``conversion.py``; where they come from that of ``sources.py``.
"""

import dataclasses
import functools
import re
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType, UnionType
from typing import Any

_METADATA_KEY = "kinto_core.setting"

_PLACEHOLDERS: Mapping[str, str] = {
    "resource": r"[a-z][a-z0-9_-]*?",
    "permission": "create|write|read|delete",
    "method": "get|head|put|post|patch|delete",
    "name": r"[^.]+",
    "prefix": r"\S+?",
}
"""What the placeholders of a pattern stand for; others stand for any text."""

SECRET_NAME = re.compile(
    r"secret|password|passwd|token|dsn|credential|private|api_?key", re.IGNORECASE
)
"""Names whose values are never shown, wherever they stand in a name that follows a pattern."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One declared setting, or a family of them that follows a pattern.

    Attributes:
        attribute: name of the attribute of the table.
        name: full name in the file, without ``kinto.``; for a family, its pattern.
        type: the scalar: ``bool``, ``int``, ``float``, ``str``, ``datetime`` or ``Path``.
        is_optional: whether ``None`` is a value: an empty text or ``null``.
        is_list: whether it is a tuple of scalars.
        is_nested: for families, whether names have two variable parts (``{name}.{parameter}``).
        default: the value when nothing is written; a mapping for families.
        help: what it does, for operators, in Markdown.
        minimum: smallest accepted number.
        maximum: largest accepted number.
        unit: what a number counts.
        secret: whether the value is never shown.
        choices: the accepted texts, if they are few.
        pattern: whether this is a family.
        example: a value for the manual and the generated file.
        aliases: other spellings of values and what they stand for.
        listed_in: for nested families, the setting that lists the names in use.
        zero_means_none: whether 0 says the same as an empty text.
    """

    attribute: str
    name: str
    type: type[Any]
    is_optional: bool = False
    is_list: bool = False
    is_nested: bool = False
    default: Any = None
    help: str = ""
    minimum: float | None = None
    maximum: float | None = None
    unit: str | None = None
    secret: bool = False
    choices: tuple[str, ...] | None = None
    pattern: bool = False
    example: str | None = None
    aliases: Mapping[str, str] = dataclasses.field(default_factory=dict)
    listed_in: str | None = None
    zero_means_none: bool = False

    @property
    def environment(self) -> str:
        """The name of its environment variable."""
        return environment_name(self.name)

    def key(self, name: str) -> str | None:
        """The variable part of a name of this family; ``None`` when it is not one of them."""
        match = _regular_expression(self.name).fullmatch(name)
        return match["key"] if match else None

    def full_name(self, key: str) -> str:
        """The name that has this variable part; the opposite of `key`."""
        head, tail = fixed_parts(self.name)
        return f"{head}{key}{tail}"

    def is_secret(self, name: str) -> bool:
        """Whether the value of the setting of that name must not be shown."""
        return self.secret or (self.pattern and SECRET_NAME.search(name) is not None)


def setting(  # noqa: PLR0913  one keyword for each thing that can be said about a setting
    default: Any,  # noqa: ANN401  the field's own annotation is the type
    *,
    help: str,  # noqa: A002  the word that tables read best with
    minimum: float | None = None,
    maximum: float | None = None,
    unit: str | None = None,
    secret: bool = False,
    choices: tuple[str, ...] | None = None,
    name: str | None = None,
    pattern: str | None = None,
    example: str | None = None,
    aliases: Mapping[str, str] | None = None,
    listed_in: str | None = None,
    zero_means_none: bool = False,
) -> Any:  # noqa: ANN401  a dataclass field, which type checkers see as its value
    """A field of a settings table.

    The annotation gives the type: ``bool``, ``int``, ``float``, ``str``, ``datetime``, ``Path``,
    a tuple of one of them, any of these or ``None``; with ``pattern``, a mapping to one of them.

    Args:
        default: the value when nothing is written.
        help: what it does, one or two sentences.
        minimum: smallest accepted number.
        maximum: largest accepted number.
        unit: what a number counts.
        secret: never show the value.
        choices: the accepted texts.
        name: the name in the file, when it is not that of the attribute.
        pattern: the names of a family, such as ``{resource}_{permission}_principals``.
        example: a value for the manual.
        aliases: other spellings of values.
        listed_in: for ``{name}.{parameter}``, the setting that lists the names in use.
        zero_means_none: 0 says the same as an empty text.
    """
    told = {
        "help": help,
        "minimum": minimum,
        "maximum": maximum,
        "unit": unit,
        "secret": secret,
        "choices": choices,
        "name": pattern or name,
        "pattern": pattern is not None,
        "example": example,
        "aliases": aliases or {},
        "listed_in": listed_in,
        "zero_means_none": zero_means_none,
    }
    metadata = {_METADATA_KEY: told}
    if isinstance(default, Mapping):
        frozen = MappingProxyType(dict(default))
        return dataclasses.field(
            default_factory=lambda: frozen, metadata=metadata, repr=not secret, hash=False
        )
    return dataclasses.field(default=default, metadata=metadata, repr=not secret)


_known: dict[type[Any], tuple[Setting, ...]] = {}


def settings_of(table: type[Any]) -> tuple[Setting, ...]:
    """The settings of a table, in the order in which they are declared.

    A class attribute ``prefix`` of the table, such as ``history.``, starts every name.

    Raises:
        TypeError: the annotation of a field is none that texts can be converted to.
    """
    if table in _known:
        return _known[table]
    hints = typing.get_type_hints(table)
    prefix = getattr(table, "prefix", "")
    found = []
    for field in dataclasses.fields(table):
        told = field.metadata.get(_METADATA_KEY)
        if told is not None:
            declared = _described(field, hints[field.name], dict(told))
            found.append(dataclasses.replace(declared, name=prefix + declared.name))
    return _known.setdefault(table, tuple(found))


def environment_name(name: str) -> str:
    """The environment variable of a setting: ``a.b-c`` gives ``KINTO_A_B_C``.

    Source: settings S-8.
    """
    return "KINTO_" + re.sub(r"[.-]", "_", name).upper()


def fixed_parts(pattern: str) -> tuple[str, str]:
    """What stands before the first and behind the last placeholder of a pattern."""
    return pattern[: pattern.index("{")], pattern[pattern.rindex("}") + 1 :]


def _described(field: "dataclasses.Field[Any]", hint: Any, told: dict[str, Any]) -> Setting:  # noqa: ANN401  annotations have no type
    told["name"] = told["name"] or field.name
    nested = False
    if told["pattern"]:
        hint = typing.get_args(hint)[1]
        if typing.get_origin(hint) is Mapping:
            nested, hint = True, typing.get_args(hint)[1]
    scalar, is_optional, is_list = _shape(hint)
    is_plain = field.default is not dataclasses.MISSING
    factory = typing.cast("Callable[[], Any]", field.default_factory)
    return Setting(
        attribute=field.name,
        type=scalar,
        is_optional=is_optional,
        is_list=is_list,
        is_nested=nested,
        default=field.default if is_plain else factory(),
        **told,
    )


def _shape(hint: Any) -> tuple[type[Any], bool, bool]:  # noqa: ANN401  annotations have no type
    """The scalar of an annotation, whether ``None`` is accepted, whether it is a tuple."""
    is_optional = False
    if isinstance(hint, UnionType) or typing.get_origin(hint) is typing.Union:
        others = [part for part in typing.get_args(hint) if part is not type(None)]
        is_optional = True
        (hint,) = others
    if typing.get_origin(hint) is tuple:
        return typing.get_args(hint)[0], is_optional, True
    if not isinstance(hint, type):
        message = f"{hint!r} is no type of settings"
        raise TypeError(message)
    return hint, is_optional, False


@functools.cache
def _regular_expression(pattern: str) -> re.Pattern[str]:
    """Matches the names of a family; group ``key`` is their variable part."""
    head, tail = fixed_parts(pattern)
    middle = pattern[len(head) : len(pattern) - len(tail)]
    parts = []
    for text in re.split(r"(\{[^}]*\})", middle):
        if text.startswith("{"):
            word = text[1:-1]
            parts.append(f"(?:{word if '|' in word else _PLACEHOLDERS.get(word, '.+')})")
        else:
            parts.append(re.escape(text))
    return re.compile(f"{re.escape(head)}(?P<key>{''.join(parts)}){re.escape(tail)}")
