"""One relay leads, others stand by and take over when it is gone.

The database itself knows who leads: a lock that ends with the connection, or with the process, of
who holds it. Nothing depends on there being one leader only; two would deliver events twice.
"""

import fcntl
from pathlib import Path
from typing import IO, Protocol


class Leadership(Protocol):
    """The right to lead."""

    def try_to_lead(self) -> bool:
        """Whether this process leads from now on, or still does."""
        ...

    def resign(self) -> None:
        """Let another one lead."""
        ...


class AlwaysLeading:
    """For a database that one process sees."""

    def try_to_lead(self) -> bool:
        """See ``Leadership``."""
        return True

    def resign(self) -> None:
        """See ``Leadership``."""


class FileLeadership:
    """Leads who holds the lock on a file beside the SQLite database.

    Args:
        database: the SQLite file.
    """

    def __init__(self, database: Path) -> None:
        self._path = database.with_name(database.name + "-relay")
        self._file: IO[bytes] | None = None

    def try_to_lead(self) -> bool:
        """See ``Leadership``."""
        if self._file is not None:
            return True
        file = self._path.open("ab")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            file.close()
            return False
        self._file = file
        return True

    def resign(self) -> None:
        """See ``Leadership``."""
        if self._file is not None:
            self._file.close()
            self._file = None
