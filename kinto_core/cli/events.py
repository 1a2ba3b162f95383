"""``kinto events``: see and steer the event log."""

import time
from datetime import UTC, datetime
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from kinto_core import json
from kinto_core.cli.options import common_options, examples, load_settings
from kinto_core.database.engine import Connection
from kinto_core.errors import ConfigurationError, KintoError
from kinto_core.eventlog.interface import EventLog, LoggedEvent, Position
from kinto_core.eventlog.retention import Retention, drop_disposable
from kinto_core.eventlog.status import LogStatus, status
from kinto_core.server import Server

POLL_SECONDS = 1.0
BATCH = 500


class NoSuchPlace(KintoError):
    """The log has no such place any more, or none yet."""


@click.group(
    epilog=examples(
        "kinto events status",
        "kinto events tail --follow",
        "kinto events replay redis_listener.redis --since 2026-11-24T10:00",
    )
)
def events() -> None:
    """See how far the consumers of events are, read events, deliver some again."""


@events.command("status", epilog=examples("kinto events status", "kinto events status --json"))
@common_options
@click.option("--json", "as_json", is_flag=True, help="Write JSON, for machines.")
def status_command(ini: Path | None, *, as_json: bool) -> None:
    """Show what the log holds and how far each consumer is.

    Ends with status 1 when a consumer fails, or lacks events for longer than
    event_log_alarm_seconds.
    """
    with Server(load_settings(ini)) as server:
        log = _log_of(server)
        found = status(log, server.clock())
        late = found.waiting_ms > server.settings.event_log_alarm_seconds * 1000
    if as_json:
        click.echo(json.dumps(_as_json(found)))
    else:
        _show(found)
    if late or any(one.failures for one in found.consumers):
        click.get_current_context().exit(1)


@events.command("tail", epilog=examples("kinto events tail", "kinto events tail -n 100 --follow"))
@common_options
@click.option("-n", "count", type=click.IntRange(min=0), default=10, show_default=True)
@click.option("--follow", is_flag=True, help="Go on with new events until Ctrl-C.")
def tail(ini: Path | None, *, count: int, follow: bool) -> None:
    """Write the latest events, a line of JSON each."""
    with Server(load_settings(ini)) as server:
        log = _log_of(server)
        with log.database.reading() as connection:
            extent = log.extent(connection)
        at = max(extent.last - count, extent.trimmed)
        while True:
            with log.database.reading() as connection:
                found = log.read(connection, at, limit=BATCH)
            for one in found:
                click.echo(_line(one))
                at = one.offset
            if not found:
                if not follow:
                    return
                time.sleep(POLL_SECONDS)


@events.command(
    "replay",
    epilog=examples(
        "kinto events replay webhook --since 2026-11-24T10:00",
        "kinto events replay redis_listener.redis --since 1f0c2d3e4a5b6c7d:4711",
        "kinto events replay redis_listener.redis --since start",
    ),
)
@common_options
@click.argument("consumer")
@click.option(
    "--since",
    required=True,
    metavar="PLACE",
    help="A time (ISO 8601, UTC unless it says otherwise), a position epoch:offset, or start.",
)
def replay(ini: Path | None, consumer: str, *, since: str) -> None:
    """Deliver events to a consumer again, from a place on.

    Also skips: a place later than where the consumer is makes it pass over what it could not take.
    """
    with Server(load_settings(ini)) as server:
        log = _log_of(server)
        offset = _offset(log, since)
        last = _send(log, consumer, offset, server.clock())
    click.echo(f"{consumer} goes on after event {offset}: {last - offset} to deliver.")


@events.command("trim", epilog=examples("kinto events trim", "kinto events trim --keep 1000"))
@common_options
@click.option("--keep", type=click.IntRange(min=0), help="How many delivered events to keep.")
def trim(ini: Path | None, *, keep: int | None) -> None:
    """Drop old events that every consumer has, as the relay does by itself."""
    settings = load_settings(ini)
    most = settings.event_log_retention_events if keep is None else keep
    with Server(settings) as server:
        retention = Retention(settings.event_log_retention_seconds, most)
        dropped = drop_disposable(_log_of(server), retention, server.clock)
    click.echo(f"{dropped} event(s) dropped.")


@events.command("forget", epilog=examples("kinto events forget redis_listener.old"))
@common_options
@click.argument("consumer")
def forget(ini: Path | None, consumer: str) -> None:
    """Drop the cursor of a consumer that is gone for good, so that events need not wait for it.

    A consumer of that name which comes back begins with the next event.
    """
    with Server(load_settings(ini)) as server:
        log = _log_of(server)
        with log.database.writing() as connection:
            if not log.forget(connection, consumer):
                raise NoSuchPlace(_no_such_consumer(log, connection, consumer))
    click.echo(f"{consumer} is forgotten.")


@events.command("new-epoch", epilog=examples("kinto events new-epoch"))
@common_options
def new_epoch(ini: Path | None) -> None:
    """Break with the past after a backup was restored: live streams begin anew."""
    with Server(load_settings(ini)) as server:
        log = _log_of(server)
        with log.database.writing() as connection:
            epoch = log.begin_epoch(connection)
    click.echo(f"The new epoch is {epoch}.")


def _log_of(server: Server) -> EventLog:
    if server.event_log is None:
        message = "no enabled plugin needs the event log: includes names none with a consumer"
        raise ConfigurationError([message])
    return server.event_log


def _send(log: EventLog, consumer: str, offset: int, moment: int) -> int:
    """Move a cursor, which may move by itself meanwhile; gives the last offset of the log.

    Raises:
        NoSuchPlace: there is no such consumer.
    """
    while True:
        with log.database.writing() as connection:
            cursor = log.cursor(connection, consumer)
            if cursor is None:
                raise NoSuchPlace(_no_such_consumer(log, connection, consumer))
            at = cursor.position
            if log.move(connection, consumer, old=at, new=offset, moment=moment):
                return log.extent(connection).last


def _no_such_consumer(log: EventLog, connection: Connection, consumer: str) -> str:
    names = ", ".join(one.name for one in log.cursors(connection)) or "none"
    return f"there is no consumer {consumer!r}; there are: {names}"


def _offset(log: EventLog, place: str) -> int:
    """The offset that a text means.

    Raises:
        NoSuchPlace: it means none that the log holds.
    """
    with log.database.reading() as connection:
        extent = log.extent(connection)
        if place == "start":
            return extent.trimmed
        try:
            moment = datetime.fromisoformat(place)
        except ValueError:
            found = Position.parse(place)
        else:
            aware = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
            return log.offset_at(connection, int(aware.timestamp() * 1000))
    if found.epoch != extent.epoch or not extent.trimmed <= found.offset <= extent.last:
        held = f"{Position(extent.epoch, extent.trimmed)} to {Position(extent.epoch, extent.last)}"
        message = f"{place} is not in the log, which goes from {held}"
        raise NoSuchPlace(message)
    return found.offset


def _line(one: LoggedEvent) -> str:
    return json.dumps({"offset": one.offset, "event": json.raw(one.text.encode())})


def _as_json(found: LogStatus) -> dict[str, object]:
    return {
        "epoch": found.extent.epoch,
        "trimmed": found.extent.trimmed,
        "last": found.extent.last,
        "consumers": [
            {name: getattr(one, name) for name in one.__slots__} for one in found.consumers
        ],
    }


def _show(found: LogStatus) -> None:
    extent = found.extent
    click.echo(f"Events {extent.trimmed + 1} to {extent.last} of epoch {extent.epoch}.")
    table = Table("consumer", "at", "behind", "waiting", "failures", "last error", box=None)
    for one in found.consumers:
        waiting = f"{one.waiting_ms / 1000:.1f} s" if one.lag else "-"
        failures = str(one.failures or "-")
        table.add_row(one.name, str(one.position), str(one.lag), waiting, failures, one.error)
    Console().print(table)
