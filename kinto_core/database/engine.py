"""A database: one connection for each thread that reads, transactions for those that write."""

import threading
import weakref
from collections import deque
from contextlib import AbstractContextManager
from dataclasses import dataclass
from types import TracebackType
from typing import Protocol

import sqlalchemy
from sqlalchemy.engine import Connection as CoreConnection
from sqlalchemy.engine import Engine

from kinto_core.database.connection import Connection, Statement
from kinto_core.errors import BackendUnavailable, ConnectionLost

__all__ = ["Connection", "Database", "DatabaseOptions", "ThreadConnections", "connected", "ping"]

_PING = Statement(lambda _: sqlalchemy.select(sqlalchemy.literal_column("1")))


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseOptions:
    """How to talk to a database.

    Attributes:
        synchronous: ``full`` or ``normal``: whether SQLite waits for the disk at each commit.
        statement_timeout_seconds: longest run of one statement (PostgreSQL).
        busy_timeout_seconds: longest wait for another process's write (SQLite) or lock.
    """

    synchronous: str = "full"
    statement_timeout_seconds: float = 10.0
    busy_timeout_seconds: float = 10.0


class Database(Protocol):
    """Where SQL backends keep their tables.

    Attributes:
        dialect: ``sqlite`` or ``postgresql``.
        embedded: whether the data live in a file or in the memory of this program, so that nobody
            else prepares its tables.
    """

    dialect: str
    embedded: bool

    def reading(self) -> AbstractContextManager[Connection]:
        """The current thread's connection, outside a transaction.

        Each statement sees the latest commit. Inside ``writing`` on the same thread it may not be
        used.

        Raises:
            BackendUnavailable: the database cannot be reached.
        """
        ...

    def writing(self, about: str | None = None) -> AbstractContextManager[Connection]:
        """A transaction: committed and durable when the block ends, undone when it raises.

        Args:
            about: what it will hold and write. Transactions about the same would wait for each
                other; where that helps, those of this process take turns in one, and share its
                commit. A failure undoes the failing one only.

        Raises:
            BackendUnavailable: the database cannot be reached, is full or locked.
            WriteConflict: two transactions met; try the whole block again.
        """
        ...

    def engine(self) -> Engine:
        """The SQLAlchemy engine, for migrations and administration."""
        ...

    def close(self) -> None:
        """Close every connection."""
        ...


class ThreadConnections:
    """One open connection for each thread, kept until the thread or the program ends.

    As a context manager it gives the current thread's, and discards it when it proves broken.

    Args:
        engine: makes new connections.
        wrap: turns a Core connection into ours.
    """

    def __init__(self, engine: Engine, wrap: "Wrap") -> None:
        self._engine = engine
        self._wrap = wrap
        self._local = threading.local()
        self._all: weakref.WeakSet[_Holder] = weakref.WeakSet()
        self._left: deque[Connection] = deque()

    def __enter__(self) -> Connection:
        """The current thread's connection; see ``get``."""
        return self.get()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Keep the connection unless it is broken; then the next use opens another."""
        if kind is not None and issubclass(kind, ConnectionLost):
            self.discard()

    def get(self) -> Connection:
        """The current thread's connection, opened if need be.

        Raises:
            BackendUnavailable: it cannot be opened.
        """
        holder: _Holder | None = getattr(self._local, "holder", None)
        if holder is None:
            self._close_left()
            try:
                core = self._engine.connect()
            except sqlalchemy.exc.DBAPIError as error:
                message = "the database cannot be reached"
                raise BackendUnavailable(message) from error
            holder = self._local.holder = _Holder(self._wrap(core), self._left)
            self._all.add(holder)
        return holder.connection

    def _close_left(self) -> None:
        """Close the connections of threads that ended."""
        while self._left:
            self._left.popleft().close()

    def discard(self) -> None:
        """Forget the current thread's connection, for it is broken."""
        holder: _Holder | None = getattr(self._local, "holder", None)
        if holder is not None:
            del self._local.holder
            self._all.discard(holder)
            holder.connection.invalidate()

    def close(self) -> None:
        """Close the connections of all threads."""
        for holder in list(self._all):
            holder.connection.close()
        self._all.clear()
        self._close_left()
        self._local = threading.local()


class Wrap(Protocol):
    """Turns a Core connection into one of ours."""

    def __call__(self, core: CoreConnection, /) -> Connection:
        """Our connection around ``core``."""
        ...


class _Holder:
    """Lets a thread's end be noticed: it goes with the thread's local values.

    The connection is left to another thread to close: Python before 3.12.4 crashes when what a
    thread of a native server leaves behind calls back into it, as SQLite's functions do.

    Args:
        connection: of the thread.
        left: connections of threads that ended.
    """

    def __init__(self, connection: Connection, left: deque[Connection]) -> None:
        self.connection = connection
        self._left = left

    def __del__(self) -> None:
        """Leave the connection to another thread."""
        self._left.append(self.connection)


def ping(database: Database) -> None:
    """Ask a database a question that costs it nothing.

    Raises:
        BackendUnavailable: it does not answer.
    """
    with database.reading() as connection:
        connection.run(_PING, {})


def connected(database: Database) -> CoreConnection:
    """A Core connection in ordinary transactions, for migrations and administration.

    Raises:
        BackendUnavailable: the database cannot be reached.
    """
    isolation = "SERIALIZABLE" if database.dialect == "sqlite" else "READ COMMITTED"
    try:
        return database.engine().execution_options(isolation_level=isolation).connect()
    except sqlalchemy.exc.DBAPIError as error:
        message = "the database cannot be reached"
        raise BackendUnavailable(message) from error
