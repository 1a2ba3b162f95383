"""Values that are read when somebody asks: the event log's, and those of the processes."""

import logging
import os
from collections.abc import Iterable
from pathlib import Path

from kinto_core.builtin.prometheus.text import Gauge
from kinto_core.errors import KintoError
from kinto_core.eventlog.status import ConsumerStatus, LogStatus, status
from kinto_core.metrics import Labels
from kinto_core.server import Server

logger = logging.getLogger(__name__)

_UTIME, _START = 11, 19
"""Columns of ``/proc/PID/stat``, counted from behind the name of the program."""


def event_gauges(server: Server, prefix: str) -> list[Gauge]:
    """How far the consumers of the event log are.

    Args:
        server: without an event log there is nothing to tell.
        prefix: starts every name.

    Returns:
        Nothing as well when the database cannot be asked: the other metrics are wanted then.
    """
    log = server.event_log
    if log is None:
        return []
    try:
        return gauges_of(status(log, server.clock()), prefix)
    except KintoError as error:
        logger.warning("The event log cannot be asked how it is: %s", error)
        return []


def gauges_of(found: LogStatus, prefix: str) -> list[Gauge]:
    """How far the consumers are, as gauges whose names start with a prefix."""

    def each(name: str, words: str, values: Iterable[float]) -> Gauge:
        labels = [_consumer(one) for one in found.consumers]
        return Gauge(f"{prefix}events_{name}", words, dict(zip(labels, values, strict=True)))

    every = found.consumers
    last = Gauge(
        f"{prefix}events_last_offset",
        "Offset of the newest event in the log.",
        {(): found.extent.last},
    )
    return [
        last,
        each("consumer_lag", "Events that a consumer has not got.", (one.lag for one in every)),
        each(
            "consumer_waiting_seconds",
            "Age of the oldest event that a consumer has not got.",
            (one.waiting_ms / 1000 for one in every),
        ),
        each(
            "consumer_failures",
            "How often a consumer has failed in a row.",
            (one.failures for one in every),
        ),
    ]


def _consumer(one: ConsumerStatus) -> Labels:
    return (("consumer", one.name),)


def process_gauges(processes: Iterable[int], *, folder: Path = Path("/proc")) -> list[Gauge]:
    """What processes use: time, memory, open files; nothing where the system does not tell.

    Args:
        processes: their identifiers; those that have ended are left out.
        folder: where the system tells it.
    """
    rows = {one: row for one in processes if (row := _process(folder / str(one))) is not None}
    if not rows:
        return []
    started = _booted(folder)
    ticks = os.sysconf("SC_CLK_TCK")

    def each(name: str, words: str, column: int, kind: str = "gauge") -> Gauge:
        values: dict[Labels, float] = {_pid(one): row[column] for one, row in rows.items()}
        return Gauge(f"process_{name}", words, values, kind)

    begun: dict[Labels, float] = {_pid(one): started + row[3] / ticks for one, row in rows.items()}
    return [
        each("cpu_seconds_total", "Seconds of processor time.", 0, "counter"),
        each("resident_memory_bytes", "Bytes of memory.", 1),
        each("open_fds", "Open files and sockets.", 2),
        Gauge("process_start_time_seconds", "When it began, since 1970.", begun),
    ]


def _pid(process: int) -> Labels:
    return (("pid", str(process)),)


def _process(folder: Path) -> tuple[float, float, float, float] | None:
    """Seconds of processor time, bytes of memory, open files, ticks from boot to start."""
    try:
        columns = (folder / "stat").read_text().rpartition(")")[2].split()
        pages = int((folder / "statm").read_text().split()[1])
        files = len(list((folder / "fd").iterdir()))
    except (OSError, IndexError, ValueError):
        return None
    seconds = (int(columns[_UTIME]) + int(columns[_UTIME + 1])) / os.sysconf("SC_CLK_TCK")
    return seconds, float(pages * os.sysconf("SC_PAGE_SIZE")), float(files), float(columns[_START])


def _booted(folder: Path) -> float:
    """When the machine was started, in seconds since 1970."""
    for line in (folder / "stat").read_text().splitlines():
        if line.startswith("btime "):
            return float(line.split()[1])
    return 0.0
