"""``kinto websocket`` as its own process, and what the plugin tells the server."""

import asyncio
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from websockets.asyncio.client import connect
from webtest import TestApp

from kinto_core.supervisor import own_command
from kinto_core.testing.server import make_app
from tests.plugins.websocket.driving import SECRET, Client, new_world, record, run


@contextmanager
def running(folder: Path, *arguments: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The command and the URL that it listens on."""
    ini = folder / "kinto.ini"
    ini.write_text(
        f"[app:main]\nkinto.includes = websocket\nkinto.userid_hmac_secret = {SECRET}\n"
        f"kinto.storage_url = sqlite:///{folder}/kinto.db\nkinto.multiauth.policies = basicauth\n"
    )
    process = subprocess.Popen(
        own_command("websocket", "--ini", str(ini), "--port", "0", *arguments),
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "KINTO_INI": str(ini), "PYTHONWARNINGS": "ignore"},
    )
    with process:
        try:
            yield process, url_of(process)
        finally:
            process.kill()


def url_of(process: subprocess.Popen[str]) -> str:
    assert process.stderr is not None
    for line in process.stderr:
        found = re.search(r"ws://\S+", line)
        if found:
            return found.group()
    raise AssertionError(process.wait())


def test_serves_and_stops_on_sigterm(tmp_path: Path) -> None:
    async def story(process: subprocess.Popen[str], url: str) -> None:
        async with connect(url, proxy=None) as socket:
            client = Client(socket)
            assert "connect" in await client.connect(None)
            process.send_signal(signal.SIGTERM)
            assert (await client.closed())[0] == 4001

    with running(tmp_path) as (process, url):
        run(story(process, url))
        assert process.wait(30) == 0


def test_ends_with_its_supervisor(tmp_path: Path) -> None:
    with running(tmp_path, "--supervised") as (process, _):
        assert process.stdin is not None
        process.stdin.close()
        process.stdin = None
        assert process.wait(30) == 0


def test_other_processes_are_heard(tmp_path: Path) -> None:
    async def story(url: str) -> None:
        async with connect(url, proxy=None) as socket:
            client = Client(socket)
            await client.connect()
            assert "subscribe" in await client.subscribe()
            await asyncio.to_thread(world.put, record("r"))
            assert (await client.read())["event"]["uri"] == record("r")

    with (
        new_world(f"sqlite:///{tmp_path}/kinto.db") as world,
        running(tmp_path) as (_, url),
    ):
        run(story(url))


def test_help_has_examples() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "kinto_core.cli", "websocket", "--help"],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "KINTO_INCLUDES": "websocket", "PYTHONWARNINGS": "ignore"},
    )
    assert "Examples:" in done.stdout


def test_root_view_tells_where_to_connect() -> None:
    app = make_app({"includes": "websocket", "websocket.url": "wss://live.example.com/v1/"})
    try:
        found = TestApp(app).get("/v1/").json["capabilities"]["websocket"]
    finally:
        app.close()
    assert found["endpoint"] == "wss://live.example.com/v1/"
    assert found["protocol"] == 1


def test_start_runs_the_service(tmp_path: Path) -> None:
    with new_world(f"sqlite:///{tmp_path}/kinto.db") as world:
        answers = world.server.plugins.gather("register_services", server=world.server)
    services = [service for answer in answers for service in answer]
    assert [service.name for service in services] == ["websocket"]
    assert list(services[0].argv)[-2:] == ["websocket", "--supervised"]
