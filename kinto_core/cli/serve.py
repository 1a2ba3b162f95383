"""``kinto serve``."""

import multiprocessing
import threading
from collections.abc import Callable
from functools import partial
from multiprocessing.util import Finalize
from pathlib import Path
from typing import Any

import click
from granian.constants import Interfaces
from granian.log import LogLevels
from granian.server.mp import MPServer

from kinto_core import app
from kinto_core.cli.group import report
from kinto_core.cli.lifelines import tie_children
from kinto_core.cli.listening import free_port
from kinto_core.cli.options import (
    common_options,
    examples,
    find_ini,
    is_verbose,
    load_settings,
    set_up_logs,
    tell,
    tell_warnings,
)
from kinto_core.cli.placing import Processors
from kinto_core.cli.publishing import publish
from kinto_core.cli.sharing import metrics_folder
from kinto_core.errors import BackendUnavailable, KintoError
from kinto_core.metrics import NO_METRICS
from kinto_core.server import Server
from kinto_core.settings import Settings

STOP_SECONDS = 10
"""How long workers may take to answer what they have begun, before they are killed."""


@click.command(
    epilog=examples(
        "kinto serve", "KINTO_PORT=80 kinto serve --ini /etc/kinto/kinto.ini --workers 8"
    )
)
@common_options
@click.option("--host", help="Address to listen on, instead of the settings'.")
@click.option("--port", type=click.IntRange(0, 65535), help="Port, instead of the settings'.")
@click.option("--workers", type=click.IntRange(1, 512), help="Processes, instead of the settings'.")
@click.option("--threads", type=click.IntRange(1, 1024), help="Threads of each process.")
@click.option("--supervised", is_flag=True, hidden=True, help="Stop when standard input ends.")
def serve(  # noqa: PLR0913  one for each option
    ini: Path | None,
    *,
    host: str | None,
    port: int | None,
    workers: int | None,
    threads: int | None,
    supervised: bool,
) -> None:
    """Run the HTTP server alone, in the foreground, until SIGTERM or Ctrl-C.

    Run "kinto migrate" before the first time, and before each new release.
    """
    options = {"HOST": host, "PORT": port, "WORKERS": workers, "THREADS": threads}
    publish(find_ini(ini), {**options, "LOG_LEVEL": "debug" if is_verbose() else None})
    given = load_settings(ini)
    chosen = free_port(given.host, given.port)
    settings, is_measured = _prepared(given)
    tell_warnings(settings)
    if "fork" in multiprocessing.get_all_start_methods():
        multiprocessing.set_start_method("fork", force=True)
        tie_children(to_supervisor=supervised)
    tell(f"Listening on http://{settings.host}:{chosen}/")
    # The code is imported by now and shared by the workers; connections are made in each of them.
    processors = Processors(usable_workers(settings) if settings.pin_workers else 0)
    with metrics_folder(is_needed=is_measured):
        _server(settings, chosen).serve(target_loader=partial(_load, processors), wrap_loader=False)


def _prepared(settings: Settings) -> tuple[Settings, bool]:
    """The settings with those of the plugins, once the embedded databases have their tables.

    Tells, too, whether a plugin exports metrics.

    Done before the workers are forked, so that they do not meet, and closed again, because
    connections must not be shared by processes.
    """
    with Server(settings) as server:
        try:
            server.prepare()
        except BackendUnavailable as error:
            tell(f"kinto: warning: {error}")
        return server.settings, server.metrics is not NO_METRICS


def usable_workers(settings: Settings) -> int:
    """How many processes may serve: objects in memory are seen by one only."""
    in_memory = "memory" in (settings.storage_backend, settings.permission_backend)
    return 1 if in_memory else settings.workers


def _server(settings: Settings, port: int) -> MPServer:
    return MPServer(
        "kinto_core.app:application",
        address=settings.host,
        port=port,
        interface=Interfaces.WSGI,
        workers=usable_workers(settings),
        blocking_threads=settings.threads,
        websockets=False,
        log_level=LogLevels.error,
        respawn_failed_workers=True,
        workers_kill_timeout=STOP_SECONDS,
    )


def _load(processors: Processors) -> Callable[..., Any]:
    """The WSGI application, made in the worker before it takes requests.

    Args:
        processors: of which the worker takes one.

    Raises:
        SystemExit: it cannot be made; the reason is written.
    """
    set_up_logs(load_settings(None))
    processors.take()
    try:
        app.load_application()
    except KintoError as error:
        raise SystemExit(report(error)) from error
    # What runs when a forked worker has answered what it had begun.
    Finalize(None, app.close_application, exitpriority=0)
    deliver_from_memory(app.server())
    return app.application


def deliver_from_memory(server: Server) -> None:
    """Deliver the events that only this process sees, beside the requests.

    Args:
        server: whose events are anybody's to deliver unless they are in its memory.
    """
    if server.events is None or not server.events.consumers or server.is_shared:
        return
    relay = server.events.relay()
    threading.Thread(target=relay.run, name="relay", daemon=True).start()
    Finalize(None, relay.stop, exitpriority=1)
