"""Dates in headers."""

import pytest

from kinto_core.http.times import http_date


@pytest.mark.parametrize(
    ("milliseconds", "date"),
    [
        (1795448532653, "Mon, 23 Nov 2026 15:42:12 GMT"),  # protocol T-7
        (1795448532999, "Mon, 23 Nov 2026 15:42:12 GMT"),
        (0, "Thu, 01 Jan 1970 00:00:00 GMT"),
    ],
)
def test_dates(milliseconds: int, date: str) -> None:
    assert http_date(milliseconds) == date


def test_dates_after_the_last_year_do_no_harm() -> None:
    for milliseconds in (2**60, 2**63, 2**80):
        assert http_date(milliseconds) == "Fri, 31 Dec 9999 23:59:59 GMT"
