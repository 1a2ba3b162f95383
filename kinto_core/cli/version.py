"""``kinto version``."""

import click

from kinto_core import __version__
from kinto_core.cli.options import examples


@click.command(epilog=examples("kinto version"))
def version() -> None:
    """Show the release."""
    click.echo(__version__)
