"""`kinto start` in an empty folder: settings, secrets, an answer, and a clean end."""

import os
import signal
import socket
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from tests.system.conftest import StartServer
from tests.system.processes import environment, free_port, kinto
from tests.system.wire import RECORDS, Wire, make_blog


def is_free(port: int) -> bool:
    """Whether a server could listen there now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        return probe.connect_ex(("127.0.0.1", port)) != 0


def secrets_in(folder: Path) -> list[str]:
    """The values of the secrets in the settings file of a folder."""
    lines = (folder / "kinto.ini").read_text().splitlines()
    return [line.partition("=")[2].strip() for line in lines if "_secret =" in line]


def test_start_in_an_empty_folder_writes_private_settings_and_serves(
    start_server: StartServer, tmp_path: Path
) -> None:
    server = start_server()
    file = tmp_path / "kinto.ini"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    secrets = secrets_in(tmp_path)
    assert len(set(secrets)) == 2
    assert min(map(len, secrets)) >= 32
    assert stat.S_IMODE((tmp_path / "data" / "kinto.db").stat().st_mode) & 0o077 == 0
    wire = Wire(server.port)
    hello = wire("GET", "/")
    assert hello.body["http_api_version"] == "1.23"
    assert hello.body["user"]["id"].startswith("basicauth:")
    path = "/buckets/default/collections/tasks/records"
    assert wire("POST", path, {"data": {"title": "Try Kinto"}}).status == 201
    assert not any(secret in server.log() for secret in secrets)
    assert "Traceback" not in server.log()


def test_a_second_start_keeps_secrets_and_data(start_server: StartServer, tmp_path: Path) -> None:
    server = start_server()
    make_blog(Wire(server.port))
    before = Wire(server.port)("PUT", f"{RECORDS}/kept", {"data": {"title": "kept"}}).body["data"]
    written = (tmp_path / "kinto.ini").read_bytes()
    assert server.stop() == 0
    server = start_server()
    assert (tmp_path / "kinto.ini").read_bytes() == written
    assert Wire(server.port)("GET", f"{RECORDS}/kept").body["data"] == before


@pytest.mark.parametrize("command", ["start", "serve"])
@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_a_stop_ends_well_and_frees_the_port(
    command: str, how: signal.Signals, start_server: StartServer, tmp_path: Path
) -> None:
    assert kinto(tmp_path, "init").returncode == 0
    server = start_server(command)
    wire = Wire(server.port)
    assert wire("GET", "/").status == 200  # a connection that stays open does not hold it up
    assert server.stop(how) == 0
    assert is_free(server.port)
    assert "Traceback" not in server.log()  # clients C-13


def test_requests_in_progress_are_answered_before_the_end(
    start_server: StartServer, tmp_path: Path
) -> None:
    (tmp_path / "slow.py").write_text(
        "import pathlib, time\n"
        "from kinto_core import hookimpl\n"
        "@hookimpl\n"
        "def resource_changed(event):\n"
        "    if event.payload['resource_name'] == 'record':\n"
        "        pathlib.Path('begun').touch()\n"
        "        time.sleep(0.7)\n"
    )
    server = start_server(settings={"INCLUDES": "slow"})
    make_blog(Wire(server.port))
    code = (
        "import pathlib, sys, threading, time\n"
        "from tests.system.wire import RECORDS, Wire\n"
        "answers = []\n"
        "def write():\n"
        "    answers.append(Wire(int(sys.argv[1]))('PUT', RECORDS + '/last', {}).status)\n"
        "writer = threading.Thread(target=write)\n"
        "writer.start()\n"
        "while not pathlib.Path('begun').exists():\n"
        "    time.sleep(0.01)\n"
        "print('begun', flush=True)\n"
        "writer.join()\n"
        "print(answers[0])\n"
    )
    client = subprocess.Popen(
        [sys.executable, "-c", code, str(server.port)],
        cwd=tmp_path,
        env=environment({}),
        stdout=subprocess.PIPE,
        text=True,
    )
    with client:
        assert client.stdout is not None
        assert client.stdout.readline() == "begun\n"
        assert server.stop() == 0
        assert client.stdout.read() == "201\n"


def test_a_worker_that_dies_is_replaced(start_server: StartServer, tmp_path: Path) -> None:
    assert kinto(tmp_path, "init").returncode == 0
    server = start_server("serve", {"WORKERS": "1"})
    assert server.process is not None
    rows = subprocess.run(
        ["ps", "-A", "-o", "pid=,ppid=,comm="], capture_output=True, text=True, check=True
    ).stdout.splitlines()
    children = [row.split() for row in rows if row.split()[1] == str(server.process.pid)]
    workers = [int(pid) for pid, _, name in (row[:3] for row in children) if "ython" in name]
    assert workers
    for pid in workers:
        os.kill(pid, signal.SIGKILL)
    server.wait_until_answering()
    assert Wire(server.port)("GET", "/").status == 200


def test_check_finds_a_started_server_good(start_server: StartServer, tmp_path: Path) -> None:
    start_server()
    done = kinto(tmp_path, "check")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "FAIL" not in done.stdout


def test_config_shows_values_and_origins_but_no_secret(tmp_path: Path) -> None:
    assert kinto(tmp_path, "init").returncode == 0
    done = kinto(tmp_path, "config", settings={"PAGINATE_BY": "17"})
    assert done.returncode == 0, done.stderr
    line = next(line for line in done.stdout.splitlines() if "paginate_by" in line)
    assert "17" in line
    assert "KINTO_PAGINATE_BY" in line
    for secret in secrets_in(tmp_path):
        assert secret not in done.stdout + done.stderr


@pytest.mark.parametrize("command", ["start", "serve", "check"])
def test_bad_settings_stop_the_start_and_all_are_listed(command: str, tmp_path: Path) -> None:
    assert kinto(tmp_path, "init").returncode == 0
    bad = {"PORT": "many", "PAGINATE_BY": "-3", "STORAGE_BACKEND": "stone", "READONLY": "perhaps"}
    done = kinto(tmp_path, command, settings=bad)
    assert done.returncode == 3
    for name, value in bad.items():
        line = next(line for line in done.stderr.splitlines() if name in line.upper())
        assert value in line
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("module", ["no_such_plugin", "broken_plugin"])
def test_a_plugin_that_cannot_be_imported_stops_the_start(module: str, tmp_path: Path) -> None:
    (tmp_path / "broken_plugin.py").write_text("raise RuntimeError('out of order')\n")
    assert kinto(tmp_path, "init").returncode == 0
    for command in ("start", "serve"):
        settings = {"INCLUDES": module, "PORT": str(free_port())}
        done = kinto(tmp_path, command, settings=settings)
        assert done.returncode == 3, done.stderr
        assert module in done.stderr


def test_a_taken_port_is_told(tmp_path: Path) -> None:
    assert kinto(tmp_path, "init").returncode == 0
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = str(other.getsockname()[1])
        done = kinto(tmp_path, "serve", settings={"PORT": port})
    assert done.returncode != 0
    assert port in done.stderr
    assert "Traceback" not in done.stderr


def test_an_unprepared_database_is_told_and_needs_no_restart(
    postgresql_url: str, start_server: StartServer, tmp_path: Path
) -> None:
    assert kinto(tmp_path, "init").returncode == 0
    settings = {"STORAGE_URL": postgresql_url}
    server = start_server("serve", settings)
    assert "kinto migrate" in server.log()
    assert "Traceback" not in server.log()
    answer = Wire(server.port)("PUT", "/buckets/blog")
    assert answer.status == 503
    assert int(answer.headers["retry-after"]) > 0
    assert kinto(tmp_path, "migrate", settings=settings).returncode == 0
    make_blog(Wire(server.port))
