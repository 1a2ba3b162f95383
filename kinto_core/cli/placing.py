"""A processor for each worker process, where there are as many of them.

Threads of one worker wait for each other all the time, since one of them runs Python at a time.
Woken on another processor, each begins with cold caches, which costs a write a fifth of its time.
"""

import os
import sys
import tempfile
from pathlib import Path

if sys.platform != "win32":
    import fcntl

THREADS = Path("/proc/self/task")
"""Where Linux lists the threads of a process."""


class Processors:
    """The processors of this machine, of which each worker takes one.

    Made before the workers are forked. A worker that dies leaves its processor to the next one.

    Args:
        workers: how many there will be.
    """

    def __init__(self, workers: int) -> None:
        can_place = hasattr(os, "sched_getaffinity") and THREADS.is_dir()
        self._available = sorted(os.sched_getaffinity(0)) if can_place else []
        fits = 1 < workers == len(self._available)
        self._places = tempfile.TemporaryFile() if fits else None  # noqa: SIM115  lives as we do

    def take(self) -> int | None:
        """Keep this process to a processor that no other worker has; gives its number.

        ``None`` where there are more or fewer of them than workers: then any of them will do.
        """
        if self._places is None:
            return None
        for place, processor in enumerate(self._available):
            try:  # the lock goes with the process
                fcntl.lockf(self._places, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, place)
            except OSError:
                continue
            for thread in THREADS.iterdir():
                os.sched_setaffinity(int(thread.name), {processor})
            return processor
        return None
