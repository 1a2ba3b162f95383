"""Fixtures for tests that run whole processes."""

import signal
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from kinto_core.database.engine import DatabaseOptions
from kinto_core.database.migrating import migrate
from kinto_core.database.opening import Databases
from tests.system.live_browser import Browser, chromium
from tests.system.processes import SECRETS, RunningServer
from tests.system.wire import Wire

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


@contextmanager
def kept_server(
    folder: Path, command: str = "start", settings: Mapping[str, str] | None = None
) -> Iterator[RunningServer]:
    """A server for one test after the other, which each may empty; ends with the block."""
    server = RunningServer(folder, command, settings)
    try:
        yield server.start()
    finally:
        server.kill()


def emptied(server: RunningServer) -> RunningServer:
    """The same server, which includes `flush`, with nothing in it."""
    assert Wire(server.port)("POST", "/__flush__").status == 202
    return server


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Mapping[str, str]:
    """Settings of `kinto serve` for two processes on an empty database, one after the other."""
    if request.param == "postgresql":
        url = str(request.getfixturevalue("postgresql_url"))
    else:
        url = f"sqlite:///{tmp_path / 'kinto.db'}"
    return settings_on(url)


def settings_on(url: str) -> Mapping[str, str]:
    """Settings of `kinto serve` for two processes on a new database, which gets its tables."""
    with closing(Databases(DatabaseOptions())) as databases:
        migrate(databases.get(url))
    return {**SECRETS, "STORAGE_URL": url, "WORKERS": "2", "BATCH_MAX_REQUESTS": "25"}


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """A browser for all tests of the run; each takes a page that knows nothing of the others."""
    with chromium(tmp_path_factory.mktemp("browser")) as started:
        yield started
