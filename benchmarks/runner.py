"""Sends the requests of every scenario to every subject in turn, several times over."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from statistics import median, quantiles

from benchmarks.load import Outcome, Plan
from benchmarks.measurement import Measurement
from benchmarks.processes import cpu_seconds
from benchmarks.subject import Subject, Work

WARM_UP_SECONDS = 0.5


@dataclass(frozen=True, kw_only=True)
class Effort:
    """How thoroughly to measure.

    Attributes:
        rounds: how often each is measured.
        seconds: how long each time.
        connections: numbers of connections to measure with.
    """

    rounds: int
    seconds: float
    connections: Sequence[int]


def measurements(
    subjects: Sequence[Subject],
    scenarios: Sequence[str],
    effort: Effort,
    *,
    tell: Callable[[Measurement, str], None],
) -> Iterator[Measurement]:
    """Every figure of a run; subjects take turns, so that a slow minute is slow for all.

    Args:
        subjects: running servers.
        scenarios: names from ``subject.SCENARIOS``.
        effort: how thoroughly.
        tell: is called with each figure and an example of a wrong answer.
    """
    for scenario in scenarios:
        works = [(subject, subject.work(scenario)) for subject in subjects]
        for count in effort.connections:
            for subject, work in works:
                if work is not None:
                    _send(subject, work, WARM_UP_SECONDS, count)
            for _ in range(effort.rounds):
                for subject, work in works:
                    if work is not None:
                        figure, example = _measure(subject, scenario, work, effort.seconds, count)
                        tell(figure, example)
                        yield figure


def _measure(
    subject: Subject, scenario: str, work: Work, seconds: float, connections: int
) -> tuple[Measurement, str]:
    before = cpu_seconds(subject.pids)
    outcome = _send(subject, work, seconds, connections)
    used = cpu_seconds(subject.pids) - before
    answers = len(outcome.latencies)
    operations = max(answers * work.parts, 1)
    middle = median(outcome.latencies) if answers else 0.0
    slowest = quantiles(outcome.latencies, n=100)[98] if answers > 1 else middle
    figure = Measurement(
        subject=subject.name,
        scenario=scenario,
        connections=connections,
        per_second=answers * work.parts / outcome.seconds,
        cpu_ms=used * 1000 / operations,
        latency_ms=middle * 1000,
        slowest_ms=slowest * 1000,
        errors=outcome.errors,
    )
    return figure, outcome.example


def _send(subject: Subject, work: Work, seconds: float, connections: int) -> Outcome:
    plan = Plan(
        host="127.0.0.1",
        port=subject.port,
        connections=connections,
        seconds=seconds,
        requests=list(work.requests),
        status=work.status,
        marker=work.marker,
        markers=work.markers,
    )
    result = subprocess.run(
        [sys.executable, "-m", "benchmarks.load"],
        input=plan.to_json(),
        capture_output=True,
        text=True,
        check=False,
    )
    if result.returncode != 0:
        message = f"the sending process failed:\n{result.stderr}"
        raise RuntimeError(message)
    return Outcome(**json.loads(result.stdout))
