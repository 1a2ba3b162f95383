"""When a delivery is tried, and tried again: a pure function of what happened so far."""

from typing import Final

SECOND: Final = 1000
"""Milliseconds."""

MINUTE: Final = 60 * SECOND
HOUR: Final = 60 * MINUTE
DAY: Final = 24 * HOUR

DELAYS: Final = (
    0,
    5 * SECOND,
    5 * MINUTE,
    30 * MINUTE,
    2 * HOUR,
    5 * HOUR,
    10 * HOUR,
    14 * HOUR,
    20 * HOUR,
    24 * HOUR,
)
"""Before the first attempt, the second, and so on; in milliseconds, without jitter."""

MAX_ATTEMPTS: Final = len(DELAYS)
JITTER: Final = 0.2
LONGEST_WISH: Final = DAY
"""A receiver that asks for more time than this gets this."""

LONGEST_WAIT: Final = int(DELAYS[-1] * (1 + JITTER))
"""No attempt is ever further away than this."""

FAILURES_BEFORE_PAUSE: Final = 5
LONGEST_PAUSE: Final = MINUTE


def delay(tries: int, chance: float) -> int | None:
    """How long to wait after so many attempts; ``None`` when they are used up.

    Args:
        tries: attempts made, at least 1.
        chance: a random number from 0 to below 1, for the jitter of 20 % either way.

    Returns:
        Milliseconds.
    """
    if tries >= MAX_ATTEMPTS:
        return None
    return int(DELAYS[tries] * (1 + JITTER * (2 * chance - 1)))


def next_attempt(*, now: int, tries: int, chance: float, at_least: int = 0) -> int | None:
    """The moment of the next attempt; ``None`` when all are used up.

    Args:
        now: milliseconds since 1970.
        tries: attempts made, at least 1.
        chance: see ``delay``.
        at_least: a wait that the receiver's answer demands, in milliseconds.
    """
    wait = delay(tries, chance)
    return None if wait is None else now + max(wait, min(at_least, LONGEST_WISH))


def pause(failures: int) -> int:
    """How long an endpoint that failed so often in a row gets no attempt at all; milliseconds.

    Without it, a long queue of an endpoint that refuses connections would keep workers busy that
    others need. A pause is shorter than the schedule, and no attempt is used up in it.
    """
    beyond = failures - FAILURES_BEFORE_PAUSE
    return 0 if beyond < 0 else min(SECOND * 2 ** min(beyond, 16), LONGEST_PAUSE)
