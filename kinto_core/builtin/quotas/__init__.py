"""Quotas: limits to what buckets and collections hold, and what they hold.

Source: built-in plugins section 6, BW-24.
"""

import logging
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from kinto_core.builtin.quotas import sql
from kinto_core.builtin.quotas.commands import quotas, rebuild
from kinto_core.builtin.quotas.enforcing import settle
from kinto_core.builtin.quotas.settings import QuotaSettings
from kinto_core.builtin.quotas.sql_tables import TABLES
from kinto_core.builtin.quotas.views import add_endpoints
from kinto_core.errors import BackendError
from kinto_core.hookspecs import hookimpl

if TYPE_CHECKING:
    import click
    from pyramid.config import Configurator

    from kinto_core.database.plugin_tables import PluginTables
    from kinto_core.events.event import Change
    from kinto_core.server import Server
    from kinto_core.transactions import Transaction

logger = logging.getLogger(__name__)


@hookimpl
def register_settings() -> Iterable[type]:
    """The settings ``quotas.*``."""
    return (QuotaSettings,)


@hookimpl
def register_tables(server: "Server") -> Iterable["PluginTables"]:
    """Keep the sums beside the objects."""
    del server
    return (TABLES,)


@hookimpl
def register_commands(cli: "click.Group") -> None:
    """Add ``kinto quotas``, and the rebuild under its other name. Source: B-167."""
    cli.add_command(quotas)
    cli.add_command(rebuild, "rebuild-quotas")


@hookimpl
def register_capabilities(server: "Server") -> Mapping[str, Mapping[str, Any]]:
    """Announce the plugin. Source: built-in plugins B-16."""
    del server
    return {
        "quotas": {
            "description": "Quotas Management on buckets and collections.",
            "url": "https://kinto.readthedocs.io",
        }
    }


@hookimpl(trylast=True)  # the rows that others wait for are held no longer than need be
def before_commit(
    changes: Sequence["Change"], transaction: "Transaction", server: "Server"
) -> None:
    """Count, and refuse what is too much."""
    settle(transaction, changes, server.settings.plugin(QuotaSettings))


@hookimpl
def server_flushed(server: "Server") -> None:
    """Nothing holds anything any more."""
    with server.storage.database.writing() as connection:
        sql.forget_all(connection)


def includeme(config: "Configurator") -> None:
    """Serve the usage, and say so when there are data that nobody counted."""
    add_endpoints(config.registry.site)
    server: Server = config.registry.site.server
    try:
        with server.storage.database.reading() as connection:
            is_uncounted = sql.has_uncounted(connection)
    except BackendError:  # the heartbeat tells of it
        return
    if is_uncounted:
        logger.warning(
            "Some buckets were filled before quotas were enabled, so more than their limits fits"
            " in. Once all servers have the plugin, run: kinto quotas rebuild"
        )
