"""Rings inside one process, for a database in its memory."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class MemoryDoorbell:
    """A doorbell for the threads of one process."""

    def __init__(self) -> None:
        self._bells: set[MemoryBell] = set()

    def ring(self) -> None:
        """See ``Doorbell.ring``."""
        for bell in tuple(self._bells):
            bell.wake()

    @contextmanager
    def bell(self) -> Iterator["MemoryBell"]:
        """See ``Doorbell.bell``."""
        bell = MemoryBell()
        self._bells.add(bell)
        try:
            yield bell
        finally:
            self._bells.discard(bell)

    def close(self) -> None:
        """See ``Doorbell.close``."""


class MemoryBell:
    """Hears the rings of its process."""

    def __init__(self) -> None:
        self._rung = threading.Event()

    def wait(self, timeout_seconds: float) -> bool:
        """See ``Bell.wait``."""
        heard = self._rung.wait(max(timeout_seconds, 0.0))
        self._rung.clear()
        return heard

    def wake(self) -> None:
        """See ``Bell.wake``."""
        self._rung.set()
