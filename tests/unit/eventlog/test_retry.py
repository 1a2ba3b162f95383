"""When to try again."""

import pytest

from kinto_core.eventlog.retry import LONGEST_DELAY_SECONDS, retry_delay


@pytest.mark.parametrize(
    ("failures", "seconds"), [(0, 0.2), (1, 0.2), (2, 0.4), (3, 0.8), (8, 25.6), (9, 30.0)]
)
def test_delays_double_up_to_a_limit(failures: int, seconds: float) -> None:
    assert retry_delay(failures) == pytest.approx(seconds)


def test_no_number_of_failures_is_too_large() -> None:
    assert retry_delay(10**9) == LONGEST_DELAY_SECONDS
