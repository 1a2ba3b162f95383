"""``kinto relay``."""

import os
import signal
import sys
import threading
from pathlib import Path

import click

from kinto_core.cli.lifelines import stop_with_supervisor
from kinto_core.cli.options import (
    common_options,
    examples,
    find_ini,
    load_settings,
    set_up_logs,
)
from kinto_core.cli.publishing import publish
from kinto_core.errors import ConfigurationError
from kinto_core.server import Server


@click.command(epilog=examples("kinto relay", "kinto relay --ini /etc/kinto/kinto.ini"))
@common_options
@click.option("--supervised", is_flag=True, hidden=True, help="Stop when standard input ends.")
def relay(ini: Path | None, *, supervised: bool) -> None:
    """Deliver events to durable consumers, in the foreground, until SIGTERM or Ctrl-C.

    Run as many as you like: one leads, and the others stand by and take over when it is gone.
    """
    publish(find_ini(ini), {})
    settings = load_settings(ini)
    set_up_logs(settings)
    with Server(settings) as server:
        if server.events is None:
            message = "no enabled plugin needs the event log: includes names none with a consumer"
            raise ConfigurationError([message])
        if not server.is_shared:
            message = "storage_backend = memory: the HTTP process delivers its events by itself"
            raise ConfigurationError([message])
        working = server.events.relay()
        for one in (signal.SIGTERM, signal.SIGINT):
            # In a thread of its own, for the interrupted one may hold a lock that is needed.
            signal.signal(one, lambda *_: threading.Thread(target=working.stop).start())
        if supervised:
            stop_with_supervisor(sys.stdin.fileno(), os.getpid())
        working.run()
