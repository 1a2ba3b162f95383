"""When a delivery is tried again."""

import pytest

from kinto_webhook.schedule import (
    DAY,
    DELAYS,
    FAILURES_BEFORE_PAUSE,
    HOUR,
    MINUTE,
    SECOND,
    delay,
    next_attempt,
    pause,
)

NOW = 1_700_000_000_000
MIDDLE = 0.5
"""The chance that gives no jitter."""


def test_the_schedule_is_the_one_of_the_manual() -> None:
    hours = [2, 5, 10, 14, 20, 24]
    short = [0, 5 * SECOND, 5 * MINUTE, 30 * MINUTE]
    assert list(DELAYS) == [*short, *(hour * HOUR for hour in hours)]


@pytest.mark.parametrize("tries", range(1, 10))
def test_each_attempt_waits_as_the_schedule_says(tries: int) -> None:
    assert next_attempt(now=NOW, tries=tries, chance=MIDDLE) == NOW + DELAYS[tries]


def test_all_attempts_take_about_three_days() -> None:
    at = NOW
    for tries in range(1, 10):
        following = next_attempt(now=at, tries=tries, chance=MIDDLE)
        assert following is not None
        at = following
    assert 3 * DAY < at - NOW < 4 * DAY
    assert next_attempt(now=at, tries=10, chance=MIDDLE) is None


@pytest.mark.parametrize(("chance", "factor"), [(0.0, 0.8), (0.25, 0.9), (0.75, 1.1), (1.0, 1.2)])
def test_jitter_is_a_fifth_either_way(chance: float, factor: float) -> None:
    assert delay(4, chance) == int(2 * HOUR * factor)


def test_a_receiver_can_ask_for_more_time_but_not_for_less() -> None:
    assert next_attempt(now=NOW, tries=1, chance=MIDDLE, at_least=MINUTE) == NOW + MINUTE
    assert next_attempt(now=NOW, tries=4, chance=MIDDLE, at_least=MINUTE) == NOW + 2 * HOUR


def test_a_receiver_cannot_ask_for_more_than_a_day() -> None:
    assert next_attempt(now=NOW, tries=1, chance=MIDDLE, at_least=9 * DAY) == NOW + DAY


def test_pauses_grow_to_a_minute() -> None:
    first = FAILURES_BEFORE_PAUSE
    seconds = [pause(failures) // SECOND for failures in range(first - 1, first + 8)]
    assert seconds == [0, 1, 2, 4, 8, 16, 32, 60, 60]
    assert pause(10**6) == MINUTE
