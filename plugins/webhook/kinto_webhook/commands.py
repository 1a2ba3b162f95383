"""``kinto webhook``: see endpoints and deliveries, and do something about them."""

from datetime import UTC, datetime
from pathlib import Path

import click

from kinto_core.cli.options import common_options, examples, load_settings
from kinto_core.server import Server
from kinto_core.transactions import Transaction
from kinto_webhook import actions, asymmetric, sql_endpoints, sql_log
from kinto_webhook.endpoints import is_server_wide
from kinto_webhook.messages import rfc3339
from kinto_webhook.office import Office
from kinto_webhook.signing import new_secret
from kinto_webhook.sql import STATES
from kinto_webhook.webhooks import fields_of

_ENDPOINT = click.argument("endpoint", metavar="ENDPOINT")


@click.group(
    epilog=examples(
        "kinto webhook list",
        "kinto webhook deliveries /buckets/blog/webhooks/search --state failed",
        "kinto webhook ping settings:search",
    )
)
def webhook() -> None:
    """See webhooks and their deliveries, and do something about them.

    ENDPOINT is the URI of a webhook, or settings:NAME for one of the settings.
    """


@webhook.command("list", epilog=examples("kinto webhook list"))
@common_options
def list_command(ini: Path | None) -> None:
    """Show every endpoint: whether it is enabled, and how it fares."""
    with Server(load_settings(ini)) as server:
        office = Office(server)
        with server.storage.database.writing() as connection:
            office.know_server_wide(connection)
            rows = sql_endpoints.below(connection, "")
    for row in rows:
        if is_server_wide(row.uri) and row.uri not in office.wide:
            continue
        state = "enabled" if row.enabled else f"disabled: {row.reason or 'by its owner'}"
        since = f", {row.failures} failures since {rfc3339(row.first_failure)}"
        click.echo(f"{row.uri}  {state}{since if row.failures else ''}")


@webhook.command(epilog=examples("kinto webhook deliveries settings:search --state failed -n 5"))
@common_options
@_ENDPOINT
@click.option("--state", type=click.Choice(STATES), help="Only those in this state.")
@click.option("-n", "count", type=click.IntRange(1, 1000), default=20, show_default=True)
def deliveries(ini: Path | None, endpoint: str, *, state: str | None, count: int) -> None:
    """Show the latest deliveries of an endpoint."""
    with Server(load_settings(ini)) as server:
        database = server.storage.database
        with database.writing() as connection:
            actions.require_row(Office(server), connection, endpoint)
        with database.reading() as connection:
            rows = sql_log.page(connection, endpoint, state=state, limit=count)
    for row in rows:
        due = f", next at {rfc3339(row.due_at)}" if row.due_at is not None else ""
        click.echo(
            f"{rfc3339(row.created)}  {row.event_id}  {row.type}  {row.state}"
            f"  {row.attempts} attempts  {row.reason}{due}"
        )


@webhook.command(epilog=examples("kinto webhook resend settings:search 0198b1c2-…"))
@common_options
@_ENDPOINT
@click.argument("delivery", metavar="DELIVERY")
def resend(ini: Path | None, endpoint: str, delivery: str) -> None:
    """Deliver one event again."""
    with Server(load_settings(ini)) as server:
        server.transact(
            lambda tx: actions.resend(Office(server), tx.connection, endpoint, delivery)
        )
    click.echo(f"{delivery} is going to be delivered again.")


@webhook.command(epilog=examples("kinto webhook replay settings:search --since 2026-11-24T10:00"))
@common_options
@_ENDPOINT
@click.option(
    "--since",
    required=True,
    type=click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"]),
    help="UTC; at most 14 days ago.",
)
def replay(ini: Path | None, endpoint: str, *, since: datetime) -> None:
    """Deliver everything again that failed since a moment."""
    moment = int(since.replace(tzinfo=UTC).timestamp() * 1000)
    with Server(load_settings(ini)) as server:
        count = server.transact(
            lambda tx: actions.replay(Office(server), tx.connection, endpoint, moment)
        )
    click.echo(f"{count} deliveries begin anew.")


@webhook.command(epilog=examples("kinto webhook ping /buckets/blog/webhooks/search"))
@common_options
@_ENDPOINT
def ping(ini: Path | None, endpoint: str) -> None:
    """Send a message that says nothing; see what came of it with deliveries."""
    with Server(load_settings(ini)) as server:
        found = server.transact(lambda tx: actions.ping(Office(server), tx.connection, endpoint))
    click.echo(f"{found} is going to be delivered.")


@webhook.command(epilog=examples("kinto webhook rotate /buckets/blog/webhooks/search"))
@common_options
@_ENDPOINT
def rotate(ini: Path | None, endpoint: str) -> None:
    """Give a webhook a new secret and write it on standard output, once.

    With signatures v1a it gets a new pair of keys, and the public one is written. What was valid
    before stays so for a day: messages carry both signatures until then.
    """
    secret = new_secret()

    def work(tx: Transaction) -> str | None:
        has_keys = "public_key" in fields_of(tx, endpoint)
        return actions.rotate(server, tx, endpoint, None if has_keys else secret)

    with Server(load_settings(ini)) as server:
        public_key = server.transact(work)
    click.echo(public_key or secret)


@webhook.command(epilog=examples("kinto webhook reseal"))
@common_options
@click.option("--plain", is_flag=True, help="Store them as they are: the keys are to go.")
def reseal(ini: Path | None, *, plain: bool) -> None:
    """Seal all stored secrets with the first of webhook.encryption_keys.

    Afterwards the other ones are not needed any more.
    """
    with Server(load_settings(ini)) as server:
        office = Office(server)
        count = server.transact(lambda tx: actions.reseal(office, tx.connection, plain=plain))
    is_sealed = office.table.encryption_keys and not plain
    state = "sealed with the first key" if is_sealed else "stored as they are"
    click.echo(f"The secrets of {count} webhooks are {state}.")


@webhook.command(epilog=examples("kinto webhook secret", "kinto webhook secret --pair"))
@click.option("--pair", is_flag=True, help="A private key for signatures v1a; then its public key.")
def secret(*, pair: bool) -> None:
    """Write a new random secret on standard output."""
    if not pair:
        click.echo(new_secret())
        return
    try:
        private = asymmetric.new_key()
    except asymmetric.InvalidKey as error:
        raise click.ClickException(str(error)) from error
    click.echo(private)
    click.echo(asymmetric.public_key(private))


@webhook.command(epilog=examples("kinto webhook disable settings:search"))
@common_options
@_ENDPOINT
@click.option("--reason", default="by the operator", show_default=True)
def disable(ini: Path | None, endpoint: str, *, reason: str) -> None:
    """Send an endpoint nothing more until it is enabled."""
    _set_enabled(ini, endpoint, reason=reason, enabled=False)
    click.echo(f"{endpoint} is disabled.")


@webhook.command(epilog=examples("kinto webhook enable settings:search"))
@common_options
@_ENDPOINT
def enable(ini: Path | None, endpoint: str) -> None:
    """Send an endpoint messages again; its failures are forgotten."""
    _set_enabled(ini, endpoint, reason="", enabled=True)
    click.echo(f"{endpoint} is enabled.")


def _set_enabled(ini: Path | None, endpoint: str, *, reason: str, enabled: bool) -> None:
    with Server(load_settings(ini)) as server:
        office = Office(server)
        server.transact(
            lambda tx: actions.set_enabled(office, tx, endpoint, enabled=enabled, reason=reason)
        )
