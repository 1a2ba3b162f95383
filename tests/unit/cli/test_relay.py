"""``kinto relay`` as a command: it refuses to run for nothing, and ends with its supervisor."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.system.processes import environment, kinto

PLUGIN = '''
from kinto_core import hookimpl
from kinto_core.eventlog import Consumer
from kinto_core.server import Server


@hookimpl
def register_consumers(server):
    """One."""
    return [Consumer(name="first", deliver=print)]
'''


@contextmanager
def running(folder: Path, *words: str) -> Iterator[subprocess.Popen[bytes]]:
    """A relay that leads, in a folder; it is gone with the block."""
    (folder / "relaying.py").write_text(PLUGIN)
    settings = {"STORAGE_URL": f"sqlite:///{folder / 'kinto.db'}", "INCLUDES": "relaying"}
    assert kinto(folder, "migrate", settings=settings).returncode == 0
    process = subprocess.Popen(
        [sys.executable, "-m", "kinto_core.cli", "relay", *words],
        cwd=folder,
        env=environment({**settings, "LOG_LEVEL": "info"}),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    with process:
        try:
            assert process.stdout is not None
            assert any(b"This relay leads, for 1 consumers." in line for line in process.stdout)
            yield process
        finally:
            process.kill()


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_when_told_to(how: signal.Signals, tmp_path: Path) -> None:
    with running(tmp_path) as process:
        process.send_signal(how)
        assert process.wait(timeout=60) == 0


def test_it_ends_with_its_supervisor(tmp_path: Path) -> None:
    with running(tmp_path, "--supervised") as process:
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(timeout=60) == 0


def test_it_refuses_to_run_for_nobody(tmp_path: Path) -> None:
    done = kinto(tmp_path, "relay")
    assert done.returncode == 3
    assert "no enabled plugin needs the event log" in done.stderr
