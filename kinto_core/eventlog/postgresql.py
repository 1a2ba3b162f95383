"""Doorbell and leadership on PostgreSQL, each with connections of its own.

The doorbell rings by NOTIFY, outside of every transaction that writes: inside one, it makes all
commits of the server wait for each other. A thread of its own sends it instead, one for all rings
that came meanwhile.

Source: targets 1, https://www.postgresql.org/docs/current/sql-notify.html.
"""

import contextlib
import os
import select
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psycopg
from psycopg import sql

Connect = Callable[[], "psycopg.Connection[tuple[object, ...]]"]

PACE_SECONDS = 0.003
"""Rings that come within this time travel together."""

RETRY_SECONDS = 1.0
"""How long to be silent, or deaf, after the database went away."""

_LOCK = 5_254_002
"""The advisory lock of who leads."""


class NotifyDoorbell:
    """A doorbell for everybody who is connected to one PostgreSQL database.

    Args:
        connect: makes a connection in autocommit mode.
        channel: a name for the rings.
    """

    def __init__(self, connect: Connect, channel: str) -> None:
        self._connect = connect
        self._channel = channel
        self._rung = threading.Event()
        self._closing = threading.Event()
        self._thread: threading.Thread | None = None
        self._starting = threading.Lock()

    def ring(self) -> None:
        """See ``Doorbell.ring``."""
        if self._thread is None:
            self._start()
        if not self._rung.is_set():
            self._rung.set()

    @contextmanager
    def bell(self) -> Iterator["NotifyBell"]:
        """See ``Doorbell.bell``."""
        bell = NotifyBell(self._connect, self._channel)
        try:
            yield bell
        finally:
            bell.close()

    def close(self) -> None:
        """See ``Doorbell.close``."""
        self._closing.set()
        self._rung.set()
        if self._thread is not None:
            self._thread.join(RETRY_SECONDS)

    def _start(self) -> None:
        with self._starting:
            if self._thread is None:
                self._thread = threading.Thread(target=self._send, daemon=True, name="doorbell")
                self._thread.start()

    def _send(self) -> None:
        notify = sql.SQL("NOTIFY {}").format(sql.Identifier(self._channel))
        while not self._closing.is_set():
            with contextlib.suppress(psycopg.Error), self._connect() as connection:
                while not self._closing.is_set():
                    self._rung.wait()
                    self._rung.clear()
                    connection.execute(notify)
                    time.sleep(PACE_SECONDS)
                return
            time.sleep(RETRY_SECONDS)


class NotifyBell:
    """Hears the rings of one channel.

    Args:
        connect: makes a connection in autocommit mode.
        channel: the name of the rings.
    """

    def __init__(self, connect: Connect, channel: str) -> None:
        self._connect = connect
        self._listen = sql.SQL("LISTEN {}").format(sql.Identifier(channel))
        self._connection: psycopg.Connection[tuple[object, ...]] | None = None
        self._reading, self._writing = os.pipe()
        os.set_blocking(self._reading, False)
        os.set_blocking(self._writing, False)

    def wait(self, timeout_seconds: float) -> bool:
        """See ``Bell.wait``."""
        poll = select.poll()
        poll.register(self._reading, select.POLLIN)
        if self._connection is None:
            with contextlib.suppress(psycopg.Error):
                self._connection = self._connect()
                self._connection.execute(self._listen)
                return True  # whatever rang while nobody listened
        if self._connection is not None:
            poll.register(self._connection.fileno(), select.POLLIN)
        heard = bool(poll.poll(max(timeout_seconds, 0.0) * 1000))
        if heard:
            self._take()
        return heard

    def wake(self) -> None:
        """See ``Bell.wake``."""
        with contextlib.suppress(OSError):
            os.write(self._writing, b".")

    def close(self) -> None:
        """Stop listening."""
        self._hang_up()
        os.close(self._reading)
        os.close(self._writing)

    def _take(self) -> None:
        """Take what was heard, so that it is not heard again."""
        with contextlib.suppress(BlockingIOError):
            os.read(self._reading, 4096)
        if self._connection is None:
            return
        try:
            for _ in self._connection.notifies(timeout=0):
                pass
        except psycopg.Error:
            self._hang_up()

    def _hang_up(self) -> None:
        if self._connection is not None:
            with contextlib.suppress(psycopg.Error):
                self._connection.close()
            self._connection = None


class AdvisoryLeadership:
    """Leads who holds an advisory lock, on a connection that does nothing else.

    Args:
        connect: makes a connection in autocommit mode.
    """

    def __init__(self, connect: Connect) -> None:
        self._connect = connect
        self._connection: psycopg.Connection[tuple[object, ...]] | None = None

    def try_to_lead(self) -> bool:
        """See ``Leadership``; asks the database each time, so that a lost connection is noticed."""
        try:
            if self._connection is not None:
                self._connection.execute("SELECT 1")
                return True
            self._connection = self._connect()
            lock = self._connection.execute("SELECT pg_try_advisory_lock(%s)", (_LOCK,))
            found = lock.fetchone()
            if found is not None and found[0]:
                return True
        except psycopg.Error:
            self.resign()
            return False
        self.resign()
        return False

    def resign(self) -> None:
        """See ``Leadership``."""
        if self._connection is not None:
            connection, self._connection = self._connection, None
            with contextlib.suppress(psycopg.Error):
                connection.close()
