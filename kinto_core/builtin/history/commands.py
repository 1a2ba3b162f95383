"""``kinto history``: what operators do with history that nobody does over HTTP."""

from datetime import UTC, datetime
from pathlib import Path

import click

from kinto_core.builtin.history.entries import SERVER
from kinto_core.builtin.history.settings import limit_of, settings_of
from kinto_core.builtin.history.sql_reading import Scope, find
from kinto_core.builtin.history.sql_trimming import counted_in, remove_before, trim
from kinto_core.cli.options import common_options, examples, load_settings
from kinto_core.errors import ReadOnly
from kinto_core.server import Server
from kinto_core.storage.query import Query


@click.group(epilog=examples("kinto history buckets", "kinto history trim --older-than 365"))
def history() -> None:
    """See what became of buckets, and remove old history."""


@history.command(epilog=examples("kinto history buckets -n 100"))
@common_options
@click.option("-n", "count", type=click.IntRange(1, 10_000), default=20, show_default=True)
def buckets(ini: Path | None, count: int) -> None:
    """Show the latest creations and deletions of buckets, and purges of history."""
    with Server(load_settings(ini)) as server, server.storage.database.reading() as connection:
        found = find(connection, Scope(SERVER), Query(limit=count))
    for stored in found:
        entry = stored.data
        moment = datetime.fromtimestamp(stored.last_modified / 1000, UTC)
        who = entry["user_id"] or "anonymous"
        click.echo(f"{moment:%Y-%m-%d %H:%M:%S}  {entry['action']}  {entry['uri']}  by {who}")


@history.command(
    "trim", epilog=examples("kinto history trim", "kinto history trim --older-than 90")
)
@common_options
@click.option(
    "--older-than",
    type=click.FloatRange(min=0),
    metavar="DAYS",
    help="Remove entries that are older. [default: what the settings history.auto_trim_… say]",
)
def trim_command(ini: Path | None, older_than: float | None) -> None:
    """Remove old entries for good, in small steps while the server runs."""
    settings = load_settings(ini)
    if settings.readonly:
        message = "the server is read-only; set readonly = false to trim"
        raise ReadOnly(message)
    with Server(settings) as server:
        database = server.storage.database
        if older_than is not None:
            removed = remove_before(database, server.clock() - int(older_than * 86_400_000))
        else:
            removed = _trim(server)
    click.echo(f"{removed} entries removed.")


def _trim(server: Server) -> int:
    limit = limit_of(settings_of(server.settings))
    if limit is None:
        message = "set history.auto_trim_max_count, or say --older-than DAYS"
        raise click.UsageError(message)
    database = server.storage.database
    with database.reading() as connection:
        found = counted_in(connection, limit)
    return sum(trim(database, counted, limit) for counted in found)
