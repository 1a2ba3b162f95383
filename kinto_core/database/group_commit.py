"""Several writers, one commit.

SQLite lets one transaction write at a time, and making a commit durable costs one or two disk
flushes. Writers that wait for their turn anyway therefore share a commit: each works in turn, and
the last one of those who wait commits for all. Nobody is answered before that commit is durable,
and a failing writer undoes only its own work.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from kinto_core.database.connection import Connection

MAX_MEMBERS = 64
"""A group is committed at this size even when more writers wait."""


class _Group:
    """The writers that share the commit to come."""

    __slots__ = ("done", "error", "members")

    def __init__(self) -> None:
        self.members = 0
        self.done = threading.Event()
        self.error: BaseException | None = None


class GroupCommit:
    """Takes turns on one writing connection and commits for several writers at once.

    Args:
        connection: used by one writer at a time, whatever its thread.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._turn = threading.Lock()
        self._count = threading.Lock()
        self._waiting = 0
        self._group: _Group | None = None

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """One writer's work; returns once the work is durable.

        Raises:
            BackendUnavailable: the database is locked by another process, full or broken; nothing
                of this work was kept.
        """
        group, nested = self._begin()
        try:
            yield self._connection
        except BaseException:
            self._undo(group, nested=nested)
            raise
        self._finish(group, nested=nested)
        group.done.wait()
        if group.error is not None:
            raise group.error

    def close(self) -> None:
        """Close the writing connection."""
        with self._turn:
            self._connection.close()

    def _begin(self) -> tuple[_Group, bool]:
        with self._count:
            self._waiting += 1
        self._turn.acquire()
        with self._count:
            self._waiting -= 1
        group = self._group
        try:
            if group is None:
                self._connection.command("BEGIN IMMEDIATE")
                self._group = group = _Group()
                return group, False
            self._connection.command("SAVEPOINT writer")
        except BaseException:
            self._end_turn()
            raise
        return group, True

    def _undo(self, group: _Group, *, nested: bool) -> None:
        try:
            if nested:
                self._connection.command("ROLLBACK TO writer")
                self._connection.command("RELEASE writer")
            else:
                self._group = None
                self._connection.command("ROLLBACK")
        except BaseException as error:
            self._break(group, error)
            raise
        self._end_turn()

    def _finish(self, group: _Group, *, nested: bool) -> None:
        try:
            if nested:
                self._connection.command("RELEASE writer")
        except BaseException as error:
            self._break(group, error)
            raise
        group.members += 1
        self._end_turn()

    def _end_turn(self) -> None:
        """Commit for the group unless somebody who waits will do it, then let the next one in."""
        group = self._group
        if group is not None and (not self._waiting or group.members >= MAX_MEMBERS):
            self._group = None
            try:
                self._connection.command("COMMIT")
            except BaseException as error:  # noqa: BLE001  told to every member, see writing()
                self._roll_back_quietly()
                group.error = error
            group.done.set()
        self._turn.release()

    def _break(self, group: _Group, error: BaseException) -> None:
        """The transaction is lost: tell every member of the group."""
        self._group = None
        self._roll_back_quietly()
        group.error = error
        group.done.set()
        self._turn.release()

    def _roll_back_quietly(self) -> None:
        try:
            self._connection.command("ROLLBACK")
        except Exception:  # noqa: BLE001  SQLite may have rolled back by itself already
            return
