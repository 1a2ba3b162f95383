"""SQLite: a file that several processes share, or the memory of this one."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path

import sqlalchemy
from sqlalchemy import event
from sqlalchemy.engine import URL, Engine
from sqlalchemy.pool import NullPool, StaticPool

from kinto_core.database.connection import Connection
from kinto_core.database.engine import DatabaseOptions, ThreadConnections
from kinto_core.database.file_turn import FileTurn
from kinto_core.database.functions import register_functions
from kinto_core.database.group_commit import GroupCommit
from kinto_core.errors import BackendUnavailable, ConstraintViolated, ValueTooLong


def translate(error: BaseException) -> Exception | None:
    """Our error for one of SQLite's, or ``None`` for a programming error."""
    if isinstance(error, sqlite3.IntegrityError):
        return ConstraintViolated(str(error))
    if isinstance(error, sqlite3.DataError):
        return ValueTooLong("A text is too long for this database.")
    if isinstance(error, sqlite3.OperationalError | sqlite3.DatabaseError) and not isinstance(
        error, sqlite3.ProgrammingError
    ):
        return BackendUnavailable(f"the database cannot be used now: {error}")
    return None


class SqliteFile:
    """A database in a file, in write-ahead mode: readers never wait, writers share commits.

    Args:
        url: ``sqlite:///path``; the folder must exist.
        options: how long to wait and how safely to write.
    """

    dialect = "sqlite"
    embedded = True

    def __init__(self, url: URL, options: DatabaseOptions) -> None:
        self._options = options
        self.path = Path(url.database or "")
        self._engine = sqlalchemy.create_engine(
            url,
            poolclass=NullPool,
            isolation_level="AUTOCOMMIT",
            connect_args={
                "check_same_thread": False,
                "timeout": options.busy_timeout_seconds,
                "cached_statements": 256,
            },
        )
        event.listen(self._engine, "connect", self._prepare)
        self._threads = ThreadConnections(self._engine, self._wrap)
        self._writer: Connection | None = None
        self._turn = FileTurn(self.path)
        self._writers = GroupCommit(self._writing_connection, self._turn)

    def reading(self) -> AbstractContextManager[Connection]:
        """See ``Database.reading``."""
        return self._threads

    @contextmanager
    def writing(self, about: str | None = None) -> Iterator[Connection]:
        """See ``Database.writing``; SQLite has one writer, whatever it writes about."""
        del about
        with self._writers.writing() as connection:
            yield connection

    def engine(self) -> Engine:
        """See ``Database.engine``."""
        return self._engine

    def close(self) -> None:
        """See ``Database.close``."""
        self._threads.close()
        with self._writers.pause():
            if self._writer is not None:
                self._writer.close()
                self._writer = None
            self._turn.close()
        self._engine.dispose()

    def _writing_connection(self) -> Connection:
        """The connection of all writers, who take turns."""
        if self._writer is None:
            try:
                core = self._engine.connect()
            except sqlalchemy.exc.DBAPIError as error:
                message = f"the database file {self.path} cannot be opened"
                raise BackendUnavailable(message) from error
            writer = self._wrap(core)
            # A file that grows is mapped anew at each commit, which costs more than it saves.
            writer.command("PRAGMA mmap_size = 0")
            self._writer = writer
        return self._writer

    @staticmethod
    def _wrap(core: sqlalchemy.engine.Connection, /) -> Connection:
        return Connection(core, translate)

    def _prepare(self, driver: sqlite3.Connection, _record: object) -> None:
        """Set up a new driver connection."""
        driver.execute("PRAGMA journal_mode = WAL")
        driver.execute(f"PRAGMA synchronous = {self._options.synchronous}")
        driver.execute("PRAGMA cache_size = -8000")
        driver.execute("PRAGMA mmap_size = 268435456")
        register_functions(driver)


class SqliteMemory:
    """A database in memory, gone with the program; threads take turns on its one connection."""

    dialect = "sqlite"
    embedded = True

    def __init__(self) -> None:
        self._engine = sqlalchemy.create_engine(
            "sqlite://",
            poolclass=StaticPool,
            isolation_level="AUTOCOMMIT",
            connect_args={"check_same_thread": False, "cached_statements": 256},
        )
        event.listen(self._engine, "connect", _prepare_memory)
        self._turn = threading.RLock()
        self._connection = Connection(self._engine.connect(), translate, self._turn)

    def reading(self) -> AbstractContextManager[Connection]:
        """See ``Database.reading``."""
        return nullcontext(self._connection)

    @contextmanager
    def writing(self, about: str | None = None) -> Iterator[Connection]:
        """See ``Database.writing``; there is one writer, whatever it writes about."""
        del about
        with self._turn:
            self._connection.command("BEGIN")
            try:
                yield self._connection
            except BaseException:
                self._connection.command("ROLLBACK")
                raise
            self._connection.command("COMMIT")

    def engine(self) -> Engine:
        """See ``Database.engine``."""
        return self._engine

    def close(self) -> None:
        """See ``Database.close``."""
        self._connection.close()
        self._engine.dispose()


def _prepare_memory(driver: sqlite3.Connection, _record: object) -> None:
    driver.execute("PRAGMA synchronous = OFF")
    register_functions(driver)
