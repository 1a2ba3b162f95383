"""What this plugin does to a server: its hooks, and nothing else."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from kinto_core import hookimpl
from kinto_core.eventlog import LogReader
from kinto_core.supervisor import Service, own_command
from kinto_websocket.commands import websocket
from kinto_websocket.settings import WebsocketSettings, public_url

if TYPE_CHECKING:
    import click

    from kinto_core.server import Server

MANUAL = "https://kinto-core.readthedocs.io/en/latest/reference/live-protocol.html"


@hookimpl
def register_settings() -> Iterable[type]:
    """Declare what an operator can set."""
    return [WebsocketSettings]


@hookimpl
def register_consumers() -> Iterable[LogReader]:
    """Have the event log written."""
    return [LogReader("websocket")]


@hookimpl
def register_services() -> Iterable[Service]:
    """Run the socket server beside the HTTP workers."""
    return [Service("websocket", own_command("websocket", "--supervised"))]


@hookimpl
def register_commands(cli: "click.Group") -> None:
    """Add ``kinto websocket``."""
    cli.add_command(websocket)


@hookimpl
def register_capabilities(server: "Server") -> Mapping[str, Mapping[str, Any]]:
    """Announce where the live events are."""
    return {
        "websocket": {
            "description": "Changes are sent to subscribers over WebSocket.",
            "url": MANUAL,
            "endpoint": public_url(server.settings.plugin(WebsocketSettings)),
            "protocol": 1,
        }
    }
