"""The embedded server as a process: durable, private, and gone when it should be."""

import signal
import stat
import subprocess
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from kinto_core.supervisor import own_module
from tests.plugins.redis_listener.embedded import START_SECONDS, Embedded
from tests.plugins.redis_listener.logged import connected
from tests.system.processes import environment


def test_what_was_acknowledged_survives_a_kill(embedded: Embedded) -> None:
    for generation in range(1, 4):
        embedded.start()
        with connected(embedded.url) as client:
            assert client.llen("list") == 500 * (generation - 1)
            for number in range(500):
                client.lpush("list", number)
        embedded.kill()


def test_it_stops_when_told_to_and_keeps_everything(embedded: Embedded) -> None:
    embedded.start()
    with connected(embedded.url) as client:
        client.set("key", "value")
    assert embedded.end(signal.SIGTERM) == 0
    embedded.start()
    with connected(embedded.url) as client:
        assert client.get("key") == b"value"


def test_it_ends_with_whoever_started_it(embedded: Embedded) -> None:
    embedded.start()
    embedded.let_go()
    assert embedded.process.wait(timeout=START_SECONDS) == 0


def test_nobody_else_can_connect(embedded: Embedded) -> None:
    embedded.start()
    socket = Path(unquote(urlsplit(embedded.url).path))
    assert stat.S_IMODE(socket.stat().st_mode) == 0o700
    with connected(embedded.url) as client:
        assert client.config_get("port") == {"port": "0"}


def test_two_never_work_on_the_same_data(embedded: Embedded, tmp_path: Path) -> None:
    embedded.start()
    second = subprocess.run(
        own_module("kinto_core.cli.valkey"),
        cwd=tmp_path,
        env=environment(embedded.settings),
        capture_output=True,
        text=True,
        check=False,
        timeout=START_SECONDS,
    )
    assert second.returncode == 4
    assert "another Valkey server runs" in second.stderr


@pytest.mark.parametrize("length", [20, 150])
def test_the_folder_may_have_a_long_name_with_spaces(length: int, tmp_path: Path) -> None:
    folder = tmp_path / ("a folder " * (length // 9)).strip()
    folder.mkdir()
    embedded = Embedded(folder)
    try:
        embedded.start()
        with connected(embedded.url) as client:
            client.set("key", "value")
        embedded.kill()
        embedded.start()
        with connected(embedded.url) as client:
            assert client.get("key") == b"value"
    finally:
        embedded.clean_up()
