"""An embedded server for tests that kill it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.plugins.redis_listener.embedded import Embedded


@pytest.fixture
def embedded(tmp_path: Path) -> Iterator[Embedded]:
    """The embedded server of a new folder; start it."""
    found = Embedded(tmp_path)
    yield found
    found.clean_up()
