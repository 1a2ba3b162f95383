"""What this plugin does to a server: its hooks, and nothing else."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from kinto_core import ResourceChanged, hookimpl
from kinto_trash.copying import keep
from kinto_trash.selection import worth_keeping
from kinto_trash.settings import TrashSettings

if TYPE_CHECKING:
    from kinto_core.server import Server
    from kinto_core.transactions import Transaction


@hookimpl
def register_settings() -> Iterable[type]:
    """Declare what an operator can set."""
    return [TrashSettings]


@hookimpl
def register_capabilities(server: "Server") -> Mapping[str, Mapping[str, Any]]:
    """Announce the plugin in the root view."""
    settings = server.settings.plugin(TrashSettings)
    description = "Deleted records are kept in a collection of their bucket."
    return {"trash": {"description": description, "url": "", "collection": settings.collection}}


@hookimpl
def resource_changed(event: ResourceChanged, transaction: "Transaction", server: "Server") -> None:
    """Before the commit: keep copies of what is being deleted."""
    settings = server.settings.plugin(TrashSettings)
    for change in worth_keeping(event, settings):
        keep(transaction, server.rules, change, settings.collection)
