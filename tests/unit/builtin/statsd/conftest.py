"""A receiver on this machine."""

from collections.abc import Iterator

import pytest

from tests.unit.builtin.statsd.receiver import Receiver


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """Hears what is sent to it."""
    with Receiver() as made:
        yield made
