"""The table of settings as a commented file, as a listing, and as a page of the manual.

Everything shown is taken from the declarations; nothing is said twice.
"""

import textwrap
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from kinto_core.settings.aliases import NO_EFFECT
from kinto_core.settings.conversion import expected, masked, to_text
from kinto_core.settings.core import Settings
from kinto_core.settings.groups import GROUPS
from kinto_core.settings.setting import Setting, settings_of

_IN_SERVER_SECTION = ("host", "port", "workers", "threads")
_WIDTH = 98

_HEAD = """\
# Settings of Kinto Core. A line that starts with "# kinto." shows the default, or an example
# where there is none. Comments stand on lines of their own. Write a % as %%.
# Environment variables win: KINTO_PAGINATE_BY for kinto.paginate_by, and so on.
# "kinto check" says whether this file is right, "kinto config" what it amounts to.
# This file holds secrets: nobody but the server's user should be able to read it.
"""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the listing.

    Attributes:
        name: of the setting, without ``kinto.``.
        value: its text, without secrets.
        origin: where it comes from: a line, a variable, ``default``, or what it follows from.
    """

    name: str
    value: str
    origin: str


def render_ini(overrides: Mapping[str, str]) -> str:
    """A complete, commented ini file.

    Args:
        overrides: the settings that are active, by name without prefix, as they stand in a file
            (a % doubled, ``%(here)s`` for the folder of the file). Others show their defaults.
    """
    left = dict(overrides)
    lines = [_HEAD, "[server:main]", ""]
    server = {one.name: one for one in settings_of(Settings)}
    for name in _IN_SERVER_SECTION:
        lines += _ini_entry(server[name], left, prefix="")
    lines += ["[app:main]", "use = egg:kinto-core", ""]
    for group in GROUPS:
        lines += ["", f"## {_title(group)}", ""]
        for one in settings_of(group):
            if one.name not in _IN_SERVER_SECTION:
                lines += _ini_entry(one, left, prefix="kinto.")
    if left:
        lines += ["", "## Settings of plugins.", ""]
        lines += [f"kinto.{name} = {text}" for name, text in left.items()]
    return "\n".join(lines).rstrip() + "\n"


def render_listing(settings: Settings) -> tuple[Row, ...]:
    """The effective value and the origin of each setting, those of plugins last."""
    rows: list[Row] = []
    for group in GROUPS:
        for one in settings_of(group):
            rows += _rows(one, getattr(settings, one.attribute), settings)
    for table, values in settings.tables.items():
        for one in settings_of(table):
            rows += _rows(one, getattr(values, one.attribute), settings)
    return tuple(rows)


def render_reference() -> str:
    """The settings of the server in Markdown, a table for each group."""
    parts = []
    for group in GROUPS:
        parts += [f"## {_title(group).rstrip('.')}", "", render_table(group), ""]
    parts += ["## Accepted, without effect", ""]
    parts += ["Files written for other servers of the protocol may name these settings.", ""]
    parts += ["| Setting | Why |", "| --- | --- |"]
    parts += [f"| `{name}` | {reason} |" for name, (_, reason) in NO_EFFECT.items()]
    parts += ["| `storage_pool_size` and other pool settings | connections follow `threads` |"]
    return "\n".join(parts) + "\n"


def render_table(table: type[Any]) -> str:
    """The settings of one table, also a plugin's, as a table in Markdown."""
    lines = ["| Setting | Expects | Default | Meaning |", "| --- | --- | --- | --- |"]
    for one in settings_of(table):
        cells = (
            f"`{one.name}`",
            expected(one),
            _default_of(one),
            one.help + (f" Example: `{one.example}`." if one.example else ""),
        )
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(lines)


def _title(group: type[Any]) -> str:
    return (group.__doc__ or "").partition("\n")[0]


def _default_of(declared: Setting) -> str:
    if declared.is_nested:
        return ""
    if declared.pattern:
        return "; ".join(
            f"`{declared.full_name(key)} = {to_text(value)}`"
            for key, value in declared.default.items()
        )
    text = to_text(declared.default)
    return f"`{text}`" if text else "empty"


def _ini_entry(declared: Setting, left: dict[str, str], *, prefix: str) -> list[str]:
    """The lines of one setting; what is active is taken out of ``left``."""
    words = declared.help
    if declared.type is not str or declared.choices:
        words += f" Expected: {expected(declared)}."
    is_example = declared.example and not to_text(declared.default)
    if is_example and not declared.pattern and declared.name not in left:
        words += " Default: none; for example:"
    lines = [f"# {line}" for line in textwrap.wrap(words, _WIDTH)]
    if declared.pattern:
        active = [name for name in left if declared.key(name) is not None]
        shown = [f"{name} = {left.pop(name)}" for name in active]
        commented = [
            f"{declared.full_name(key)} = {to_text(value)}"
            for key, value in declared.default.items()
            if declared.full_name(key) not in active
        ]
        if not shown and not commented and declared.example:
            commented = [declared.example]
        lines += [f"# {prefix}{line}" for line in commented]
        lines += [f"{prefix}{line}" for line in shown]
    elif declared.name in left:
        lines.append(f"{prefix}{declared.name} = {left.pop(declared.name)}".rstrip())
    else:
        text = to_text(declared.default) or declared.example or ""
        lines.append(f"# {prefix}{declared.name} = {text}".rstrip())
    return [*lines, ""]


def _rows(declared: Setting, value: Any, settings: Settings) -> Iterator[Row]:  # noqa: ANN401  any setting's value
    for name, item in _named(declared, value):
        text = masked(to_text(item), is_secret=declared.is_secret(name))
        origin = settings.origins.get(name)
        if origin is None:
            origin = "default" if _is_default(declared, name, item) else "follows from others"
        yield Row(name, text, origin)


def _is_default(declared: Setting, name: str, item: object) -> bool:
    if not declared.pattern:
        return bool(item == declared.default)
    return any(
        declared.full_name(key) == name and one == item for key, one in declared.default.items()
    )


def _named(declared: Setting, value: Any) -> Iterable[tuple[str, Any]]:  # noqa: ANN401  any setting's value
    """The names and values that a setting, or family of settings, has."""
    if not declared.pattern:
        return [(declared.name, value)]
    if not declared.is_nested:
        return [(declared.full_name(key), item) for key, item in value.items()]
    head = declared.name[: declared.name.index("{")]
    return [
        (f"{head}{name}.{parameter}", item)
        for name, parameters in value.items()
        for parameter, item in parameters.items()
    ]
