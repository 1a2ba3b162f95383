"""``kinto migrate``."""

from pathlib import Path

import click

from kinto_core.cli.options import common_options, examples, load_settings
from kinto_core.server import Server


@click.command(
    epilog=examples("kinto migrate", "kinto migrate --dry-run --ini /etc/kinto/kinto.ini")
)
@common_options
@click.option("--dry-run", is_flag=True, help="Say what would be done, and do nothing.")
def migrate(ini: Path | None, *, dry_run: bool) -> None:
    """Create or upgrade the database tables.

    Run it before each new release is started. Running it again is safe.
    """
    with Server(load_settings(ini)) as server:
        for line in server.migrate(dry_run=dry_run):
            click.echo(line)
