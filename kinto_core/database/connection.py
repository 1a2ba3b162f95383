"""One connection, and statements that are compiled once.

SQLAlchemy Core writes the SQL; running a statement that is known beforehand goes straight to the
driver, which saves most of the time that a small query takes.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from sqlalchemy import Executable
from sqlalchemy.engine import Connection as CoreConnection
from sqlalchemy.engine.interfaces import Dialect
from sqlalchemy.sql.elements import ClauseElement
from sqlalchemy.sql.compiler import SQLCompiler

Rows = list[tuple[Any, ...]]


class Statement:
    """A Core statement whose SQL text is made once for each kind of database.

    Args:
        build: makes the statement for a dialect name (``sqlite`` or ``postgresql``).
    """

    def __init__(self, build: Callable[[str], ClauseElement]) -> None:
        self._build = build
        self._compiled: dict[str, tuple[str, tuple[str, ...] | None, Mapping[str, Any]]] = {}

    def text(self, dialect: Dialect) -> tuple[str, tuple[str, ...] | None, Mapping[str, Any]]:
        """The SQL, the parameter names in order (``None``: by name), and constant parameters."""
        found = self._compiled.get(dialect.name)
        if found is None:
            compiled = self._build(dialect.name).compile(dialect=dialect)
            if not isinstance(compiled, SQLCompiler):
                message = "only queries and data changes can be prepared"
                raise TypeError(message)
            order = tuple(compiled.positiontup) if compiled.positional else None
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

    __slots__ = ("_core", "_dialect", "_driver", "_guard", "_translate", "dialect", "in_transaction")

    def __init__(
        self,
        core: CoreConnection,
        translate: Callable[[BaseException], Exception | None],
        guard: AbstractContextManager[Any] | None = None,
    ) -> None:
        self._core = core
        self._driver = core.connection.driver_connection
        self._dialect = core.dialect
        self._translate = translate
        self._guard = guard if guard is not None else nullcontext()
        self.dialect = core.dialect.name
        self.in_transaction = False

    def run(self, statement: Statement, parameters: Mapping[str, Any]) -> Rows:
        """Run a prepared statement; all its rows, or none for a statement that returns none."""
        sql, order, constants = statement.text(self._dialect)
        values: Any
        if order is not None:
            if constants:
                parameters = {**constants, **parameters}
            values = [parameters[name] for name in order]
        else:
            values = {**constants, **parameters}
        try:
            with self._guard:
                cursor = self._driver.execute(sql, values)
                return cursor.fetchall() if cursor.description else []
        except Exception as error:
            self._fail(error)
            raise

    def run_many(self, statement: Statement, rows: Iterable[Mapping[str, Any]]) -> None:
        """Run a prepared statement that returns nothing once for each row of parameters."""
        sql, order, constants = statement.text(self._dialect)
        values: list[Any]
        if order is not None:
            values = [[{**constants, **row}[name] for name in order] for row in rows]
        else:
            values = [{**constants, **row} for row in rows]
        try:
            with self._guard:
                cursor = self._driver.cursor()
                cursor.executemany(sql, values)
                cursor.close()
        except Exception as error:
            self._fail(error)
            raise

    def execute(self, statement: Executable) -> Rows:
        """Run a statement that was put together for this request; all its rows."""
        try:
            with self._guard:
                result = self._core.execute(statement)
                return [tuple(row) for row in result] if result.returns_rows else []
        except Exception as error:
            self._fail(getattr(error, "orig", None) or error)
            raise

    def command(self, sql: str) -> None:
        """Run a constant command such as ``BEGIN``, without parameters."""
        try:
            with self._guard:
                self._driver.execute(sql)
        except Exception as error:
            self._fail(error)
            raise

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


def by_name(rows: Rows, names: Sequence[str]) -> list[dict[str, Any]]:
    """Rows as mappings, for the few places where positions would be hard to read."""
    return [dict(zip(names, row, strict=True)) for row in rows]
