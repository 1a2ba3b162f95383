"""Sites with files: on each database, in a folder and in object storage."""

import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path

import pytest

from kinto_core.testing.services import PostgresqlServer
from tests.plugins.attachment.driving import Site, new_site

NewSite = Callable[[Mapping[str, str]], Site]
START_SECONDS = 60


@pytest.fixture(scope="session")
def shared_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A site in memory, with files in a folder, for all tests that leave its settings alone."""
    with new_site(tmp_path_factory.mktemp("shared")) as found:
        yield found


@pytest.fixture
def site(shared_site: Site) -> Site:
    """A site in memory, with files in a folder, and nothing in it."""
    return shared_site.emptied()


@pytest.fixture
def make_site(tmp_path: Path) -> Iterator[NewSite]:
    """Makes sites with settings."""
    with ExitStack() as stack:

        def make(values: Mapping[str, str]) -> Site:
            folder = tmp_path / uuid.uuid4().hex
            return stack.enter_context(new_site(folder, values))

        yield make


@pytest.fixture(
    scope="session", params=["sqlite-folder", "postgresql-folder", "sqlite-s3", "postgresql-s3"]
)
def shared_any_site(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    """A site on each database with each kind of store, for all tests."""
    folder = tmp_path_factory.mktemp("any")
    database, _, store = request.param.partition("-")
    values = {"storage_url": f"sqlite:///{folder}/kinto.db"}
    with ExitStack() as stack:
        if database == "postgresql":
            server: PostgresqlServer = request.getfixturevalue("postgresql_server")
            values["storage_url"] = stack.enter_context(server.database())
        if store == "s3":
            values |= new_bucket(request.getfixturevalue("s3_port"))
        yield stack.enter_context(new_site(folder / "files", values))


@pytest.fixture
def any_site(shared_any_site: Site) -> Site:
    """A site on each database with each kind of store, and nothing in it."""
    return shared_any_site.emptied()


@pytest.fixture(scope="session")
def s3_port() -> Iterator[int]:
    """The port of a server that speaks the S3 protocol, on the loopback interface."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            _wait_for(port)
            yield port
        finally:
            process.kill()


def new_bucket(s3_port: int) -> dict[str, str]:
    """The settings for a new, empty bucket."""
    name = f"files-{uuid.uuid4().hex[:12]}"
    url = f"http://127.0.0.1:{s3_port}/{name}"
    with urllib.request.urlopen(urllib.request.Request(url, method="PUT")):
        pass
    return {
        "attachment.aws.bucket_name": name,
        "attachment.aws.access_key": "key",
        "attachment.aws.secret_key": "of tests, worth nothing",
        "attachment.aws.host": "127.0.0.1",
        "attachment.aws.port": str(s3_port),
        "attachment.aws.is_secure": "false",
        "attachment.aws.use_path_style": "true",
    }


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=1):
                return
        except urllib.error.HTTPError:
            return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.05)  # a port has no event to wait for
    message = "the S3 server did not start"
    raise AssertionError(message)
