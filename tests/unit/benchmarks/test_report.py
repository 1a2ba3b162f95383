"""What is made of the figures."""

import xml.etree.ElementTree as ET

from benchmarks.measurement import Measurement, summaries
from benchmarks.picture import svg
from benchmarks.report import markdown, wrong_answers
from benchmarks.subject import record, request


def figure(subject: str, cpu_ms: float, errors: int = 0) -> Measurement:
    return Measurement(
        subject=subject,
        scenario="read",
        connections=8,
        per_second=1000.0,
        cpu_ms=cpu_ms,
        latency_ms=1.0,
        slowest_ms=2.0,
        errors=errors,
    )


FIGURES = [
    *(figure("ours, SQLite", cpu_ms, errors=1) for cpu_ms in (0.1, 9.0, 0.2)),
    figure("PocketBase, SQLite", 0.4),
]


def test_rounds_become_medians_and_their_errors_add_up() -> None:
    ours, rival = summaries(FIGURES)
    assert ours.cpu_ms == 0.2
    assert ours.errors == 3
    assert rival.cpu_ms == 0.4
    assert wrong_answers([ours, rival]) == 3


def test_the_table_compares_rivals() -> None:
    page = markdown(summaries(FIGURES), conditions="Here.")
    assert "| read a record | ours, SQLite | 0.200 | 1,000 | 1.00 | 2.00 | 3 | 2.0 x |" in page
    assert "## 8 connections" in page


def test_the_picture_is_well_formed_and_has_a_bar_for_each_subject() -> None:
    root = ET.fromstring(svg(summaries(FIGURES)))
    titles = [one.text or "" for one in root.iter("{http://www.w3.org/2000/svg}title")]
    assert [title for title in titles if "ours" in title or "PocketBase" in title] == [
        "ours, SQLite: 0.200 ms",
        "PocketBase, SQLite: 0.400 ms",
    ]


def test_records_are_of_one_size() -> None:
    first = request("POST", "/", {}, record(1))
    assert b"Content-Length: 250" in first
    assert len(first) == len(request("POST", "/", {}, record(99_999)))
