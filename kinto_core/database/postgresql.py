"""PostgreSQL through psycopg 3."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import psycopg
import sqlalchemy
from sqlalchemy import event
from sqlalchemy.engine import URL, Engine
from sqlalchemy.pool import NullPool

from kinto_core.database.connection import Connection
from kinto_core.database.engine import DatabaseOptions, ThreadConnections
from kinto_core.database.group_commit import GroupCommit
from kinto_core.database.pipelined import PipelinedConnection
from kinto_core.database.shared_reads import SharedReads
from kinto_core.errors import (
    BackendUnavailable,
    ConnectionLost,
    ConstraintViolated,
    ValueTooLong,
    WriteConflict,
)

MAX_GROUPS = 1024
"""So many subjects are remembered, so that those who write about one find each other."""

TABLE_MISSING = (psycopg.errors.UndefinedTable, psycopg.errors.UndefinedColumn)
"""The tables were never made, or are those of an older release."""

CONFLICTS = (
    psycopg.errors.SerializationFailure,
    psycopg.errors.DeadlockDetected,
    psycopg.errors.UniqueViolation,
)
"""Met by chance; the whole transaction can be tried again."""


TRANSLATIONS: tuple[tuple[Any, Callable[[BaseException], Exception]], ...] = (
    (CONFLICTS, lambda error: WriteConflict(str(error))),
    (
        psycopg.errors.ProgramLimitExceeded,
        lambda _: ValueTooLong("An identifier or a principal is too long for this database."),
    ),
    (
        TABLE_MISSING,
        lambda _: BackendUnavailable("the tables are not up to date, run: kinto migrate"),
    ),
    (
        (psycopg.errors.QueryCanceled, psycopg.errors.LockNotAvailable),
        lambda error: BackendUnavailable(f"the database took too long: {error}"),
    ),
    (psycopg.IntegrityError, lambda error: ConstraintViolated(str(error))),
    (
        (psycopg.OperationalError, psycopg.InterfaceError),
        lambda error: ConnectionLost(f"the database cannot be used now: {error}"),
    ),
)
"""Our error for each class of psycopg's; the first that fits counts."""


def translate(error: BaseException) -> Exception | None:
    """Our error for one of psycopg's, or ``None`` for a programming error."""
    return next((make(error) for kinds, make in TRANSLATIONS if isinstance(error, kinds)), None)


class Postgresql:
    """A PostgreSQL database; each thread keeps one connection, and quick reads share one.

    Args:
        url: with the driver ``postgresql+psycopg``.
        options: how long to wait.
    """

    dialect = "postgresql"
    embedded = False

    def __init__(self, url: URL, options: DatabaseOptions) -> None:
        self._options = options
        self._engine = sqlalchemy.create_engine(
            url,
            poolclass=NullPool,
            isolation_level="AUTOCOMMIT",
            connect_args={"connect_timeout": 5},
        )
        event.listen(self._engine, "connect", self._prepare)
        self._threads = ThreadConnections(self._engine, self._wrap)
        self._groups: dict[str, GroupCommit] = {}
        self._shared = SharedReads(self._carrier)

    def reading(self) -> AbstractContextManager[Connection]:
        """See ``Database.reading``; a connection found broken is replaced for the next time."""
        return self._threads

    @contextmanager
    def writing(self, about: str | None = None) -> Iterator[Connection]:
        """See ``Database.writing``; those who name the same subject share commits."""
        try:
            with self._writers(about).writing() as connection:
                yield connection
        except BackendUnavailable:
            self._threads.discard()
            raise

    def engine(self) -> Engine:
        """See ``Database.engine``."""
        return self._engine

    def close(self) -> None:
        """See ``Database.close``."""
        self._shared.close()
        self._threads.close()
        self._engine.dispose()

    def _writers(self, about: str | None) -> GroupCommit:
        if about is None:
            return GroupCommit(self._threads.get)
        found = self._groups.get(about)
        if found is None:
            if len(self._groups) >= MAX_GROUPS:  # those who write now go on by themselves
                self._groups.clear()
            found = self._groups.setdefault(about, GroupCommit(self._threads.get))
        return found

    def _wrap(self, core: sqlalchemy.engine.Connection, /) -> Connection:
        return PipelinedConnection(core, translate, self._shared)

    def _carrier(self) -> PipelinedConnection:
        return PipelinedConnection(self._engine.connect(), translate)

    def _prepare(self, driver: psycopg.Connection[tuple[object, ...]], _record: object) -> None:
        """Set up a new driver connection, in one round trip."""
        statement = int(self._options.statement_timeout_seconds * 1000)
        lock = int(self._options.busy_timeout_seconds * 1000)
        driver.execute(
            "SELECT set_config('statement_timeout', %s, false),"
            " set_config('lock_timeout', %s, false),"
            " set_config('plan_cache_mode', 'force_generic_plan', false),"
            " set_config('TimeZone', 'UTC', false)",
            (str(statement), str(lock)),
        )
