"""What this plugin does to a server: its hooks, and nothing else."""

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from kinto_attachment import cleaning, commands, guard, sql_counting, views
from kinto_attachment.announcing import capability, heartbeat
from kinto_attachment.plugin import attachments_of
from kinto_attachment.settings import AttachmentSettings
from kinto_attachment.sql_tables import TABLES
from kinto_core import hookimpl

if TYPE_CHECKING:
    import click

    from kinto_core.database.moment import Source
    from kinto_core.database.plugin_tables import PluginTables
    from kinto_core.eventlog.consumer import Consumer
    from kinto_core.events.event import ResourceChanged
    from kinto_core.server import Server
    from kinto_core.transactions import Transaction


@hookimpl
def register_settings() -> Iterable[type]:
    """Declare what an operator can set."""
    return [AttachmentSettings]


@hookimpl
def register_tables(server: "Server") -> Iterable["PluginTables"]:  # noqa: ARG001  the hook's signature
    """Remember which record has which file."""
    return [TABLES]


@hookimpl
def register_consumers(server: "Server") -> Iterable["Consumer"]:
    """Remove bytes that nobody needs any more."""
    plugin = attachments_of(server)
    return [cleaning.consumer(lambda: plugin)]


@hookimpl
def resource_changed(
    event: "ResourceChanged", transaction: "Transaction", server: "Server"
) -> None:
    """Refuse forged descriptions; let files go with their records."""
    guard.before_commit(attachments_of(server), event, transaction)


@hookimpl
def server_flushed(server: "Server") -> None:
    """Forget every file."""
    cleaning.forget_everything(attachments_of(server))


@hookimpl
def register_commands(cli: "click.Group") -> None:
    """Add ``kinto attachment``."""
    cli.add_command(commands.attachment)


@hookimpl
def register_heartbeats(server: "Server") -> Mapping[str, Callable[[], bool | None]]:
    """Try the store."""
    return {"attachments": heartbeat(attachments_of(server))}


@hookimpl
def register_counters() -> Mapping[str, Callable[["Source"], tuple[int, int]]]:
    """Count the files that records have."""
    return {"attachments": sql_counting.count}


@hookimpl
def register_capabilities(
    server: "Server",
) -> Mapping[str, Callable[[str], Mapping[str, Any]]]:
    """Announce where files are."""
    return {"attachments": capability(attachments_of(server))}


def includeme(config: Any) -> None:  # noqa: ANN401  a Pyramid configurator
    """Serve uploads and downloads."""
    views.include(config)
