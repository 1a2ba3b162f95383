"""``kinto purge-deleted``."""

from pathlib import Path

import click

from kinto_core.cli.options import common_options, examples, load_settings
from kinto_core.errors import ReadOnly
from kinto_core.server import Server


@click.command(
    "purge-deleted",
    epilog=examples(
        "kinto purge-deleted record",
        "kinto purge-deleted record group --older-than 90 --keep 1000 --yes",
    ),
)
@common_options
@click.argument("resources", nargs=-1, required=True, metavar="RESOURCE...")
@click.option("--keep", type=click.IntRange(min=0), help="Keep that many of each list, the newest.")
@click.option(
    "--older-than",
    type=click.FloatRange(min=0),
    metavar="DAYS",
    help="Remove only those that are older. [default: setting tombstone_retention_days]",
)
@click.option("--yes", is_flag=True, help="Do not ask.")
def purge_deleted(
    ini: Path | None,
    resources: tuple[str, ...],
    keep: int | None,
    older_than: float | None,
    *,
    yes: bool,
) -> None:
    """Remove old traces of deleted objects.

    RESOURCE is a type, such as record. A client that was away since before the deletion must
    synchronise from the start.
    """
    settings = load_settings(ini)
    if settings.readonly:
        message = "the server is read-only; set readonly = false to purge"
        raise ReadOnly(message)
    days = settings.tombstone_retention_days if older_than is None and keep is None else older_than
    with Server(settings) as server:
        unknown = sorted(set(resources) - set(server.types.by_name))
        if unknown:
            message = f"no such type: {', '.join(unknown)}; there are "
            raise click.UsageError(message + ", ".join(sorted(server.types.by_name)))
        if not yes:
            question = _question(resources, days, keep)
            click.confirm(question, abort=True, err=True)
        removed = server.purge_deleted(resources, max_retained=keep, older_than_days=days)
    click.echo(f"{removed} tombstone(s) deleted.")


def _question(resources: tuple[str, ...], days: float | None, keep: int | None) -> str:
    which = "all" if days is None else f"those older than {days:g} days"
    kept = "" if keep is None else f", but the newest {keep} of each list"
    return f"Remove the traces of deleted {', '.join(resources)}: {which}{kept}?"
