"""The figures of a run as Markdown."""

import os
import platform
from collections.abc import Iterable, Mapping, Sequence

from benchmarks.measurement import Measurement
from benchmarks.subject import SCENARIOS

RIVALS: Mapping[str, str] = {
    "ours, PostgreSQL": "Kinto, PostgreSQL",
    "ours, SQLite": "PocketBase, SQLite",
}
"""Who is compared with whom: the same database, or the same kind of it."""

_HEAD = """\
| {title} | server | CPU ms | requests/s | median ms | 99 % ms | errors | CPU, rival/ours |
| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |
"""


def markdown(figures: Sequence[Measurement], *, conditions: str) -> str:
    """A page with a table for each number of connections.

    Args:
        figures: summaries.
        conditions: a sentence on how they were made.
    """
    parts = ["# Benchmarks", _introduction(conditions)]
    for connections in dict.fromkeys(one.connections for one in figures):
        here = [one for one in figures if one.connections == connections]
        parts += [f"## {connections} connections", _table(here)]
    return "\n\n".join(parts) + "\n"


def _introduction(conditions: str) -> str:
    return (
        f"{conditions} {os.cpu_count()} processors, Python {platform.python_version()}.\n\n"
        "CPU is the processor time of all of a server's processes per operation, those of its "
        "database included and that of the process that sends requests left out; it is the "
        "steadiest figure. A batch counts as its 25 operations. Figures are medians of the rounds. "
        "Every server checks a user's permission at each request. Ours and PocketBase have an "
        "index on the fields of the filter, category and score together, in every collection that "
        "is read or written; the released package knows none.\n\n"
        "![CPU per operation](benchmarks.svg)"
    )


def _table(figures: Sequence[Measurement]) -> str:
    rows = []
    by_name = {(one.scenario, one.subject): one for one in figures}
    previous = ""
    for one in figures:
        title = "" if one.scenario == previous else SCENARIOS[one.scenario]
        previous = one.scenario
        rival = by_name.get((one.scenario, RIVALS.get(one.subject, "")))
        ratio = f"{rival.cpu_ms / one.cpu_ms:.1f} x" if rival and one.cpu_ms else ""
        cells = [
            *(title, one.subject, f"{one.cpu_ms:.3f}", f"{one.per_second:,.0f}"),
            *(f"{one.latency_ms:.2f}", f"{one.slowest_ms:.2f}", str(one.errors), ratio),
        ]
        rows.append(f"| {' | '.join(cells)} |")
    return _HEAD.format(title="operation") + "\n".join(rows)


def wrong_answers(figures: Iterable[Measurement]) -> int:
    """How many answers of ours were wrong."""
    return sum(one.errors for one in figures if one.subject.startswith("ours"))
