"""Reading for long what was true at one moment, without keeping anybody waiting."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Protocol

import sqlalchemy
from sqlalchemy.engine import Connection as CoreConnection

from kinto_core.database.engine import Database
from kinto_core.errors import BackendUnavailable


class Source(Protocol):
    """A connection of any kind, for reading."""

    def execute(self, statement: sqlalchemy.Executable, /) -> Iterable[Any]:
        """The rows of a query."""
        ...


@contextmanager
def one_moment(database: Database) -> Iterator[CoreConnection]:
    """A connection that sees what was committed at its first query, however long it reads.

    Not for databases in memory that other threads use.

    Raises:
        BackendUnavailable: the database cannot be reached, or broke.
    """
    is_postgresql = database.dialect == "postgresql"
    level = "REPEATABLE READ" if is_postgresql else "SERIALIZABLE"
    engine = database.engine().execution_options(isolation_level=level)
    try:
        with engine.connect() as connection, connection.begin() as transaction:
            begin = "SET LOCAL statement_timeout = 0" if is_postgresql else "BEGIN"
            connection.exec_driver_sql(begin)
            try:
                yield connection
            finally:
                transaction.rollback()
    except sqlalchemy.exc.DBAPIError as error:
        message = f"the database cannot be used now: {error.orig}"
        raise BackendUnavailable(message) from error
