"""When to try again: a pure function of how often it failed."""

FIRST_DELAY_SECONDS = 0.2
LONGEST_DELAY_SECONDS = 30.0


def retry_delay(failures: int) -> float:
    """Seconds to wait after so many failures in a row; at least one."""
    return float(
        min(FIRST_DELAY_SECONDS * 2 ** min(max(failures - 1, 0), 30), LONGEST_DELAY_SECONDS)
    )
