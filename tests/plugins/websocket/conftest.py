"""Worlds for these tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.plugins.websocket.driving import World, new_world


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """A server on a new SQLite file."""
    with new_world(f"sqlite:///{tmp_path}/kinto.db") as one:
        yield one
