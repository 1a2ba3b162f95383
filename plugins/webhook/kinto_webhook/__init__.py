"""What this plugin does to a server: its hooks, and nothing else."""

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from kinto_core import hookimpl
from kinto_core.embedded_redis import valkey_service
from kinto_core.supervisor import Service, own_module
from kinto_webhook import sql_endpoints
from kinto_webhook.commands import webhook
from kinto_webhook.consumer import consumer
from kinto_webhook.heartbeat import check
from kinto_webhook.office import Office
from kinto_webhook.ringing import Ringer
from kinto_webhook.settings import WebhookSettings, server_wide, settings_of
from kinto_webhook.sql import TABLES
from kinto_webhook.views import add_endpoints
from kinto_webhook.webhooks import WEBHOOK, forget_deleted

if TYPE_CHECKING:
    import click

    from kinto_core.database.plugin_tables import PluginTables
    from kinto_core.eventlog.consumer import Consumer
    from kinto_core.events.event import ResourceChanged
    from kinto_core.resources.definition import ResourceType
    from kinto_core.server import Server
    from kinto_core.transactions import Transaction


@hookimpl
def register_settings() -> Iterable[type]:
    """Declare what an operator can set."""
    return [WebhookSettings]


@hookimpl
def register_resources() -> Iterable["ResourceType"]:
    """Let buckets have webhooks."""
    return [WEBHOOK]


@hookimpl
def register_tables(server: "Server") -> Iterable["PluginTables"]:
    """Keep secrets, deliveries and attempts; refuse endpoints of the settings that cannot work."""
    server_wide(server.settings)
    return [TABLES]


@hookimpl
def register_consumers(server: "Server") -> Iterable["Consumer"]:
    """Turn every event into deliveries."""
    return [consumer(Office(server), Ringer(server))]


@hookimpl
def resource_changed(event: "ResourceChanged", transaction: "Transaction") -> None:
    """Forget the secrets of webhooks that are deleted, in the same transaction."""
    forget_deleted(event, transaction)


@hookimpl
def server_flushed(server: "Server") -> None:
    """Forget every endpoint with its secrets and deliveries."""
    with server.storage.database.writing() as connection:
        sql_endpoints.remove_all(connection)


@hookimpl
def register_services(server: "Server") -> Iterable["Service"]:
    """Run a Celery worker, and the embedded Valkey if there is no other broker."""
    worker = Service("webhook", own_module("kinto_webhook.worker", "--supervised"))
    own_broker = settings_of(server.settings).broker_url
    valkey = valkey_service(server.settings) if not own_broker else None
    return [valkey, worker] if valkey is not None else [worker]


@hookimpl
def register_commands(cli: "click.Group") -> None:
    """Add ``kinto webhook``."""
    cli.add_command(webhook)


@hookimpl
def register_heartbeats(server: "Server") -> Mapping[str, Callable[[], bool | None]]:
    """Tell whether deliveries are made in time."""
    return {"webhook": check(server)}


@hookimpl
def register_capabilities(server: "Server") -> Mapping[str, Mapping[str, Any]]:
    """Announce the plugin in the root view."""
    table = settings_of(server.settings)
    description = "Webhooks of buckets get every change that their owner may read."
    return {
        "webhook": {
            "description": description,
            "url": "https://www.standardwebhooks.com",
            "max_payload_bytes": table.max_payload_bytes,
        }
    }


def includeme(config: Any) -> None:  # noqa: ANN401  a Pyramid configurator
    """Serve the log of deliveries and what can be done about them."""
    add_endpoints(config.registry.site)
