"""PostgreSQL without round trips that could be saved.

Prepared statements go to libpq directly, through psycopg's own wrapper of it (``psycopg.pq``), and
what needs no answer travels together with the next statement that does. A small query through a
cursor costs several times as much.
"""

import itertools
import select
from collections.abc import Callable, Hashable, Mapping
from typing import Any, cast

import psycopg
from psycopg import pq
from psycopg.adapt import Transformer
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.engine import Connection as CoreConnection

from kinto_core.database.connection import Command, Connection, Rows, Statement
from kinto_core.database.shared_reads import SharedReads
from kinto_core.errors import ConnectionLost

_NUMBERED = PGDialect_psycopg(  # type: ignore[no-untyped-call]  # SQLAlchemy's
    paramstyle="numeric_dollar"
)
"""Writes parameters as libpq wants them: ``$1``, ``$2``."""

_SAVEPOINT = "SAVEPOINT part"

_FAILED = (int(pq.ExecStatus.FATAL_ERROR), int(pq.ExecStatus.BAD_RESPONSE))
_ROWS = int(pq.ExecStatus.TUPLES_OK)


class PipelinedConnection(Connection):
    """An open PostgreSQL connection, for one thread at a time.

    Args:
        core: the SQLAlchemy connection; its driver connection must be in autocommit mode.
        translate: gives our error for one of psycopg's, or ``None``.
        shared: runs quick statements outside transactions.
    """

    __slots__ = (
        "_held",
        "_is_in_part",
        "_is_writing",
        "_libpq",
        "_listening",
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
        self._is_in_part = False
        self._held: set[Hashable] = set()
        self._dialect = _NUMBERED
        self._libpq: pq.abc.PGconn = self._driver.pgconn
        self._transformer = Transformer.from_context(self._driver)
        self._names: dict[str, bytes] = {}
        self._queue: list[Command] = []
        self._serials = itertools.count()
        self._waiting, self._listening = select.poll(), select.poll()
        self._waiting.register(self._libpq.socket, select.POLLIN)
        self._listening.register(self._libpq.socket, select.POLLIN | select.POLLOUT)

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
        """See ``Carrier.run_apart``; where one fails, each is tried by itself.

        Raises:
            ConnectionLost: nobody got an answer.
        """
        try:
            results, names = self._run_together(commands)
        except Exception as error:
            self._fail(error)
            raise
        if _failure(results) is None:
            self._names.update(names)
            return [self._rows(result) for result in results]
        if len(commands) > 1:
            return [answer for command in commands for answer in self.run_apart([command])]
        try:
            self._refuse_failed(results)
        except ConnectionLost:
            raise
        except Exception as error:  # noqa: BLE001  raised where the statement was asked for
            return [error]
        return []

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
        self._is_in_part = False
        self._held.clear()

    def roll_back(self) -> None:
        """See ``Connection.roll_back``: what has not left yet is forgotten."""
        self._is_writing = False
        if self._forget("BEGIN"):
            self.command("ROLLBACK")

    def set_savepoint(self) -> None:
        """See ``Connection.set_savepoint``: kept until an answer is needed."""
        self._queue.append((_SAVEPOINT, []))
        self._is_in_part = True

    def holds(self, subject: Hashable) -> bool:
        """See ``Connection.holds``."""
        return subject in self._held

    def keep(self, subject: Hashable) -> None:
        """See ``Connection.keep``."""
        if not self._is_in_part:
            self._held.add(subject)

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
            results, names = self._run_together(queue)
        except Exception as error:
            self._fail(error)
            raise
        self._refuse_failed(results)
        self._names.update(names)
        return self._rows(results[-1])

    def _command(self, statement: Statement, parameters: Mapping[str, Any]) -> Command:
        sql, values = self._bound(statement, parameters)
        return sql, [one.encode() if type(one) is str else _text(one) for one in values]

    def _run_together(
        self, commands: list[Command]
    ) -> "tuple[list[pq.abc.PGresult], dict[str, bytes]]":
        """Run statements in one round trip, and prepare each that is new just before.

        Unless they say otherwise they are one transaction, which the first failure ends. After a
        failure the server prepares only what ends the transaction, hence the order.

        Returns:
            A result for each statement, the failure of its preparation if that failed; and the
            names of what was prepared.
        """
        libpq = self._libpq
        libpq.enter_pipeline_mode()
        names = self._names
        new: dict[str, bytes] = {}
        counts = []
        for sql, values in commands:
            name = names.get(sql) or new.get(sql)
            counts.append(1 if name else 2)
            if name is None:
                name = new[sql] = b"kinto_%d" % next(self._serials)
                libpq.send_prepare(name, sql.encode())
            libpq.send_query_prepared(name, values)
        libpq.pipeline_sync()
        while libpq.flush():
            self._wait_to_send()
        results = [self._result(count) for count in counts]
        while libpq.is_busy():  # until the end of the pipeline
            self._waiting.poll()
            libpq.consume_input()
        libpq.get_result()
        libpq.exit_pipeline_mode()
        return results, new

    def _result(self, count: int) -> "pq.abc.PGresult":
        """The result of a statement, after that of its preparation if ``count`` is 2."""
        libpq = self._libpq
        found: pq.abc.PGresult | None = None
        for _ in range(count):
            while libpq.is_busy():
                self._waiting.poll()  # other threads run meanwhile
                libpq.consume_input()
            result = libpq.get_result()
            if result is None:
                message = "the connection ended before its answer"
                raise psycopg.OperationalError(message)
            while (more := libpq.get_result()) is not None:
                result = more
            if found is None or found.status not in _FAILED:
                found = result
        return cast("pq.abc.PGresult", found)

    def _wait_to_send(self) -> None:
        """Wait until the server listens, or says something that has to be heard before."""
        for _, event in self._listening.poll():
            if event != select.POLLOUT:
                self._libpq.consume_input()

    def _refuse_failed(self, results: "list[pq.abc.PGresult]") -> None:
        """Raise the first failure, if there is one, as our error."""
        failed = _failure(results)
        if failed is not None:
            refused = psycopg.errors.error_from_result(failed, "utf-8")
            self._fail(refused)
            raise refused

    def _rows(self, result: "pq.abc.PGresult") -> Rows:
        """The rows of a result, if it has any."""
        if result.status != _ROWS:
            return []
        self._transformer.set_pgresult(result)
        return self._transformer.load_rows(0, result.ntuples, tuple)


def _failure(results: "list[pq.abc.PGresult]") -> "pq.abc.PGresult | None":
    """The first result that is a failure."""
    for result in results:
        if result.status in _FAILED:
            return result
    return None


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
