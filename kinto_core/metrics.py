"""Counters and durations of one process, for whoever exports them.

Code that measures gets a ``Metrics`` and does not ask whether somebody looks: without a plugin that
exports metrics it is ``NO_METRICS``, which does nothing. Names are those of the specification with
``_``, without a project's prefix; how they are written is the exporter's business.

Source: settings section 11.
"""

import threading
import time
from abc import ABC, abstractmethod
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any, Final, Protocol, TypeVar, cast

T = TypeVar("T")
Function = TypeVar("Function", bound=Callable[..., Any])

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


class Timing(ABC):
    """Times blocks, for whoever observes."""

    @abstractmethod
    def observe(self, name: str, value: float, labels: Mapping[str, str] | None = None) -> None:
        """See ``Metrics.observe``."""

    @contextmanager
    def timer(self, name: str, labels: Mapping[str, str] | None = None) -> Iterator[None]:
        """See ``Metrics.timer``."""
        begin = time.perf_counter()
        try:
            yield
        finally:
            self.observe(name, time.perf_counter() - begin, labels)


class Several(Timing):
    """Gives each measurement to several takers.

    Args:
        takers: in the order in which they get it.
    """

    def __init__(self, takers: Sequence[Metrics]) -> None:
        self.takers = tuple(takers)

    def count(self, name: str, value: float = 1, labels: Mapping[str, str] | None = None) -> None:
        """See ``Metrics.count``."""
        for one in self.takers:
            one.count(name, value, labels)

    def observe(self, name: str, value: float, labels: Mapping[str, str] | None = None) -> None:
        """See ``Metrics.observe``."""
        for one in self.takers:
            one.observe(name, value, labels)


def combined(takers: Iterable[Metrics]) -> Metrics:
    """What gives each measurement to all who take it; ``NO_METRICS`` when nobody does."""
    found = [one for one in takers if one is not NO_METRICS]
    if len(found) > 1:
        return Several(found)
    return found[0] if found else NO_METRICS


def taker_of(metrics: Metrics, kind: type[T]) -> T | None:
    """The taker of a class among those that ``combined`` was given."""
    takers = metrics.takers if isinstance(metrics, Several) else (metrics,)
    return next((one for one in takers if isinstance(one, kind)), None)


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


class Registry(Timing):
    """Keeps measurements in memory, in a bounded number of series.

    Args:
        buckets: upper bounds of the histograms, rising.
        disabled: names that are not kept. Source: settings S-210.

    Attributes:
        buckets: the bounds.
        on_change: called after each measurement, in the thread that took it; be quick.
    """

    on_change: Callable[[], None] | None = None

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
        if self.on_change is not None:
            self.on_change()

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
        if self.on_change is not None:
            self.on_change()

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


class _Substitute:
    """An object with some of its methods replaced."""

    def __init__(self, target: object, methods: Mapping[str, Callable[..., Any]]) -> None:
        self.__dict__.update(methods)
        self.__dict__["_target"] = target

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401  whatever the object has
        return getattr(self._target, name)


def substituted(target: T, methods: Mapping[str, Callable[..., Any]]) -> T:
    """Something that behaves like an object, less these methods, which replace its own.

    Calls that the object makes to itself are not replaced.
    """
    return cast("T", _Substitute(target, methods))


def timed(target: T, metrics: Metrics, name: str, methods: Iterable[str]) -> T:
    """Something that behaves like an object and measures the seconds of each call.

    Args:
        target: returned as it is when nobody exports measurements, so that it costs nothing then.
        metrics: gets the seconds, with the label ``method``.
        name: of the metric.
        methods: those to measure.

    Source: settings S-225, S-226.
    """
    if metrics is NO_METRICS:
        return target
    return substituted(
        target, {one: _timed(getattr(target, one), metrics, name, one) for one in methods}
    )


def timed_function(function: Function, metrics: Metrics, name: str, method: str) -> Function:
    """The function, or one that measures its seconds too; as ``timed``."""
    if metrics is NO_METRICS:
        return function
    return cast("Function", _timed(function, metrics, name, method))


def _timed(
    function: Callable[..., Any], metrics: Metrics, name: str, method: str
) -> Callable[..., Any]:
    labels = {"method": method}

    def call(*values: Any, **named: Any) -> Any:  # noqa: ANN401  those of the method
        begin = time.perf_counter()
        try:
            return function(*values, **named)
        finally:
            metrics.observe(name, time.perf_counter() - begin, labels)

    return call


def methods_of(promise: type) -> tuple[str, ...]:
    """The public methods that a ``Protocol`` names."""
    return tuple(
        name for name, one in vars(promise).items() if callable(one) and not name.startswith("_")
    )


def _labels(labels: Mapping[str, str] | None) -> Labels:
    return tuple(sorted(labels.items())) if labels else ()
