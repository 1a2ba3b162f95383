"""Adds up what several processes have measured. Decides nothing, reads nothing."""

from collections.abc import Iterable

import msgspec

from kinto_core.metrics import Histogram, Labels, Measured

Counts = dict[str, dict[Labels, float]]
Distributions = dict[str, dict[Labels, Histogram]]


class Snapshot(msgspec.Struct, frozen=True, kw_only=True):
    """What one process, or several that have ended, have measured.

    Attributes:
        process: its identifier; 0 for several.
        started: when it began, in seconds since 1970.
        buckets: upper bounds of its histograms.
        counters: rows of name, labels and value.
        histograms: rows of name, labels, the counts of the buckets and the sum.
        folded: names of the files that are part of it.
    """

    process: int
    started: float
    buckets: tuple[float, ...]
    counters: list[tuple[str, Labels, float]]
    histograms: list[tuple[str, Labels, tuple[int, ...], float]]
    folded: tuple[str, ...] = ()


def snapshot_of(
    measured: Measured,
    buckets: tuple[float, ...],
    *,
    process: int,
    started: float,
    folded: tuple[str, ...] = (),
) -> Snapshot:
    """Measurements in a form that can be written."""
    return Snapshot(
        process=process,
        started=started,
        buckets=buckets,
        counters=[
            (name, labels, value)
            for name, series in measured.counters.items()
            for labels, value in series.items()
        ],
        histograms=[
            (name, labels, one.counts, one.total)
            for name, series in measured.histograms.items()
            for labels, one in series.items()
        ],
        folded=folded,
    )


def total(snapshots: Iterable[Snapshot], buckets: tuple[float, ...]) -> Measured:
    """The sum of several processes.

    Args:
        snapshots: of the processes.
        buckets: of the sum; histograms with other bounds cannot be added and are left out.
    """
    counters: Counts = {}
    histograms: Distributions = {}
    for one in snapshots:
        for name, labels, value in one.counters:
            series = counters.setdefault(name, {})
            series[labels] = series.get(labels, 0.0) + value
        if one.buckets == buckets:
            for name, labels, counts, seconds in one.histograms:
                _add(histograms.setdefault(name, {}), labels, Histogram(counts, seconds))
    return Measured(counters, histograms)


def _add(series: dict[Labels, Histogram], labels: Labels, more: Histogram) -> None:
    known = series.get(labels)
    if known is not None:
        counts = zip(known.counts, more.counts, strict=True)
        more = Histogram(tuple(map(sum, counts)), known.total + more.total)
    series[labels] = more
