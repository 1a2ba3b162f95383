"""Turns of the processes that write to one file.

SQLite lets a process that finds the file locked sleep and look again, for longer each time. A lock
on a file beside it wakes the next process at once, which saves both the sleep and the looking.
"""

import fcntl
from pathlib import Path
from typing import IO

from kinto_core.errors import BackendUnavailable


class FileTurn:
    """The turn of this process, which ends with the process, however that ends.

    It saves time and promises nothing: a program that knows nothing of it meets SQLite's own lock.

    Args:
        path: of the database; the lock is on a file beside it, ``{path}-turn``, always empty.
    """

    def __init__(self, path: Path) -> None:
        self._path = path.with_name(path.name + "-turn")
        self._file: IO[bytes] | None = None

    def acquire(self) -> None:
        """Wait for the turn.

        Raises:
            BackendUnavailable: the folder cannot be written to.
        """
        try:
            if self._file is None:
                self._file = self._path.open("ab")
            fcntl.flock(self._file, fcntl.LOCK_EX)
        except OSError as error:
            message = f"the file {self._path} cannot be locked: {error.strerror}"
            raise BackendUnavailable(message) from error

    def release(self) -> None:
        """Let another process write."""
        if self._file is not None:
            fcntl.flock(self._file, fcntl.LOCK_UN)

    def close(self) -> None:
        """Give the file back."""
        if self._file is not None:
            self._file.close()
            self._file = None
