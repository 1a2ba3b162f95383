"""The time."""

from datetime import UTC, datetime

from kinto_core.clock import system_clock


def test_the_clock_gives_milliseconds_since_1970() -> None:
    before = datetime.now(UTC)
    found = datetime.fromtimestamp((system_clock() + 1) / 1000, UTC)
    assert before <= found
    assert isinstance(system_clock(), int)
