"""``kinto plugin``: list plugins, or begin a new one."""

import sys
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

import click

from kinto_core import __version__, json
from kinto_core.cli.options import common_options, load_settings, tell
from kinto_core.cli.scaffolding import PluginNames, write_plugin
from kinto_core.discovery import InstalledPlugin, LoadedPlugin, find, installed
from kinto_core.errors import ConfigurationError
from kinto_core.hooks import Plugins


@dataclass(frozen=True, slots=True)
class Row:
    """One plugin of the listing.

    Attributes:
        name: what to write in ``includes``.
        version: of its distribution; that of the server for built-in ones.
        origin: its distribution, ``built-in``, or ``module`` for a dotted name.
        enabled: whether the settings name it.
        hooks: the hooks that it implements.
        problem: why it cannot be loaded.
    """

    name: str
    version: str | None
    origin: str
    enabled: bool
    hooks: tuple[str, ...] = ()
    problem: str | None = None


@click.group()
def plugin() -> None:
    """List plugins, or begin a new one."""


@plugin.command()
@click.argument("name")
@click.option(
    "--directory",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path(),
    help="Where to make the plugin's folder. [default: here]",
)
def new(name: str, *, directory: Path) -> None:
    """Write a complete plugin, with settings and tests, to change as you like.

    \b
    Example:
      kinto plugin new word-count
    """
    names = PluginNames.of(name)
    folder = write_plugin(names, __version__, directory)
    click.echo(str(folder))
    tell(f"Try it:  cd {folder}  &&  pip install -e '.[test]'  &&  pytest")
    tell(f"Use it:  kinto.includes = {names.name}")


@plugin.command("list")
@common_options
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def list_plugins(ini: Path | None, *, as_json: bool) -> None:
    """Show which plugins are installed, which are enabled, and what they hook into.

    \b
    Examples:
      kinto plugin list
      kinto plugin list --json
    """
    rows = plugin_rows(load_settings(ini).includes)
    if as_json:
        click.echo(json.dumps([asdict(row) for row in rows]))
    elif sys.stdout.isatty():
        _print_table(rows)
    else:
        for row in rows:
            state = "enabled" if row.enabled else "-"
            click.echo("\t".join((row.name, row.version or "-", row.origin, state, _does(row))))


def plugin_rows(includes: Iterable[str]) -> list[Row]:
    """The enabled plugins in their order, then the others by name; imports all of them."""
    available = {one.name: one for one in installed()}
    enabled = list(dict.fromkeys(includes))
    others = [name for name in available if name not in enabled]
    return [
        _row(name, available.get(name), is_enabled=name in enabled) for name in (*enabled, *others)
    ]


def _row(name: str, known: InstalledPlugin | None, *, is_enabled: bool) -> Row:
    """What is to be said of one plugin, also when it cannot be loaded."""
    if known is None:
        version, origin = None, "module"
    elif known.distribution is None:
        version, origin = __version__, "built-in"
    else:
        version, origin = known.version, known.distribution
    try:
        loaded = find(name)
        hooks = _hooks(loaded)
    except ConfigurationError as error:
        return Row(name, version, origin, is_enabled, problem="; ".join(error.problems))
    return Row(name, version, origin, is_enabled, hooks)


def _hooks(loaded: LoadedPlugin) -> tuple[str, ...]:
    """The hooks of one plugin, and ``includeme`` if it has that."""
    hooks = Plugins([loaded]).hooks_of(loaded)
    return (*hooks, *(["includeme"] if hasattr(loaded.module, "includeme") else []))


def _does(row: Row) -> str:
    return row.problem or " ".join(row.hooks)


def _print_table(rows: Iterable[Row]) -> None:
    # rich takes a tenth of a second to import, which programs that read the lines need not wait.
    from rich.console import Console  # noqa: PLC0415  see above
    from rich.table import Table  # noqa: PLC0415  see above
    from rich.text import Text  # noqa: PLC0415  see above

    table = Table("plugin", "version", "from", "enabled", "hooks", box=None)
    for row in rows:
        style = "red" if row.problem else "" if row.enabled else "dim"
        state = "yes" if row.enabled else "no"
        cells = (row.name, row.version or "", row.origin, state, _does(row))
        table.add_row(*map(Text, cells), style=style)
    Console().print(table)
