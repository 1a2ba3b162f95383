"""``kinto config``."""

import sys
from pathlib import Path

import click

from kinto_core import json
from kinto_core.cli.options import (
    common_options,
    examples,
    find_ini,
    load_settings,
    tell,
    tell_warnings,
)
from kinto_core.cli.plugin_commands import with_plugins
from kinto_core.settings.rendering import Row, render_listing


@click.command(epilog=examples("kinto config --changed", "kinto config --json"))
@common_options
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.option("--changed", is_flag=True, help="Only what is not a default.")
def config(ini: Path | None, *, as_json: bool, changed: bool) -> None:
    """Show the effective settings and where each comes from; secrets are hidden."""
    settings = with_plugins(load_settings(ini))
    tell_warnings(settings)
    rows = render_listing(settings)
    if changed:
        rows = tuple(row for row in rows if row.origin != "default")
    if as_json:
        values = {row.name: {"value": row.value, "origin": row.origin} for row in rows}
        click.echo(json.dumps(values))
        return
    tell(f"Settings file: {find_ini(ini) or 'none'}")
    if sys.stdout.isatty():
        _print_table(rows)
    else:
        for row in rows:
            click.echo(f"{row.name} = {row.value}\t{row.origin}")


def _print_table(rows: tuple[Row, ...]) -> None:
    # rich takes a tenth of a second to import, which programs that read the lines need not wait.
    from rich.console import Console  # noqa: PLC0415  see above
    from rich.table import Table  # noqa: PLC0415  see above
    from rich.text import Text  # noqa: PLC0415  see above

    table = Table("setting", "value", "origin", box=None)
    for row in rows:
        style = "dim" if row.origin == "default" else ""
        table.add_row(Text(row.name), Text(row.value), Text(row.origin), style=style)
    Console().print(table)
