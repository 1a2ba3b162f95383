"""Metrics of several worker processes: one sum, which a killed worker does not make smaller."""

import contextlib
import os
import re
import signal
import time
import urllib.request
from pathlib import Path

import pytest

from tests.system.conftest import StartServer
from tests.system.processes import SECRETS, RunningServer

COUNT = re.compile(
    r'^kinto_request_summary_total\{endpoint="contribute",.*\} ([0-9.]+)$', re.MULTILINE
)
PROCESS = re.compile(r'^process_open_fds\{pid="([0-9]+)"\}', re.MULTILINE)
REQUESTS = 20
DEADLINE_SECONDS = 30


def read(server: RunningServer, path: str) -> str:
    """The text of an answer, on a connection of its own, which any worker may take."""
    with urllib.request.urlopen(f"{server.url}{path}", timeout=10) as answer:
        return str(answer.read().decode())


def read_once(server: RunningServer, path: str) -> None:
    """Let one request be served; those that waited for the killed worker never were."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while True:
        try:
            read(server, path)
        except OSError:
            assert time.monotonic() < deadline
            time.sleep(0.1)
        else:
            return


def wait_for_sum(server: RunningServer, expected: int) -> str:
    """The metrics once they tell of so many requests; workers write within a second."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while True:
        text = ""
        with contextlib.suppress(OSError):  # the killed worker had taken it, or was about to
            text = read(server, "/__metrics__")
        found = COUNT.search(text)
        if found is not None and float(found[1]) == expected:
            return text
        assert time.monotonic() < deadline, text
        time.sleep(0.1)  # files have no event to wait for


def test_any_worker_tells_of_all_even_of_killed_ones(
    start_server: StartServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    settings = {**SECRETS, "INCLUDES": "prometheus", "WORKERS": "3"}
    server = start_server("serve", {**settings, "STORAGE_URL": f"sqlite:///{tmp_path / 'k.db'}"})
    for _ in range(REQUESTS):
        read(server, "/contribute.json")
    text = wait_for_sum(server, REQUESTS)
    workers = {int(pid) for pid in PROCESS.findall(text)}
    assert 1 <= len(workers) <= 3
    os.kill(workers.pop(), signal.SIGKILL)
    text = wait_for_sum(server, REQUESTS)
    read_once(server, "/contribute.json")
    wait_for_sum(server, REQUESTS + 1)
    assert len(list(tmp_path.glob("kinto-metrics-*"))) == 1
    assert server.stop() == 0
    assert list(tmp_path.glob("kinto-metrics-*")) == []
