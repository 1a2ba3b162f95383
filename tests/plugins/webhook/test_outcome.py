"""The table of outcomes, row by row."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kinto_webhook.outcome import (
    OVERLOADED,
    Answer,
    Health,
    NoAnswer,
    Result,
    Trouble,
    examine,
    judge,
    retry_after,
)
from kinto_webhook.schedule import DAY, HOUR, LONGEST_WISH, MINUTE, next_attempt

NOW = 1_700_000_000_000  # 2023-11-14T22:13:20Z


def answer(status: int, **headers: str) -> Answer:
    """An answer with some headers."""
    return Answer(status=status, headers={k.replace("_", "-"): v for k, v in headers.items()})


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_2xx_is_a_success(status: int) -> None:
    verdict = judge(answer(status), NOW)
    assert verdict.result is Result.SUCCESS
    assert not verdict.is_retried


@pytest.mark.parametrize("status", [300, 301, 302, 303, 307, 308])
def test_3xx_is_a_failure_and_not_followed(status: int) -> None:
    verdict = judge(answer(status, location="https://example.com"), NOW)
    assert (verdict.result, verdict.is_retried) == (Result.FAILURE, True)
    assert verdict.reason == f"status-{status}-not-followed"


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 418, 422, 499, 500, 501, 505, 600])
def test_refusals_and_errors_are_retried_by_the_schedule(status: int) -> None:
    verdict = judge(answer(status), NOW)
    assert (verdict.result, verdict.is_retried, verdict.wait_ms) == (Result.FAILURE, True, 0)


@pytest.mark.parametrize("status", [408, 425, 429, 502, 503, 504])
def test_an_overloaded_receiver_gets_at_least_a_minute(status: int) -> None:
    verdict = judge(answer(status), NOW)
    assert (verdict.result, verdict.is_retried) == (Result.OVERLOAD, True)
    assert verdict.wait_ms == MINUTE


def test_an_overloaded_receiver_says_how_long_it_needs() -> None:
    assert judge(answer(429, retry_after="7200"), NOW).wait_ms == 2 * HOUR
    assert judge(answer(503, retry_after="1"), NOW).wait_ms == MINUTE


@pytest.mark.parametrize(
    ("text", "wait"),
    [
        ("120", 2 * MINUTE),
        ("0", 0),
        ("-5", 0),
        ("", 0),
        ("soon", 0),
        ("1.5", 0),
        ("Tue, 14 Nov 2023 22:14:20 GMT", MINUTE),
        ("Tue, 14 Nov 2023 21:14:20 GMT", 0),
        ("Tue, 99 Nov 2023 21:14:20 GMT", 0),
    ],
)
def test_retry_after_is_seconds_or_a_date(text: str, wait: int) -> None:
    assert retry_after(text, NOW) == wait


def test_410_is_final_and_disables() -> None:
    verdict = judge(answer(410), NOW)
    assert (verdict.result, verdict.is_retried) == (Result.FINAL, False)
    assert "410" in verdict.disables


@pytest.mark.parametrize("status", [200, 500, 429])
def test_a_receiver_can_have_itself_disabled(status: int) -> None:
    verdict = judge(answer(status, webhook_delivery="Disable"), NOW)
    assert verdict.result is Result.FINAL
    assert "disable" in verdict.disables


def test_a_receiver_can_give_one_message_up() -> None:
    verdict = judge(answer(500, webhook_delivery="abort-message"), NOW)
    assert (verdict.result, verdict.is_retried, verdict.disables) == (Result.ABORTED, False, "")


@pytest.mark.parametrize(
    "trouble",
    [Trouble.DNS, Trouble.CONNECTION, Trouble.TLS, Trouble.TIMEOUT, Trouble.PROTOCOL],
)
def test_no_answer_is_a_failure_that_is_retried(trouble: Trouble) -> None:
    verdict = judge(NoAnswer(trouble=trouble), NOW)
    assert (verdict.result, verdict.is_retried) == (Result.FAILURE, True)


def test_a_blocked_address_is_final() -> None:
    verdict = judge(NoAnswer(trouble=Trouble.BLOCKED), NOW)
    assert (verdict.result, verdict.is_retried) == (Result.BLOCKED, False)


def after(health: Health, outcome: Answer | NoAnswer, now: int = NOW) -> tuple[Health, str]:
    """An endpoint of four lanes after one more attempt."""
    return examine(health, judge(outcome, now), now=now, max_lanes=4)


def test_a_success_clears_the_clock() -> None:
    ill = Health(failures=7, first_failure=NOW - DAY, blocks=2, lanes=1)
    assert after(ill, answer(200)) == (Health(lanes=2), "")


def test_every_outcome_but_success_counts() -> None:
    for outcome in (answer(302), answer(404), answer(500), answer(429), answer(410)):
        found, _ = after(Health(lanes=4), outcome)
        assert (found.failures, found.first_failure) == (1, NOW)


def test_an_overload_halves_what_is_sent_at_once() -> None:
    health = Health(lanes=4)
    for lanes in (2, 1, 1):
        health, _ = after(health, answer(503))
        assert health.lanes == lanes
    for lanes in (2, 3, 4, 4):
        health, _ = after(health, answer(200))
        assert health.lanes == lanes


def test_the_third_blocked_address_in_a_row_disables() -> None:
    blocked = NoAnswer(trouble=Trouble.BLOCKED)
    health, why = Health(), ""
    for _ in range(2):
        health, why = after(health, blocked)
        assert not why
    _, why = after(health, blocked)
    assert "allowed_networks" in why


def test_blocked_addresses_count_in_a_row_only() -> None:
    blocked = NoAnswer(trouble=Trouble.BLOCKED)
    health = Health()
    for outcome in (blocked, blocked, answer(500), blocked, blocked):
        health, why = after(health, outcome)
        assert not why


def test_no_success_for_five_days_disables() -> None:
    health, why = after(Health(), answer(500))
    health, why = after(health, answer(500), NOW + 119 * HOUR)
    assert not why
    _, why = after(health, answer(500), NOW + 120 * HOUR)
    assert why == "no success since 2023-11-14, after 3 failed attempts"


def test_a_single_failure_never_disables() -> None:
    health = Health(failures=0, first_failure=0)
    _, why = after(health, answer(500), NOW + 1000 * HOUR)
    assert not why


@given(st.text(), st.sampled_from(sorted(OVERLOADED)))
def test_no_retry_after_confuses_anybody(text: str, status: int) -> None:
    verdict = judge(Answer(status=status, headers={"retry-after": text}), NOW)
    due = next_attempt(now=NOW, tries=1, chance=0.5, at_least=verdict.wait_ms)
    assert due is not None
    assert MINUTE <= due - NOW <= LONGEST_WISH


@pytest.mark.parametrize("text", ["9" * 10, "9" * 5000, "0" * 5000 + "86400"])
def test_a_wish_for_a_very_long_time_is_one_for_a_day(text: str) -> None:
    assert retry_after(text, NOW) >= LONGEST_WISH
