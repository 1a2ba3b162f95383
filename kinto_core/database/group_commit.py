"""Several writers, one commit.

Making a commit durable costs a disk flush or two, whoever pays for it. Writers that wait for each
other anyway, since SQLite lets one transaction write at a time and PostgreSQL one to a list,
therefore share a commit: each works in turn, in a savepoint of its own, and the last one of those
who wait commits for all. Nobody is answered before that commit is durable, and a failing writer
undoes only its own work.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from typing import Protocol

from kinto_core.database.connection import Connection
from kinto_core.errors import BackendUnavailable, ConnectionLost

MAX_MEMBERS = 64
"""A group is committed at this size even when more writers wait."""


class ProcessTurn(Protocol):
    """Lets one process at a time write; threads of one process take turns by themselves."""

    def acquire(self) -> None:
        """Wait for the turn of this process."""

    def release(self) -> None:
        """Let another process write."""


class Alone:
    """The turn of a process when the database itself lets processes wait."""

    def acquire(self) -> None:
        """Nobody to wait for."""

    def release(self) -> None:
        """Nobody waits."""


class _Group:
    """The writers that share the commit to come, on the first one's connection."""

    __slots__ = ("connection", "error", "members", "waiting")

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.members = 0
        self.waiting: list[threading.Lock] = []
        self.error: BaseException | None = None

    def wait_later(self) -> threading.Lock:
        """What a member acquires to wait until the group is committed."""
        ended = threading.Lock()
        ended.acquire()
        self.waiting.append(ended)
        return ended

    def end(self) -> None:
        """Let all who wait go on."""
        for ended in self.waiting:
            ended.release()


class GroupCommit:
    """Takes turns and commits for several writers at once.

    Args:
        connect: the connection that a group uses when the calling thread begins one; it is used by
            one writer at a time, whatever its thread, until the group is committed.
        processes: how the processes of a server take turns.
    """

    def __init__(
        self, connect: Callable[[], Connection], processes: ProcessTurn | None = None
    ) -> None:
        self._connect = connect
        self._processes = processes if processes is not None else Alone()
        self._turn = threading.Lock()
        self._count = threading.Lock()
        self._waiting = 0
        self._group: _Group | None = None

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """One writer's work; returns once the work is durable.

        Raises:
            BackendUnavailable: the database is locked by another process, full, broken or gone;
                nothing of this work was kept, unless the connection broke while it was committed.
        """
        group, nested = self._begin()
        try:
            yield group.connection
        except BaseException:
            self._undo(group, nested=nested)
            raise
        ended = self._finish(group, nested=nested)
        if ended is not None:
            ended.acquire()
        if group.error is not None:
            raise group.error

    def pause(self) -> "threading.Lock | nullcontext[None]":
        """Held while no writer works: for closing."""
        return self._turn

    def _begin(self) -> tuple[_Group, bool]:
        with self._count:
            self._waiting += 1
        self._turn.acquire()
        with self._count:
            self._waiting -= 1
        group = self._group
        try:
            if group is None:
                return self._begin_group(), False
            group.connection.set_savepoint()
        except BaseException:
            self._end_turn(group)
            raise
        return group, True

    def _begin_group(self) -> _Group:
        connection = self._connect()
        self._processes.acquire()
        try:
            connection.begin()
        except BaseException:
            self._processes.release()
            raise
        self._group = _Group(connection)
        return self._group

    def _undo(self, group: _Group, *, nested: bool) -> None:
        try:
            if nested:
                group.connection.undo_savepoint()
            else:
                self._group = None
                group.connection.roll_back()
                self._processes.release()
        except BaseException as error:
            self._break(group, error)
            raise
        self._end_turn(group if nested else None)

    def _finish(self, group: _Group, *, nested: bool) -> "threading.Lock | None":
        """End a writer's work; gives what to wait for, unless it is committed already.

        What the writer sent and nobody waited for may fail only now.
        """
        try:
            if nested:
                group.connection.release_savepoint()
            elif self._goes_on(group):
                group.connection.flush()
        except ConnectionLost as error:
            self._break(group, error)
            raise
        except BaseException:
            self._undo(group, nested=nested)
            raise
        group.members += 1
        ended = group.wait_later() if self._goes_on(group) else None
        if ended is None:
            self._commit(group)
        self._turn.release()
        return ended

    def _goes_on(self, group: _Group) -> bool:
        """Whether somebody else will commit for the group."""
        return self._waiting > 0 and group.members < MAX_MEMBERS

    def _end_turn(self, group: _Group | None) -> None:
        """Let the next one in, after a commit for the group if nobody who waits will do it."""
        if group is not None and not self._goes_on(group):
            self._commit(group)
        self._turn.release()

    def _commit(self, group: _Group) -> None:
        """Make the group's work durable, or tell every member why that failed."""
        self._group = None
        try:
            group.connection.command("COMMIT")
        except ConnectionLost as error:
            # Nobody knows whether it was committed, so nobody may do it again unasked.
            group.error = BackendUnavailable(str(error))
        except BaseException as error:  # noqa: BLE001  told to every member, see writing()
            self._roll_back_quietly(group)
            group.error = error
        self._processes.release()
        group.end()

    def _break(self, group: _Group, error: BaseException) -> None:
        """The transaction is lost: tell every member of the group."""
        self._group = None
        self._roll_back_quietly(group)
        self._processes.release()
        group.error = error
        group.end()
        self._turn.release()

    @staticmethod
    def _roll_back_quietly(group: _Group) -> None:
        try:
            group.connection.roll_back()
        except Exception:  # noqa: BLE001  the database may have rolled back by itself already
            return
