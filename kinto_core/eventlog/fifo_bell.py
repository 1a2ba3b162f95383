"""Rings between the processes that share a SQLite file, by named pipes beside it.

Who listens makes a pipe in the folder ``{database}-bells``; who rings writes a byte into each. A
pipe that nobody reads is what is left of a dead process, and is removed.
"""

import contextlib
import os
import select
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

LOOK_SECONDS = 0.05
"""How long a new listener may stay unnoticed."""

_BYTE = b"."
_MANY = 4096
_HIDDEN = "."
"""Begins the name of a pipe that nobody reads yet."""

_GRAIN_NANOSECONDS = 100_000_000
"""Two changes of a folder within this time may bear the same time."""


class FifoDoorbell:
    """A doorbell made of named pipes.

    Args:
        database: the SQLite file; the folder of the pipes is beside it, for its owner only.
    """

    def __init__(self, database: Path) -> None:
        self._folder = database.with_name(database.name + "-bells")
        self._look_at = 0.0
        self._seen = 0
        self._pipes: dict[str, int] = {}
        # A descriptor that another thread has closed may be that of another file by now.
        self._turn = threading.Lock()

    def ring(self) -> None:
        """See ``Doorbell.ring``."""
        with self._turn:
            self._ring()

    def _ring(self) -> None:
        now = time.monotonic()
        if now >= self._look_at:
            self._look_at = now + LOOK_SECONDS
            with contextlib.suppress(OSError):
                self._look()
        for name, pipe in list(self._pipes.items()):
            try:
                os.write(pipe, _BYTE)
            except BlockingIOError:
                continue  # it rings already
            except OSError:
                self._forget(name)

    @contextmanager
    def bell(self) -> Iterator["FifoBell"]:
        """See ``Doorbell.bell``."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        name = f"{os.getpid()}-{uuid.uuid4().hex[:8]}"
        path, hidden = self._folder / name, self._folder / f"{_HIDDEN}{name}"
        os.mkfifo(hidden, 0o600)
        pipe = os.open(hidden, os.O_RDWR | os.O_NONBLOCK)
        try:
            hidden.rename(path)  # who rings meanwhile must not take it for one of the dead
            yield FifoBell(pipe)
        finally:
            path.unlink(missing_ok=True)
            os.close(pipe)

    def close(self) -> None:
        """See ``Doorbell.close``."""
        with self._turn:
            for name in list(self._pipes):
                self._hang_up(name)

    def _look(self) -> None:
        """Find the pipes, when the folder changed since the last time."""
        changed = self._folder.stat().st_mtime_ns
        if changed == self._seen:
            return
        found = {path.name for path in self._folder.iterdir()}
        names = {name for name in found if not name.startswith(_HIDDEN)}
        for name in self._pipes.keys() - names:
            self._hang_up(name)
        for name in names - self._pipes.keys():
            try:
                self._pipes[name] = os.open(self._folder / name, os.O_WRONLY | os.O_NONBLOCK)
            except OSError:
                self._forget(name)
        is_settled = time.time_ns() - changed > _GRAIN_NANOSECONDS
        self._seen = changed if is_settled else 0

    def _forget(self, name: str) -> None:
        self._hang_up(name)
        with contextlib.suppress(OSError):
            (self._folder / name).unlink()

    def _hang_up(self, name: str) -> None:
        pipe = self._pipes.pop(name, None)
        if pipe is not None:
            with contextlib.suppress(OSError):
                os.close(pipe)


class FifoBell:
    """Hears what is written into one pipe.

    Args:
        pipe: open for reading and writing, so that it never ends.
    """

    def __init__(self, pipe: int) -> None:
        self._pipe = pipe
        self._poll = select.poll()
        self._poll.register(pipe, select.POLLIN)

    def wait(self, timeout_seconds: float) -> bool:
        """See ``Bell.wait``."""
        if not self._poll.poll(max(timeout_seconds, 0.0) * 1000):
            return False
        with contextlib.suppress(BlockingIOError):
            while len(os.read(self._pipe, _MANY)) == _MANY:
                pass
        return True

    def wake(self) -> None:
        """See ``Bell.wake``."""
        with contextlib.suppress(OSError):
            os.write(self._pipe, _BYTE)
