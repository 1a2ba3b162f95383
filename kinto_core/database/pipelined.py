"""PostgreSQL without round trips that could be saved.

Prepared statements go to libpq directly, through psycopg's own wrapper of it (``psycopg.pq``), and
what needs no answer travels together with the next statement that does. A small query through a
cursor costs several times as much.
"""

import itertools
import select
from collections.abc import Callable, Mapping
from typing import Any

import psycopg
from psycopg import pq
from psycopg.adapt import Transformer
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.engine import Connection as CoreConnection

from kinto_core.database.connection import Command, Connection, Rows, Statement
from kinto_core.database.shared_reads import SharedReads

_NUMBERED = PGDialect_psycopg(  # type: ignore[no-untyped-call]  # SQLAlchemy's
    paramstyle="numeric_dollar"
)
"""Writes parameters as libpq wants them: ``$1``, ``$2``."""

_SAVEPOINT = "SAVEPOINT part"

_FAILED = (pq.ExecStatus.FATAL_ERROR, pq.ExecStatus.BAD_RESPONSE)


class PipelinedConnection(Connection):
    """An open PostgreSQL connection, for one thread at a time.

    Args:
        core: the SQLAlchemy connection; its driver connection must be in autocommit mode.
        translate: gives our error for one of psycopg's, or ``None``.
        shared: runs quick statements outside transactions.
    """

    __slots__ = (
        "_is_writing",
        "_libpq",
        "_names",
        "_queue",
        "_serials",
        "_shared",
        "_transformer",
        "_waiting",
    )

    def __init__(
        self,
        core: CoreConnection,
        translate: Callable[[BaseException], Exception | None],
        shared: SharedReads | None = None,
    ) -> None:
        super().__init__(core, translate)
        self._shared = shared
        self._is_writing = False
        self._dialect = _NUMBERED
        self._libpq: pq.abc.PGconn = self._driver.pgconn
        self._transformer = Transformer.from_context(self._driver)
        self._names: dict[str, bytes] = {}
        self._queue: list[Command] = []
        self._serials = itertools.count()
        self._waiting = select.poll()

    def run(self, statement: Statement, parameters: Mapping[str, Any]) -> Rows:
        """See ``Connection.run``; the quick ones of several threads travel together."""
        command = self._command(statement, parameters)
        if statement.is_quick and self._shared is not None and not self._is_writing:
            rows = self._shared.run(command)
            if rows is not None:
                return rows
        self._queue.append(command)
        return self._exchange()

    def run_apart(self, commands: list[Command]) -> list[Rows | Exception]:
        """See ``Carrier.run_apart``.

        Raises:
            ConnectionLost: nobody got an answer.
        """
        try:
            self._libpq.enter_pipeline_mode()
            new = [self._send_all([command]) for command in commands]
            answers = [self._answer(names) for names in new]
            self._libpq.exit_pipeline_mode()
        except Exception as error:
            self._fail(error)
            raise
        return answers

    def send(self, statement: Statement, parameters: Mapping[str, Any]) -> None:
        """See ``Connection.send``: kept until an answer is needed."""
        self._queue.append(self._command(statement, parameters))

    def command(self, sql: str) -> None:
        """See ``Connection.command``."""
        self._queue.append((sql, []))
        self._exchange()
        if sql == "COMMIT":
            self._is_writing = False

    def begin(self) -> None:
        """See ``Connection.begin``: kept until an answer is needed."""
        self._queue.append(("BEGIN", []))
        self._is_writing = True

    def roll_back(self) -> None:
        """See ``Connection.roll_back``: what has not left yet is forgotten."""
        self._is_writing = False
        if self._forget("BEGIN"):
            self.command("ROLLBACK")

    def set_savepoint(self) -> None:
        """See ``Connection.set_savepoint``: kept until an answer is needed."""
        self._queue.append((_SAVEPOINT, []))

    def undo_savepoint(self) -> None:
        """See ``Connection.undo_savepoint``: what has not left yet is forgotten."""
        if self._forget(_SAVEPOINT):
            self._queue.append(("ROLLBACK TO SAVEPOINT part", []))
            self.command("RELEASE SAVEPOINT part")

    def _forget(self, beginning: str) -> bool:
        """Forget what has not left yet; whether its beginning has."""
        has_left = not self._queue or self._queue[0][0] != beginning
        self._queue.clear()
        return has_left

    def flush(self) -> None:
        """See ``Connection.flush``."""
        if self._queue:
            self._exchange()

    def _exchange(self) -> Rows:
        """Send all that waits, in one round trip; the rows of the last statement."""
        queue, self._queue = self._queue, []
        try:
            self._libpq.enter_pipeline_mode()
            new = self._send_all(queue)
            last, failure = self._collect(len(queue) + len(new))
            self._libpq.exit_pipeline_mode()
        except Exception as error:
            self._fail(error)
            raise
        return self._rows(last, failure, new)

    def _answer(self, new: dict[str, bytes]) -> Rows | Exception:
        """The rows of the next statement of several, or why it failed."""
        last, failure = self._collect(1 + len(new))
        try:
            return self._rows(last, failure, new)
        except Exception as error:  # noqa: BLE001  raised where the statement was asked for
            return error

    def _rows(
        self,
        last: "pq.abc.PGresult | None",
        failure: "pq.abc.PGresult | None",
        new: dict[str, bytes],
    ) -> Rows:
        """The rows of a result; ``new``: what was prepared on the way."""
        if failure is not None:
            refused = psycopg.errors.error_from_result(failure, "utf-8")
            self._fail(refused)
            raise refused
        self._names.update(new)
        if last is None or last.status != pq.ExecStatus.TUPLES_OK:
            return []
        self._transformer.set_pgresult(last)
        return self._transformer.load_rows(0, last.ntuples, tuple)

    def _command(self, statement: Statement, parameters: Mapping[str, Any]) -> Command:
        sql, values = self._bound(statement, parameters)
        return sql, [one.encode() if type(one) is str else _text(one) for one in values]

    def _send_all(self, queue: list[Command]) -> dict[str, bytes]:
        """Send statements, and their preparation where need be; the names of those prepared."""
        new: dict[str, bytes] = {}
        for sql, values in queue:
            name = self._names.get(sql) or new.get(sql)
            if name is None:
                name = new[sql] = b"kinto_%d" % next(self._serials)
                self._libpq.send_prepare(name, sql.encode())
            self._libpq.send_query_prepared(name, values)
        self._libpq.pipeline_sync()
        return new

    def _collect(self, count: int) -> tuple["pq.abc.PGresult | None", "pq.abc.PGresult | None"]:
        """The last result of so many statements, and the first failure."""
        last = failure = None
        for _ in range(count):
            result = self._next()
            while result is not None:
                last = result
                if failure is None and result.status in _FAILED:
                    failure = result
                result = self._next()
        self._next()  # the end of the pipeline
        return last, failure

    def _next(self) -> "pq.abc.PGresult | None":
        libpq = self._libpq
        while libpq.flush():
            self._wait(select.POLLIN | select.POLLOUT)
        while libpq.is_busy():
            self._wait(select.POLLIN)
        return libpq.get_result()

    def _wait(self, events: int) -> None:
        """Wait until the server says something, or listens; other threads run meanwhile."""
        self._waiting.register(self._libpq.socket, events)
        for _, event in self._waiting.poll():
            if event != select.POLLOUT:
                self._libpq.consume_input()


def _text(value: Any) -> bytes | None:  # noqa: ANN401  what Python programs pass to SQL
    """A parameter in PostgreSQL's text form."""
    if value is None:
        return None
    if isinstance(value, str):
        return value.encode()
    if isinstance(value, bool):
        return b"true" if value else b"false"
    if isinstance(value, bytes):
        return b"\\x" + value.hex().encode()
    return str(value).encode()
