"""``kinto start``: for people; in production each service runs alone."""

import os
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path

import click

from kinto_core import json
from kinto_core.cli.init import EMBEDDED_STORAGE, write_ini
from kinto_core.cli.listening import free_port, reachable, wait_until_answering
from kinto_core.cli.options import (
    common_options,
    examples,
    find_ini,
    is_verbose,
    load_settings,
    tell,
)
from kinto_core.cli.publishing import publish
from kinto_core.settings import Settings
from kinto_core.supervisor import Service, Supervisor, own_command, own_module, supervise


@click.command(epilog=examples("kinto start", "kinto start --port 9000"))
@common_options
@click.option("--host", help="Address to listen on, instead of the settings'.")
@click.option("--port", type=click.IntRange(0, 65535), help="Port, instead of the settings'.")
def start(ini: Path | None, *, host: str | None, port: int | None) -> None:
    """Set up what is missing, then run the server and all that its plugins need.

    Without a settings file one is written, with an SQLite database beside it. Ctrl-C stops
    everything. A service that dies is started again.
    """
    os.umask(0o077)  # the database is as private as the settings file
    path = existing_ini(ini)
    publish(path, {"HOST": host, "PORT": port, "LOG_LEVEL": "debug" if is_verbose() else None})
    settings = load_settings(path)
    chosen = free_port(settings.host, settings.port)
    publish(path, {"PORT": chosen})
    http = Service("http", own_command("serve", "--supervised"))
    supervisor = Supervisor([http], write=lambda line: click.echo(line, err=True))
    failures: list[int] = []
    if settings.includes or settings.event_listeners:
        _in_background(_add_services, supervisor, failures)
    _in_background(_announce, settings, chosen)
    supervise(supervisor)
    tell("Stopped.")
    if failures:
        click.get_current_context().exit(failures[0])


def _in_background(work: Callable[..., None], *arguments: object) -> None:
    threading.Thread(target=work, args=arguments, daemon=True).start()


def _add_services(supervisor: Supervisor, failures: list[int]) -> None:
    """Run what plugins need too, or stop everything when their settings cannot work.

    Args:
        supervisor: gets the services.
        failures: gets the exit status.
    """
    words = own_module("kinto_core.cli.services")
    found = subprocess.run(  # noqa: S603  our own module
        words, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, check=False, start_new_session=True
    )
    if found.returncode:
        failures.append(found.returncode)
        supervisor.stop()
        return
    for one in json.parse(found.stdout):
        supervisor.add(Service(one["name"], one["argv"], one["env"]))


def existing_ini(ini: Path | None) -> Path:
    """The settings file, written if there is none."""
    path = find_ini(ini) or Path("kinto.ini")
    if not path.exists():
        write_ini(path, {"storage_url": EMBEDDED_STORAGE})
        tell(f"Wrote {path}: the settings, with new secrets.")
    return path


def _announce(settings: Settings, port: int) -> None:
    """Say where the server is and how to try it, once it is there."""
    version = settings.http_api_version.partition(".")[0]
    if not wait_until_answering(settings.host, port, f"/v{version}/__lbheartbeat__"):
        click.echo(f"There is no answer on port {port} yet; see the lines above.", err=True)
        return
    root = f"http://{reachable(settings.host)}:{port}/v{version}/"
    lines = [f"Kinto is ready: {root}"]
    if settings.includes:
        lines.append(f"Plugins: {', '.join(settings.includes)}")
    lines += ["Try it:", f"  {example_request(settings, root)}", "Ctrl-C stops it."]
    click.echo("\n".join(lines), err=True)


def example_request(settings: Settings, root: str) -> str:
    """A command line that shows something, whatever is enabled."""
    uses = [
        settings.policies.get(name, {}).get("use", name) for name in settings.multiauth_policies
    ]
    if "basicauth" not in uses:
        return f"curl {root}"
    if "default_bucket" in settings.includes:
        return (
            f"curl -u alice:secret {root}buckets/default/collections/tasks/records "
            """-H 'Content-Type: application/json' -d '{"data": {"title": "Try Kinto"}}'"""
        )
    return f"curl -u alice:secret -X PUT {root}buckets/blog"
