"""``kinto quotas``: count what is stored."""

from pathlib import Path

import click

from kinto_core.builtin.quotas.rebuilding import rebuild as rebuild_all
from kinto_core.cli.options import common_options, examples, load_settings, tell
from kinto_core.errors import ReadOnly
from kinto_core.server import Server


@click.group(epilog=examples("kinto quotas rebuild"))
def quotas() -> None:
    """See to the sums that quotas are compared with."""


@quotas.command(epilog=examples("kinto quotas rebuild --dry-run", "kinto quotas rebuild"))
@common_options
@click.option("--dry-run", is_flag=True, help="Only say what there is.")
def rebuild(ini: Path | None, *, dry_run: bool) -> None:
    """Count what all buckets hold, and put the sums right.

    Do so once after enabling quotas on a server that has data already, and whenever data changed
    while they were not enabled. Requests are served meanwhile.
    """
    settings = load_settings(ini)
    if settings.readonly and not dry_run:
        message = "a read-only server changes nothing: use --dry-run, or a writable one"
        raise ReadOnly(message)
    with Server(settings) as server:
        server.prepare()
        found = rebuild_all(server.storage.database, tell, dry_run=dry_run)
    verb = "are to be put right" if dry_run else "were put right"
    click.echo(f"{found.buckets} buckets counted, {found.wrong} sums {verb}.")
