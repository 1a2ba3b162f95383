"""Counters and durations of one process, for whoever exports them.

Code that measures gets a ``Metrics`` and does not ask whether somebody looks: without a plugin that
exports metrics it is ``NO_METRICS``, which does nothing. Names are those of the specification with
``_``, without a project's prefix; how they are written is the exporter's business.

Source: settings section 11.
"""

import threading
import time
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from typing import Final, Protocol

Labels = tuple[tuple[str, str], ...]
"""Names and values of labels, sorted by name."""

DEFAULT_BUCKETS: Final = (0.01, 0.05, 0.1, 0.5, 1.0, 3.0, 6.0)
"""Upper bounds in seconds; all above the last is one more. Source: settings S-212."""

MAX_SERIES: Final = 1000
"""Most combinations of labels of one name. Source: settings SW-20."""

OVERFLOW: Final[Labels] = (("overflow", "true"),)
"""The labels under which everything beyond ``MAX_SERIES`` is counted."""


class Metrics(Protocol):
    """Takes measurements; used by many threads at once."""

    def count(self, name: str, value: float = 1, labels: Mapping[str, str] | None = None) -> None:
        """Add to a counter, which only ever rises."""
        ...

    def observe(self, name: str, value: float, labels: Mapping[str, str] | None = None) -> None:
        """Add one measurement, such as a duration in seconds or a size in bytes."""
        ...

    def timer(
        self, name: str, labels: Mapping[str, str] | None = None
    ) -> AbstractContextManager[None]:
        """Observe how many seconds a block takes, also when it raises."""
        ...


class NoMetrics:
    """Forgets every measurement."""

    def count(self, name: str, value: float = 1, labels: Mapping[str, str] | None = None) -> None:
        """See ``Metrics.count``."""

    def observe(self, name: str, value: float, labels: Mapping[str, str] | None = None) -> None:
        """See ``Metrics.observe``."""

    def timer(
        self,
        name: str,  # noqa: ARG002  the promise has it
        labels: Mapping[str, str] | None = None,  # noqa: ARG002  the promise has it
    ) -> AbstractContextManager[None]:
        """See ``Metrics.timer``."""
        return _NOTHING


_NOTHING: Final = nullcontext()

NO_METRICS: Final[Metrics] = NoMetrics()
"""What everybody measures with when nobody exports. Source: settings S-216."""


@dataclass(frozen=True, slots=True)
class Histogram:
    """The measurements of one name and one set of labels.

    Attributes:
        counts: how many lie in each bucket, not in those below; one more than there are bounds.
        total: sum of the measurements.
    """

    counts: tuple[int, ...]
    total: float


@dataclass(frozen=True, slots=True)
class Measured:
    """Everything measured so far, by name and labels."""

    counters: Mapping[str, Mapping[Labels, float]]
    histograms: Mapping[str, Mapping[Labels, Histogram]]


@dataclass(slots=True)
class _Series:
    counts: list[int]
    total: float = 0.0


class Registry:
    """Keeps measurements in memory, in a bounded number of series.

    Args:
        buckets: upper bounds of the histograms, rising.
        disabled: names that are not kept. Source: settings S-210.
    """

    def __init__(
        self,
        buckets: Sequence[float] = DEFAULT_BUCKETS,
        *,
        disabled: frozenset[str] = frozenset(),
    ) -> None:
        self.buckets = tuple(buckets)
        self._disabled = disabled
        self._lock = threading.Lock()
        self._counters: dict[str, dict[Labels, float]] = {}
        self._histograms: dict[str, dict[Labels, _Series]] = {}

    def count(self, name: str, value: float = 1, labels: Mapping[str, str] | None = None) -> None:
        """See ``Metrics.count``."""
        if name in self._disabled:
            return
        key = _labels(labels)
        with self._lock:
            series = self._counters.setdefault(name, {})
            key = key if key in series or len(series) < MAX_SERIES else OVERFLOW
            series[key] = series.get(key, 0) + value

    def observe(self, name: str, value: float, labels: Mapping[str, str] | None = None) -> None:
        """See ``Metrics.observe``."""
        if name in self._disabled:
            return
        key = _labels(labels)
        with self._lock:
            every = self._histograms.setdefault(name, {})
            key = key if key in every or len(every) < MAX_SERIES else OVERFLOW
            series = every.setdefault(key, _Series([0] * (len(self.buckets) + 1)))
            series.counts[bisect_left(self.buckets, value)] += 1
            series.total += value

    @contextmanager
    def timer(self, name: str, labels: Mapping[str, str] | None = None) -> Iterator[None]:
        """See ``Metrics.timer``."""
        begin = time.perf_counter()
        try:
            yield
        finally:
            self.observe(name, time.perf_counter() - begin, labels)

    def measured(self) -> Measured:
        """A copy of everything, which later measurements do not change."""
        with self._lock:
            return Measured(
                {name: dict(series) for name, series in self._counters.items()},
                {
                    name: {
                        key: Histogram(tuple(series.counts), series.total)
                        for key, series in every.items()
                    }
                    for name, every in self._histograms.items()
                },
            )


def _labels(labels: Mapping[str, str] | None) -> Labels:
    return tuple(sorted(labels.items())) if labels else ()
