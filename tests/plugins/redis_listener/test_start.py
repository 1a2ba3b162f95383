"""``kinto start`` with the plugin: the embedded server, the relay and the stream together."""

import base64
import os
import signal
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest
import redis

from kinto_core.embedded_redis import embedded_redis
from kinto_core.settings import Settings
from tests.plugins.redis_listener.logged import connected, stream_entries, stream_uris
from tests.system.processes import SECRETS, RunningServer

PATIENCE_SECONDS = 60


@pytest.fixture
def running(tmp_path: Path) -> Iterator[RunningServer]:
    """A started server that pushes to the embedded Valkey."""
    settings = {
        **SECRETS,
        "INCLUDES": "redis_listener",
        "STORAGE_URL": f"sqlite:///{tmp_path}/data/kinto.db",
    }
    server = RunningServer(tmp_path, "start", settings)
    server.start()
    yield server
    server.kill()


def url_of(server: RunningServer) -> str:
    return embedded_redis(Settings(storage_url=server.settings["STORAGE_URL"])).url


def put(server: RunningServer, path: str) -> None:
    """Create an object."""
    token = base64.b64encode(b"alice:secret").decode()
    request = urllib.request.Request(
        f"{server.url}{path}", method="PUT", headers={"Authorization": f"Basic {token}"}
    )
    with urllib.request.urlopen(request, timeout=20) as answer:
        assert answer.status == 201


def pid_of_valkey(url: str) -> int:
    """The process of the embedded server, once it answers."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            with connected(url) as client:
                return int(cast("dict[str, int]", client.info("server"))["process_id"])
        except redis.ConnectionError:
            assert time.monotonic() < deadline, "the embedded server does not answer"
            time.sleep(0.05)  # a socket has no event to wait for


def wait_for(url: str, count: int) -> list[str]:
    """What arrived in the stream, once it is so many different events."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            if len({entry["id"] for entry in stream_entries(url)}) >= count:
                return list(dict.fromkeys(stream_uris(url)))
        except redis.ConnectionError:
            pass  # it is being started again
        assert time.monotonic() < deadline, f"still not {count} events"
        time.sleep(0.05)  # the end of a stream has no event to wait for here


def wait_until_gone(pid: int) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return
        if Path(f"/proc/{pid}/stat").read_text().split()[2] == "Z":
            return  # ended; whoever adopted it has not asked for its status yet
        time.sleep(0.05)  # the end of a process that is not ours has no event to wait for
    message = f"process {pid} is still there"
    raise AssertionError(message)


def test_every_write_arrives_although_valkey_is_killed(running: RunningServer) -> None:
    url = url_of(running)
    expected = [f"/buckets/b{number}" for number in range(10)]
    for path in expected[:5]:
        put(running, path)
    assert wait_for(url, 5) == expected[:5]
    os.kill(pid_of_valkey(url), signal.SIGKILL)
    for path in expected[5:]:
        put(running, path)
    assert wait_for(url, 10) == expected


def test_valkey_stops_with_the_rest(running: RunningServer) -> None:
    pid = pid_of_valkey(url_of(running))
    assert running.stop() == 0
    wait_until_gone(pid)


def test_valkey_does_not_outlive_a_killed_supervisor(running: RunningServer) -> None:
    pid = pid_of_valkey(url_of(running))
    assert running.process is not None
    running.process.kill()
    running.process.wait()
    wait_until_gone(pid)
