"""One connection, and statements that are compiled once.

SQLAlchemy Core writes the SQL; running a statement that is known beforehand goes straight to the
driver, which saves most of the time that a small query takes.
"""

from collections.abc import Callable, Hashable, Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from sqlalchemy import Executable
from sqlalchemy.engine import Connection as CoreConnection
from sqlalchemy.engine.interfaces import Dialect
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.elements import ClauseElement

Rows = list[tuple[Any, ...]]

Command = tuple[str, list[bytes | None]]
"""SQL and its parameters in PostgreSQL's text form."""


class Statement:
    """A Core statement whose SQL text is made once for each kind of database.

    Args:
        build: makes the statement for a dialect name (``sqlite`` or ``postgresql``).
        is_quick: whether it reads a few rows by their keys, so that it can travel with others.

    Attributes:
        is_quick: the same.
    """

    def __init__(self, build: Callable[[str], ClauseElement], *, is_quick: bool = False) -> None:
        self._build = build
        self.is_quick = is_quick
        self._compiled: dict[str, tuple[str, tuple[str, ...], Mapping[str, Any]]] = {}

    def text(self, dialect: Dialect) -> tuple[str, tuple[str, ...], Mapping[str, Any]]:
        """The SQL, the parameter names in order, and constant parameters.

        The dialect must number its parameters or mark their places.
        """
        found = self._compiled.get(dialect.name)
        if found is None:
            compiled = self._build(dialect.name).compile(dialect=dialect)
            if not isinstance(compiled, SQLCompiler):
                message = "only queries and data changes can be prepared"
                raise TypeError(message)
            order = tuple(compiled.positiontup or ())
            constants = {k: v for k, v in compiled.params.items() if v is not None}
            found = self._compiled[dialect.name] = (str(compiled), order, constants)
        return found


class Connection:
    """An open connection, for one thread at a time.

    Args:
        core: the SQLAlchemy connection; its driver connection must be in autocommit mode.
        translate: gives our error for one of the driver's, or ``None``.
        guard: entered around each statement; for connections that threads share.
    """

    __slots__ = ("_core", "_dialect", "_driver", "_guard", "_translate", "dialect")

    def __init__(
        self,
        core: CoreConnection,
        translate: Callable[[BaseException], Exception | None],
        guard: AbstractContextManager[Any] | None = None,
    ) -> None:
        self._core = core
        self._driver: Any = core.connection.driver_connection
        self._dialect = core.dialect
        self._translate = translate
        self._guard = guard if guard is not None else nullcontext()
        self.dialect = core.dialect.name

    def run(self, statement: Statement, parameters: Mapping[str, Any]) -> Rows:
        """Run a prepared statement; all its rows, if it gives any."""
        sql, values = self._bound(statement, parameters)
        try:
            with self._guard:
                cursor = self._driver.execute(sql, values)
                return cursor.fetchall() if cursor.description else []
        except Exception as error:
            self._fail(error)
            raise

    def send(self, statement: Statement, parameters: Mapping[str, Any]) -> None:
        """Run a prepared statement that returns nothing.

        It may travel together with the next ones, to save round trips; then its errors show later,
        at the latest when the transaction is committed.
        """
        self.run(statement, parameters)

    def run_many(self, statement: Statement, rows: Iterable[Mapping[str, Any]]) -> None:
        """Run a prepared statement that returns nothing once for each row of parameters."""
        for row in rows:
            self.send(statement, row)

    def execute(self, statement: Executable) -> Rows:
        """Run a statement that was put together for this request; all its rows."""
        self.flush()
        try:
            with self._guard:
                result = self._core.execute(statement)
                return [tuple(row) for row in result] if result.returns_rows else []
        except Exception as error:
            self._fail(getattr(error, "orig", None) or error)
            raise

    def command(self, sql: str) -> None:
        """Run a constant command such as ``COMMIT``, after everything that was sent."""
        try:
            with self._guard:
                self._driver.execute(sql)
        except Exception as error:
            self._fail(error)
            raise

    def begin(self) -> None:
        """Begin a transaction that writes; the command may travel with the first statement."""
        self.command("BEGIN IMMEDIATE")

    def roll_back(self) -> None:
        """Undo the transaction."""
        self.command("ROLLBACK")

    def set_savepoint(self) -> None:
        """Begin a part of the transaction that can be undone by itself."""
        self.command("SAVEPOINT part")

    def release_savepoint(self) -> None:
        """Make the part one with the transaction; waits for everything that was sent."""
        self.command("RELEASE SAVEPOINT part")

    def undo_savepoint(self) -> None:
        """Undo the part, and only that."""
        self.command("ROLLBACK TO SAVEPOINT part")
        self.command("RELEASE SAVEPOINT part")

    def holds(self, subject: Hashable) -> bool:
        """Whether the transaction is known to hold something already; see ``keep``."""
        del subject
        return False

    def keep(self, subject: Hashable) -> None:
        """Keep in mind that the transaction holds something.

        Those who share a transaction need not take it again. What is taken in a part of it that can
        be undone is not kept in mind, and nothing where holding costs nothing.
        """

    def flush(self) -> None:
        """Wait for everything that was sent.

        Raises:
            BackendError: of the first statement that failed.
        """

    def _bound(self, statement: Statement, parameters: Mapping[str, Any]) -> tuple[str, list[Any]]:
        """The SQL of a statement and its parameters in order."""
        sql, order, constants = statement.text(self._dialect)
        if constants:
            parameters = {**constants, **parameters}
        return sql, [parameters[name] for name in order]

    def close(self) -> None:
        """Give the connection back; an open transaction is rolled back."""
        self._core.close()

    def invalidate(self) -> None:
        """Throw the connection away, for it is broken."""
        self._core.invalidate()
        self._core.close()

    def _fail(self, error: BaseException) -> None:
        translated = self._translate(error)
        if translated is not None:
            raise translated from error
