"""One figure of a run, and what several rounds of it come to."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True, kw_only=True)
class Measurement:
    """One subject in one scenario, once.

    Attributes:
        subject, scenario: names.
        connections: how many were used.
        per_second: operations a second.
        cpu_ms: milliseconds of the server's processor time per operation, database included.
        latency_ms, slowest_ms: the median and the 99th percentile of a request.
        errors: how many answers were wrong.
    """

    subject: str
    scenario: str
    connections: int
    per_second: float
    cpu_ms: float
    latency_ms: float
    slowest_ms: float
    errors: int


def summary(measurements: Sequence[Measurement]) -> Measurement:
    """The medians of several rounds, with the errors of all of them."""
    first = measurements[0]
    return Measurement(
        subject=first.subject,
        scenario=first.scenario,
        connections=first.connections,
        per_second=median(one.per_second for one in measurements),
        cpu_ms=median(one.cpu_ms for one in measurements),
        latency_ms=median(one.latency_ms for one in measurements),
        slowest_ms=median(one.slowest_ms for one in measurements),
        errors=sum(one.errors for one in measurements),
    )


def summaries(measurements: Iterable[Measurement]) -> list[Measurement]:
    """One summary for each subject, scenario and number of connections, in order of appearance."""
    groups: dict[tuple[str, str, int], list[Measurement]] = {}
    for one in measurements:
        groups.setdefault((one.scenario, one.subject, one.connections), []).append(one)
    return [summary(group) for group in groups.values()]
