"""The time, passed in wherever it matters so that tests can set it."""

import time
from collections.abc import Callable

Clock = Callable[[], int]
"""Gives the current time in milliseconds since 1970-01-01 UTC."""


def system_clock() -> int:
    """The machine's time in milliseconds since 1970-01-01 UTC."""
    return time.time_ns() // 1_000_000
