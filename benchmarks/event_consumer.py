"""A plugin for ``event_log.py``: notes when events were committed and when a consumer got them.

Both are lines ``event id, nanoseconds`` in files of the folder that ``KINTO_BENCH_EVENTS`` names;
written at once and without buffers, so that a process that is stopped has written all of them.
"""

import os
import time
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path

from kinto_core import hookimpl
from kinto_core.eventlog import Consumer, LoggedEvent
from kinto_core.events.event import ResourceChanged

FOLDER = "KINTO_BENCH_EVENTS"
COMMITTED = "committed.txt"
DELIVERED = "delivered.txt"


@cache
def _opened(name: str, process: int) -> int:
    """A descriptor to append to; each process has its own."""
    del process
    path = Path(os.environ[FOLDER]) / name
    return os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)


def _note(name: str, ids: Iterable[str]) -> None:
    now = time.time_ns()
    text = "".join(f"{one} {now}\n" for one in ids)
    os.write(_opened(name, os.getpid()), text.encode())


def deliver(events: Sequence[LoggedEvent]) -> None:
    """Decode and note each event."""
    _note(DELIVERED, [one.event.id for one in events])


@hookimpl
def register_consumers() -> list[Consumer]:
    """One that reads everything."""
    return [Consumer(name="benchmark", deliver=deliver)]


@hookimpl
def after_resource_changed(event: ResourceChanged) -> None:
    """The event is committed by now, and the bell has rung."""
    if os.environ.get("KINTO_BENCH_NOTES_COMMITS"):
        _note(COMMITTED, [event.id])


def times(folder: Path, name: str) -> dict[str, int]:
    """The first time of each event id in one of the files."""
    path = folder / name
    found: dict[str, int] = {}
    for line in path.read_text().splitlines() if path.exists() else []:
        id_, _, moment = line.partition(" ")
        found.setdefault(id_, int(moment))
    return found
