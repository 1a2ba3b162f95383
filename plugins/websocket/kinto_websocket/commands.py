"""``kinto websocket``."""

import importlib
import logging
import os
import sys
from pathlib import Path

import click

from kinto_core.cli.lifelines import stop_with_supervisor
from kinto_core.cli.options import (
    common_options,
    examples,
    load_settings,
    set_up_logs,
    tell,
)
from kinto_core.server import Server


@click.command(
    epilog=examples(
        "kinto websocket", "kinto websocket --ini /etc/kinto/kinto.ini --host 0.0.0.0 --port 80"
    )
)
@common_options
@click.option("--host", help="Address to listen on, instead of the settings'.")
@click.option("--port", type=click.IntRange(0, 65535), help="Port, instead of the settings'.")
@click.option("--supervised", is_flag=True, hidden=True, help="Stop when standard input ends.")
def websocket(ini: Path | None, *, host: str | None, port: int | None, supervised: bool) -> None:
    """Serve live events over WebSocket, in the foreground, until SIGTERM or Ctrl-C.

    Run as many as you like: each follows the event log by itself.
    """
    settings = load_settings(ini)
    set_up_logs(settings)
    # Whoever connects and is no WebSocket client would fill the logs; our own trouble we log.
    logging.getLogger("websockets.server").setLevel(logging.CRITICAL)
    if supervised:
        stop_with_supervisor(sys.stdin.fileno(), os.getpid())
    with Server(settings) as server:
        server.prepare()
        # Late: HTTP workers load this plugin, too, and need no sockets.
        server_module = importlib.import_module("kinto_websocket.server")
        server_module.run(server, host, port, lambda url: tell(f"Listening on {url}"))
