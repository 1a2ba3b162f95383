"""Where passwords are hashed: in one thread that lets everything else go first.

A hash takes a processor for some 25 ms. So that a flood of them does not slow down the requests
that need none, a process makes one at a time, with low priority, and only few threads wait for it;
whoever comes then is told to come again.
"""

import os
import sys
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from typing import Final, TypeVar

from kinto_core.errors import Overloaded

T = TypeVar("T")

NICENESS: Final = 10
"""Of the hashing thread: a busy processor gives it about a tenth of what a request gets."""

FULL: Final = "Too many passwords are being checked, please try again in a moment."


class Turns:
    """Does slow work one by one.

    Args:
        places: how many threads may wait, the one whose work is done included.
    """

    def __init__(self, places: int) -> None:
        self._places = threading.BoundedSemaphore(places)
        self._worker = ThreadPoolExecutor(1, "passwords", initializer=_be_nice)
        self._under_way: dict[bytes, Future[bool]] = {}
        self._changing = threading.Lock()

    def run(self, work: Callable[[], T]) -> T:
        """Do some work in its turn and wait for it.

        Raises:
            Overloaded: enough others wait.
        """
        with self._place():
            return self._worker.submit(work).result()

    def run_once(self, key: bytes, work: Callable[[], bool]) -> bool:
        """The same, but who comes with the same key meanwhile gets the same answer.

        Raises:
            Overloaded: enough others wait.
        """
        mine = Future[bool]()
        with self._changing:
            known = self._under_way.setdefault(key, mine)
        if known is not mine:
            return known.result()
        try:
            mine.set_result(self.run(work))
        except BaseException as error:
            mine.set_exception(error)
            raise
        finally:
            del self._under_way[key]
        return mine.result()

    def close(self) -> None:
        """End the thread once it has done what is waited for."""
        self._worker.shutdown(wait=True)

    def _place(self) -> "_Place":
        return _Place(self._places)


class _Place:
    """A place among those who wait, as a context manager."""

    def __init__(self, places: threading.BoundedSemaphore) -> None:
        self._places = places

    def __enter__(self) -> None:
        if not self._places.acquire(blocking=False):
            raise Overloaded(FULL)

    def __exit__(self, *_: object) -> None:
        self._places.release()


def _be_nice() -> None:
    """Lower the priority of this thread, where threads have one of their own."""
    if sys.platform == "linux":
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)
