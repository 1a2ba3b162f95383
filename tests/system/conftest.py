"""Fixtures for tests that run whole processes."""

import signal
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from tests.system.processes import SECRETS, RunningServer, kinto

StartServer = Callable[..., RunningServer]


@pytest.fixture(autouse=True, scope="session")
def interruptible() -> None:
    """Let processes be interrupted although the tests run in the background of a shell.

    Such a shell has its children ignore Ctrl-C, and so do theirs.
    """
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def start_server(tmp_path: Path) -> Iterator[StartServer]:
    """Start servers in the test's folder; they are killed when the test ends."""
    started: list[RunningServer] = []

    def start(command: str = "start", settings: Mapping[str, str] | None = None) -> RunningServer:
        server = RunningServer(tmp_path, command, settings)
        started.append(server)
        return server.start()

    yield start
    for server in started:
        server.kill()


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Mapping[str, str]:
    """Settings of `kinto serve` for two processes on an empty database, one after the other."""
    if request.param == "postgresql":
        url = str(request.getfixturevalue("postgresql_url"))
    else:
        url = f"sqlite:///{tmp_path / 'kinto.db'}"
    settings = {**SECRETS, "STORAGE_URL": url, "WORKERS": "2", "BATCH_MAX_REQUESTS": "25"}
    done = kinto(tmp_path, "migrate", settings=settings)
    assert done.returncode == 0, done.stderr
    return settings
