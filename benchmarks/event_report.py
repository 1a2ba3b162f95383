"""The figures of ``event_log.py`` as values and as Markdown."""

from collections.abc import Sequence
from typing import NamedTuple

_INTRODUCTION = """\
Made by `python -m benchmarks.event_log`: {conditions}. Everything runs on one machine: sender, two
HTTP workers, database and relay. Databases wait for the disk at each commit."""

_TURNS = """\
8 connections; servers take turns, figures are the medians of the rounds. The relay and its consumer
share the processors with the server."""


class Latency(NamedTuple):
    """From the commit of a write to the consumer, in milliseconds.

    Attributes:
        kind: of database, and what else went on.
        events: how many.
        rate: writes a second, as sent.
        median_ms, slowest_ms, worst_ms: the median, the 99th percentile, the longest.
    """

    kind: str
    events: int
    rate: float
    median_ms: float
    slowest_ms: float
    worst_ms: float


class Drain(NamedTuple):
    """How many a second of ``events`` a relay hands over when many have piled up."""

    kind: str
    events: int
    per_second: float


class Throughput(NamedTuple):
    """Writes a second with and without the log.

    Attributes:
        kind: of database.
        scenario: what is written.
        log: whether the log is on.
        per_second: requests.
        cpu_ms: processor time of server, database and relay for each.
        ratio: to the same without the log.
        errors: wrong answers.
    """

    kind: str
    scenario: str
    log: str
    per_second: float
    cpu_ms: float
    ratio: float
    errors: int


def markdown(
    latencies: Sequence[Latency],
    drains: Sequence[Drain],
    throughputs: Sequence[Throughput],
    *,
    conditions: str,
) -> str:
    """A page with a table for each figure."""
    parts = [
        "# Event log",
        _INTRODUCTION.format(conditions=conditions),
        "## From commit to consumer",
        _table(
            "| database | writes/s | events | median ms | 99 % ms | longest ms |",
            [
                (
                    *(one.kind, f"{one.rate:.0f}", f"{one.events:,}", f"{one.median_ms:.2f}"),
                    *(f"{one.slowest_ms:.2f}", f"{one.worst_ms:.2f}"),
                )
                for one in latencies
            ],
        ),
        "## Working off what has piled up",
        _table(
            "| database | events | events/s |",
            [(one.kind, f"{one.events:,}", f"{one.per_second:,.0f}") for one in drains],
        ),
        "## Writes with the log on and off",
        _TURNS,
        _table(
            "| database | write | log | requests/s | CPU ms | of the rate without | errors |",
            [
                (
                    *(one.kind, one.scenario, one.log, f"{one.per_second:,.0f}"),
                    *(f"{one.cpu_ms:.3f}", f"{one.ratio:.0%}", str(one.errors)),
                )
                for one in throughputs
            ],
        ),
    ]
    return "\n\n".join(parts) + "\n"


def _table(head: str, rows: Sequence[Sequence[str]]) -> str:
    """A table whose columns of numbers are those that every row begins with a digit."""
    columns = head.count("|") - 1
    marks = [
        " ---: " if all(row[at][:1].isdigit() for row in rows) else " --- " for at in range(columns)
    ]
    lines = [head, f"|{'|'.join(marks)}|", *(f"| {' | '.join(row)} |" for row in rows)]
    return "\n".join(lines)
