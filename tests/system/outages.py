"""Takes databases away from a running server, and gives them back."""

import os
import shlex
import signal
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import psycopg

from kinto_core.testing.services import PostgresqlServer


class StoppablePostgresql:
    """A PostgreSQL server that is stopped and started again on the same data and address.

    Args:
        server: of this process, made by `running_postgresql`.
    """

    def __init__(self, server: PostgresqlServer) -> None:
        assert server.pid is not None
        self.url = server.url
        self._pid = server.pid
        self._folder = Path(parse_qs(urlsplit(server.url).query)["host"][0])
        self._again: subprocess.Popen[bytes] | None = None

    def stop(self, how: signal.Signals) -> None:
        """Stop it: SIGINT breaks all connections, SIGQUIT kills as a crash does."""
        os.kill(self._pid, how)
        if self._again is None:
            os.waitpid(self._pid, 0)
        else:
            self._again.wait(timeout=30)

    def start(self) -> None:
        """Start it once more and wait until it answers."""
        data = self._folder / "data"
        command = shlex.split((data / "postmaster.opts").read_text())
        user = data.stat().st_uid if os.geteuid() == 0 else None
        with (self._folder / "log").open("ab") as output:
            self._again = subprocess.Popen(
                command, stdout=output, stderr=output, cwd=self._folder, user=user
            )
        self._pid = self._again.pid
        while not self._answers():
            assert self._again.poll() is None, (self._folder / "log").read_text()

    def close(self) -> None:
        """End what `start` started."""
        if self._again is not None and self._again.poll() is None:
            self.stop(signal.SIGINT)

    def _answers(self) -> bool:
        try:
            psycopg.connect(self.url, connect_timeout=5).close()
        except psycopg.OperationalError:
            return False
        return True


@contextmanager
def locked(file: Path) -> Iterator[None]:
    """Hold the write lock of an SQLite database, as a backup or another program may."""
    with closing(sqlite3.connect(file, isolation_level=None, timeout=10)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        yield
        connection.execute("ROLLBACK")


FULL_DISK = '''
from pathlib import Path

from kinto_core import hookimpl


@hookimpl
def resource_changed(event, transaction):
    """While there is a file `full`, the database may not grow any more."""
    pages = 1 if Path("full").exists() else 1_000_000
    transaction.connection.command(f"PRAGMA max_page_count = {pages}")
'''
"""A plugin: SQLite answers as it does when the disk is full. It never shrinks what is there."""
