"""``kinto attachment``: look after the files."""

from pathlib import Path

import click

from kinto_attachment.checking import check
from kinto_attachment.cleaning import sweep
from kinto_attachment.plugin import attachments_of
from kinto_core.cli.options import common_options, examples, load_settings
from kinto_core.server import Server


@click.group(epilog=examples("kinto attachment gc", "kinto attachment check --read"))
def attachment() -> None:
    """Remove files that nobody needs, find files that are missing."""


@attachment.command("gc", epilog=examples("kinto attachment gc", "kinto attachment gc --grace 0"))
@common_options
@click.option(
    "--grace",
    type=click.FloatRange(min=0),
    metavar="SECONDS",
    help="How old files must be that the database does not know. [default: the settings']",
)
def gc(ini: Path | None, *, grace: float | None) -> None:
    """Remove what no record refers to.

    Run it from time to time, such as every night; the server may be in use. --grace 0 is for a
    server that is not.
    """
    with Server(load_settings(ini)) as server:
        swept = sweep(attachments_of(server), grace_seconds=grace)
    click.echo(
        f"Removed {swept.contents} files without a record, {swept.files} unknown files,"
        f" {swept.uploads} uploads that waited too long; {swept.references} records were gone."
    )


@attachment.command("check", epilog=examples("kinto attachment check --read"))
@common_options
@click.option("--read", is_flag=True, help="Read every file, and compare what it should hold.")
def check_command(ini: Path | None, *, read: bool) -> None:
    """Say what is missing, and what is too much.

    Ends with status 1 when a record refers to a file that is missing or damaged.
    """
    with Server(load_settings(ini)) as server:
        found = check(attachments_of(server), reads=read)
    for path in found.dangling:
        click.echo(f"missing: {path}")
    for key in found.damaged:
        click.echo(f"damaged: {key}")
    click.echo(
        f"{found.references} references, {found.contents} files;"
        f" {len(found.dangling)} missing, {len(found.damaged)} damaged,"
        f" {found.unreferenced} that no record refers to, {found.unknown} unknown."
    )
    if found.dangling or found.damaged:
        click.get_current_context().exit(1)
