"""What an attempt came to, and what follows from it: the table of outcomes as pure functions.

How an attempt is made is in ``attempt.py``; when the next one is due in ``schedule.py``.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import StrEnum
from typing import Final

from kinto_webhook.schedule import HOUR, MINUTE, SECOND

OVERLOADED: Final = frozenset({408, 425, 429, 502, 503, 504})
GONE: Final = 410
DIRECTIVE: Final = "webhook-delivery"
"""The header by which a receiver says ``disable`` or ``abort-message``."""

OVERLOAD_WAIT: Final = MINUTE
SILENCE_BEFORE_DISABLING: Final = 120 * HOUR
SPREAD_OF_FAILURES: Final = 12 * HOUR
BLOCKS_BEFORE_DISABLING: Final = 3

_DIGITS: Final = 9
"""So many of a number of seconds are read: they are more than anybody is given."""

_SUCCESS = range(200, 300)
_REDIRECTION = range(300, 400)
_REFUSAL = range(400, 500)


class Trouble(StrEnum):
    """Why there was no answer."""

    DNS = "dns-error"
    CONNECTION = "connection-failed"
    TLS = "tls-error"
    TIMEOUT = "timeout"
    PROTOCOL = "no-http-answer"
    BLOCKED = "blocked"
    INTERNAL = "internal-error"
    """Our own fault; the log has more."""

    LOST = "worker-lost"
    """The process that made the attempt is gone, perhaps because of this very delivery."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a receiver answered.

    Attributes:
        status: the status code.
        headers: by lower-case name.
        body: the first 16 KiB.
        elapsed_ms: how long it took.
    """

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    elapsed_ms: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class NoAnswer:
    """An attempt without an answer.

    Attributes:
        trouble: of what kind.
        detail: more, for people; names no address that was resolved.
        elapsed_ms: how long it took.
    """

    trouble: Trouble
    detail: str = ""
    elapsed_ms: int = 0


class Result(StrEnum):
    """What an attempt means for its delivery."""

    SUCCESS = "success"
    FAILURE = "failure"
    OVERLOAD = "overload"
    FINAL = "final"
    ABORTED = "aborted"
    BLOCKED = "blocked"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What follows from one attempt.

    Attributes:
        result: for the delivery.
        reason: in a word or two, for the log.
        is_retried: whether there is another attempt if any is left.
        wait_ms: the next attempt comes no sooner than this.
        disables: why the endpoint is disabled at once; ``""`` when it is not.
    """

    result: Result
    reason: str
    is_retried: bool = False
    wait_ms: int = 0
    disables: str = ""


def judge(outcome: Answer | NoAnswer, now: int) -> Verdict:
    """The verdict on an attempt.

    Args:
        outcome: what happened.
        now: milliseconds since 1970, for a ``Retry-After`` that names a date.
    """
    if isinstance(outcome, NoAnswer):
        if outcome.trouble is Trouble.BLOCKED:
            return Verdict(result=Result.BLOCKED, reason=outcome.trouble)
        return Verdict(result=Result.FAILURE, reason=outcome.trouble, is_retried=True)
    return _directed(outcome) or _by_status(outcome, now)


def _directed(answer: Answer) -> Verdict | None:
    """What the receiver asks for in so many words."""
    directive = answer.headers.get(DIRECTIVE, "").strip().lower()
    if answer.status == GONE:
        why = "the receiver answered 410"
        return Verdict(result=Result.FINAL, reason=f"status-{GONE}", disables=why)
    if directive == "disable":
        why = "the receiver asked for it (webhook-delivery: disable)"
        return Verdict(result=Result.FINAL, reason=directive, disables=why)
    if directive == "abort-message":
        return Verdict(result=Result.ABORTED, reason=directive)
    return None


def _by_status(answer: Answer, now: int) -> Verdict:
    status, reason = answer.status, f"status-{answer.status}"
    if status in _SUCCESS:
        return Verdict(result=Result.SUCCESS, reason=reason)
    if status in OVERLOADED:
        wait = max(OVERLOAD_WAIT, retry_after(answer.headers.get("retry-after", ""), now))
        return Verdict(result=Result.OVERLOAD, reason=reason, is_retried=True, wait_ms=wait)
    return Verdict(result=Result.FAILURE, reason=_refined(status, reason), is_retried=True)


def retry_after(value: str, now: int) -> int:
    """The wait that ``Retry-After`` asks for, in milliseconds; 0 when it says nothing clear.

    Source: RFC 9110, 10.2.3.
    """
    value = value.strip()
    if re.fullmatch(r"[0-9]+", value):
        return int(value.lstrip("0")[:_DIGITS] or "0") * SECOND
    try:
        moment = parsedate_to_datetime(value)
    except (ValueError, IndexError, OverflowError):
        return 0
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(0, int(moment.timestamp() * SECOND) - now)


def _refined(status: int, reason: str) -> str:
    return f"{reason}-not-followed" if status in _REDIRECTION else reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """How an endpoint fares since it last answered well.

    Attributes:
        failures: failed attempts since then.
        first_failure: when the first of them was, milliseconds since 1970; 0 without any.
        blocks: how many of the latest, in a row, led to a blocked address.
        lanes: how many deliveries it gets at once.
    """

    failures: int = 0
    first_failure: int = 0
    blocks: int = 0
    lanes: int = 1


def examine(health: Health, verdict: Verdict, *, now: int, max_lanes: int) -> tuple[Health, str]:
    """How an endpoint fares after one more attempt, and why it is to be disabled, if it is.

    Args:
        health: before.
        verdict: on the attempt.
        now: milliseconds since 1970.
        max_lanes: its configured concurrency; one more lane comes back with each success.
    """
    if verdict.result is Result.SUCCESS:
        return Health(lanes=min(max(health.lanes, 0) + 1, max_lanes)), ""
    is_blocked = verdict.result is Result.BLOCKED
    is_overloaded = verdict.result is Result.OVERLOAD
    after = replace(
        health,
        failures=health.failures + 1,
        first_failure=health.first_failure or now,
        blocks=health.blocks + 1 if is_blocked else 0,
        lanes=max(1, health.lanes // 2) if is_overloaded else health.lanes,
    )
    return after, verdict.disables or _verdict_of_time(after, now)


def _verdict_of_time(health: Health, now: int) -> str:
    if health.blocks >= BLOCKS_BEFORE_DISABLING:
        return "its address is not allowed; see webhook.allowed_networks"
    since = now - health.first_failure
    if health.failures > 1 and since >= max(SILENCE_BEFORE_DISABLING, SPREAD_OF_FAILURES):
        day = datetime.fromtimestamp(health.first_failure / SECOND, UTC).date().isoformat()
        return f"no success since {day}, after {health.failures} failed attempts"
    return ""
