"""Fixtures for tests that run whole processes."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from tests.system.processes import RunningServer

StartServer = Callable[..., RunningServer]


@pytest.fixture
def start_server(tmp_path: Path) -> Iterator[StartServer]:
    """Start servers in the test's folder; they are killed when the test ends."""
    started: list[RunningServer] = []

    def start(
        command: str = "start", settings: Mapping[str, str] | None = None
    ) -> RunningServer:
        server = RunningServer(tmp_path, command, settings)
        started.append(server)
        return server.start()

    yield start
    for server in started:
        server.kill()
