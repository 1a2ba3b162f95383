"""History: who changed what and when, and collections as they were.

Source: built-in plugins section 5.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from kinto_core.builtin.history import sql_counting, sql_writing
from kinto_core.builtin.history.adding import add_endpoints
from kinto_core.builtin.history.commands import history
from kinto_core.builtin.history.erasing import erase
from kinto_core.builtin.history.recording import recorder_of
from kinto_core.builtin.history.settings import HistorySettings, announced, settings_of
from kinto_core.builtin.history.sql_tables import TABLES
from kinto_core.hookspecs import hookimpl

if TYPE_CHECKING:
    import click
    from pyramid.config import Configurator

    from kinto_core.database.moment import Source
    from kinto_core.database.plugin_tables import PluginTables
    from kinto_core.events.event import Change
    from kinto_core.objects import ObjectKey
    from kinto_core.server import Server
    from kinto_core.transactions import Transaction


@hookimpl
def register_settings() -> Iterable[type]:
    """The settings ``history.*``."""
    return (HistorySettings,)


@hookimpl
def register_tables(server: "Server") -> Iterable["PluginTables"]:
    """Keep entries; refuse settings that cannot work.

    Only a server that trims has to hear of commits.
    """
    trimmer = recorder_of(server).trimmer
    if trimmer is not None:
        server.plugins.add(trimmer, "history trimming")
    return (TABLES,)


@hookimpl
def before_commit(
    changes: Sequence["Change"], transaction: "Transaction", server: "Server"
) -> None:
    """Write the entries of a transaction."""
    recorder_of(server).record(changes, transaction)


@hookimpl
def principal_erased(
    principal: str, objects: Sequence["ObjectKey"], transaction: "Transaction"
) -> None:
    """Forget what a user owned, and who the user was."""
    erase(transaction, principal, objects)


@hookimpl
def server_flushed(server: "Server") -> None:
    """Forget everything."""
    with server.storage.database.writing() as connection:
        sql_writing.flush(connection)


@hookimpl
def register_commands(cli: "click.Group") -> None:
    """Add ``kinto history``."""
    cli.add_command(history)


@hookimpl
def register_counters() -> Mapping[str, Callable[["Source"], tuple[int, int]]]:
    """Count entries."""
    return {"history": sql_counting.count}


@hookimpl
def register_capabilities(server: "Server") -> Mapping[str, Mapping[str, Any]]:
    """Announce the plugin. Source: built-in plugins B-11, B-115."""
    return {
        "history": {
            "description": "Track changes on data.",
            "url": "http://kinto.readthedocs.io/en/latest/api/1.x/history.html",
            **announced(settings_of(server.settings)),
        }
    }


def includeme(config: "Configurator") -> None:
    """Serve history and snapshots."""
    add_endpoints(config.registry.site)
