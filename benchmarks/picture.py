"""The figures of a run as an SVG picture: bars of processor time, one group for each operation."""

from collections.abc import Sequence
from math import log10
from xml.sax.saxutils import escape

from benchmarks.measurement import Measurement
from benchmarks.subject import SCENARIOS

_WIDTH = 860
_LEFT = 300
_BAR = 14
_GAP = 14
_TOP = 70
_LEAST, _MOST = 0.01, 100.0
"""Ends of the scale, in milliseconds."""

_COLOURS = {
    "ours, PostgreSQL": "#1b6ca8",
    "Kinto, PostgreSQL": "#9db8cc",
    "ours, SQLite": "#1f8a5b",
    "PocketBase, SQLite": "#a5cdb9",
    "bare Pyramid view": "#c9c9c9",
}
_STYLE = "text{font:12px sans-serif;fill:#333}.small{font-size:11px}.title{font-size:15px}"


def svg(figures: Sequence[Measurement]) -> str:
    """A picture of the figures of the smallest number of connections."""
    least = min(one.connections for one in figures)
    shown = [one for one in figures if one.connections == least]
    bars: list[str] = []
    y = _TOP
    for scenario in dict.fromkeys(one.scenario for one in shown):
        group = [one for one in shown if one.scenario == scenario]
        middle = y + len(group) * _BAR / 2 + 4
        bars.append(_text(_LEFT - 12, middle, SCENARIOS[scenario], 'text-anchor="end"'))
        for one in group:
            bars.append(_bar(one, y))
            y += _BAR
        y += _GAP
    scale = [_tick(value, y) for value in (0.01, 0.1, 1.0, 10.0, 100.0)]
    subjects = list(dict.fromkeys(one.subject for one in shown))
    head = _text(16, 24, f"CPU per operation, ms, {least} connections", 'class="title"')
    title = "Processor time per operation (logarithmic; shorter is better)"
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {y + 30}" role="img">',
            f"<title>{title}</title>",
            f"<style>{_STYLE}</style>",
            f'<rect width="{_WIDTH}" height="{y + 30}" fill="#fff"/>',
            head,
            *_legend(subjects),
            *scale,
            *bars,
            "</svg>\n",
        ]
    )


def _x(milliseconds: float) -> float:
    """Where a value is on the scale."""
    kept = min(max(milliseconds, _LEAST), _MOST)
    share = (log10(kept) - log10(_LEAST)) / (log10(_MOST) - log10(_LEAST))
    return _LEFT + share * (_WIDTH - _LEFT - 70)


def _bar(one: Measurement, y: float) -> str:
    end = _x(one.cpu_ms)
    colour = _COLOURS.get(one.subject, "#888")
    rectangle = (
        f'<rect x="{_LEFT}" y="{y}" width="{end - _LEFT:.1f}" height="{_BAR - 2}" '
        f'fill="{colour}"><title>{escape(one.subject)}: {one.cpu_ms:.3f} ms</title></rect>'
    )
    return rectangle + _text(end + 4, y + _BAR - 4, f"{one.cpu_ms:.2f}", 'class="small"')


def _tick(value: float, bottom: float) -> str:
    x = _x(value)
    line = f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{_TOP - 6}" y2="{bottom}" stroke="#ddd"/>'
    return line + _text(x, bottom + 16, f"{value:g}", 'class="small" text-anchor="middle"')


def _legend(subjects: Sequence[str]) -> list[str]:
    parts = []
    for number, subject in enumerate(subjects):
        x = 16 + number * 165
        colour = _COLOURS.get(subject, "#888")
        parts.append(f'<rect x="{x}" y="38" width="12" height="12" fill="{colour}"/>')
        parts.append(_text(x + 17, 48, subject))
    return parts


def _text(x: float, y: float, text: str, more: str = "") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" {more}>{escape(text)}</text>'
