"""Measurements as text, in the exposition format of Prometheus. Decides nothing, reads nothing.

Source: settings S-211, S-217, S-219.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate

from kinto_core.builtin.prometheus.settings import clean
from kinto_core.metrics import Histogram, Labels, Measured

CONTENT_TYPE = "text/plain; version=1.0.0; charset=utf-8"
"""Source: built-in plugins B-189."""

SUMMARIES = frozenset({"request_size"})
"""Measurements that are no seconds, for which the buckets mean nothing. Source: settings S-222."""

HELP: Mapping[str, str] = {
    "request_summary": "Requests and operations of batches.",
    "request_duration_seconds": "Seconds until the answer to a request.",
    "request_size": "Bytes of the body of an answer.",
    "users": "Requests by user.",
    "authentication": "Requests by way of authentication.",
    "backend_storage_seconds": "Seconds of calls to the storage.",
    "backend_permission_seconds": "Seconds of calls to the permissions.",
    "backend_cache_seconds": "Seconds of calls to the cache.",
    "cache_hits": "Entries found in the cache.",
    "cache_misses": "Entries not found in the cache.",
}


@dataclass(frozen=True, slots=True)
class Gauge:
    """A value that was read just now.

    Attributes:
        name: in full, with the prefix if it has one.
        help: one line about it.
        values: by labels.
        kind: ``gauge``, or ``counter`` for what only rises.
    """

    name: str
    help: str
    values: Mapping[Labels, float]
    kind: str = "gauge"


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What one answer shows.

    Attributes:
        prefix: starts every name of a measurement.
        measured: the measurements.
        buckets: upper bounds of the histograms.
        created: when counting began, in seconds since 1970; ``None`` to leave it out.
        hidden: names without prefix that are left out.
        gauges: further values.
    """

    prefix: str
    measured: Measured
    buckets: tuple[float, ...]
    created: float | None
    hidden: frozenset[str] = frozenset()
    gauges: Sequence[Gauge] = field(default_factory=tuple)

    def text(self) -> str:
        """The body of the answer."""
        return "".join(f"{line}\n" for line in self._lines())

    def _lines(self) -> Iterator[str]:
        for name, counted in sorted(self.measured.counters.items()):
            if not self._is_hidden(name):
                yield from self._counter(name, counted)
        for name, series in sorted(self.measured.histograms.items()):
            if not self._is_hidden(name):
                yield from self._distribution(name, series)
        for gauge in self.gauges:
            yield from _head(gauge.name, gauge.help, gauge.kind)
            yield from (_line(gauge.name, labels, one) for labels, one in gauge.values.items())

    def _is_hidden(self, name: str) -> bool:
        return clean(name) in self.hidden

    def _counter(self, name: str, series: Mapping[Labels, float]) -> Iterator[str]:
        full = self.prefix + clean(name)
        yield from _head(f"{full}_total", _help(name), "counter")
        yield from (_line(f"{full}_total", labels, value) for labels, value in series.items())
        yield from self._created(full, name, series)

    def _distribution(self, name: str, series: Mapping[Labels, Histogram]) -> Iterator[str]:
        """A histogram, or a summary, which has no buckets."""
        full = self.prefix + clean(name)
        is_summary = name in SUMMARIES
        yield from _head(full, _help(name), "summary" if is_summary else "histogram")
        for labels, one in series.items():
            if not is_summary:
                yield from self._buckets(full, labels, one)
            yield _line(f"{full}_count", labels, sum(one.counts))
            yield _line(f"{full}_sum", labels, one.total)
        yield from self._created(full, name, series)

    def _buckets(self, full: str, labels: Labels, one: Histogram) -> Iterator[str]:
        bounds = [*map(repr, map(float, self.buckets)), "+Inf"]
        for bound, count in zip(bounds, accumulate(one.counts), strict=True):
            yield _line(f"{full}_bucket", (*labels, ("le", bound)), count)

    def _created(self, full: str, name: str, series: Iterable[Labels]) -> Iterator[str]:
        if self.created is not None:
            yield from _head(f"{full}_created", _help(name), "gauge")
            yield from (_line(f"{full}_created", labels, self.created) for labels in series)


def _help(name: str) -> str:
    if name in HELP:
        return HELP[name]
    return f"Seconds of {name.removesuffix('_seconds')}." if name.endswith("_seconds") else name


def _head(full: str, words: str, kind: str) -> Iterator[str]:
    yield f"# HELP {full} {_escaped(words)}"
    yield f"# TYPE {full} {kind}"


def _line(full: str, labels: Labels, value: float) -> str:
    shown = ",".join(f'{clean(name)}="{_quoted(text)}"' for name, text in labels)
    return f"{full}{{{shown}}} {float(value)!r}" if shown else f"{full} {float(value)!r}"


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace("\n", r"\n")


def _quoted(text: str) -> str:
    return _escaped(text).replace('"', r"\"")
