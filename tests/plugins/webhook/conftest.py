"""Receivers and servers for the tests of webhooks."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.plugins.webhook.receiver import Receiver, receiving
from tests.plugins.webhook.rig import Site


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A receiver on loopback."""
    with receiving() as found:
        yield found


@pytest.fixture
def site() -> Iterator[Site]:
    """A server in memory, whose deliveries the test drives itself."""
    found = Site({})
    yield found
    found.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def storage_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database, of either kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/kinto.db"
    url: str = request.getfixturevalue("postgresql_url")
    return url
