"""Lets worker processes end with the process that made them, even when that is killed.

A pipe that only the parent can write to ends when the parent is gone, whatever the reason, and
needs no polling. Threads that wait for it are started in the children, so that the parent forks
while it has one thread only.
"""

import os
import signal
import sys
import threading
from collections.abc import Callable


def tie_children(*, to_supervisor: bool) -> None:
    """Make every process forked from now on stop when it is told to, and when this one ends.

    A signal that comes before the child has handlers of its own ends it; the inherited handlers of
    this process would only note it, and the child would never stop.

    Args:
        to_supervisor: this process, too, stops when its standard input ends, that is when whoever
            started it is gone.
    """
    reading, writing = os.pipe()

    def in_child() -> None:
        for inherited in (signal.SIGTERM, signal.SIGINT):
            signal.signal(inherited, signal.SIG_DFL)
        os.close(writing)
        parent = os.getppid()
        _start(lambda: _stop_when_ended(reading, os.getpid()))
        if to_supervisor:
            _start(lambda: _stop_when_ended(sys.stdin.fileno(), parent))

    os.register_at_fork(after_in_child=in_child)


def stop_with_supervisor(standard_input: int, process: int) -> None:
    """Make a process stop as by SIGTERM when its standard input ends, for who started it is gone.

    Args:
        standard_input: its descriptor.
        process: the identifier of the process.
    """
    _start(lambda: _stop_when_ended(standard_input, process))


def _start(work: Callable[[], None]) -> None:
    threading.Thread(target=work, daemon=True).start()


def _stop_when_ended(descriptor: int, process: int) -> None:
    while os.read(descriptor, 1024):
        pass
    os.kill(process, signal.SIGTERM)
