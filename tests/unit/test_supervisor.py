"""Processes are kept running, their lines are named, and nothing is left behind."""

import contextlib
import os
import queue
import sys
import threading
from collections.abc import Generator
from pathlib import Path

import pytest

from kinto_core.supervisor import Service, Supervisor, own_command, restart_delay


class Lines:
    """Collects the lines of a supervisor, so that a test can wait for one."""

    def __init__(self) -> None:
        self.seen: list[str] = []
        self._queue: queue.Queue[str] = queue.Queue()

    def __call__(self, line: str) -> None:
        """Take a line."""
        self._queue.put(line)

    def wait_for(self, text: str) -> str:
        """The next line that has this text."""
        while True:
            line = self._queue.get(timeout=20)
            self.seen.append(line)
            if text in line:
                return line


def python(code: str) -> tuple[str, ...]:
    """The words that run some code."""
    return (sys.executable, "-c", code)


@contextlib.contextmanager
def supervised(*services: Service) -> Generator[Lines]:
    """Run services while the block lasts."""
    lines = Lines()
    supervisor = Supervisor(services, lines)
    thread = threading.Thread(target=supervisor.run)
    thread.start()
    try:
        yield lines
    finally:
        supervisor.stop()
        thread.join(20)
    assert not thread.is_alive()


def test_lines_carry_the_name_of_their_service() -> None:
    first = Service("a", python("print('hello'); import sys; sys.stdin.read()"))
    code = "import os, sys; print(os.environ['X'], file=sys.stderr); sys.stdin.read()"
    second = Service("longer", python(code), {"X": "7"})
    with supervised(first, second) as lines:
        both = {lines.wait_for(" | "), lines.wait_for(" | ")}
    assert both == {"a      | hello", "longer | 7"}


def test_a_service_that_ends_starts_again() -> None:
    with supervised(Service("a", python("print('up'); raise SystemExit(3)"))) as lines:
        lines.wait_for("up")
        lines.wait_for("ended with status 3")
        lines.wait_for("starts again in 0.5 s")
        lines.wait_for("up")


def test_a_service_can_be_added_later() -> None:
    lines = Lines()
    supervisor = Supervisor([], lines)
    thread = threading.Thread(target=supervisor.run)
    thread.start()
    supervisor.add(Service("late", python("print('here'); import sys; sys.stdin.read()")))
    assert lines.wait_for("here") == "late | here"
    supervisor.stop()
    thread.join(20)
    assert not thread.is_alive()


def test_a_program_that_does_not_exist_is_reported_and_tried_again() -> None:
    with supervised(Service("a", ("/no/such/program",))) as lines:
        lines.wait_for("cannot be started")
        lines.wait_for("starts again")


def test_stopping_leaves_no_process_behind(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reading = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    opened = f"file = open({str(pipe)!r}, 'w'); print('up', flush=True)"
    grandchild = f"{opened}; import time; time.sleep(60)"
    child = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {grandchild!r}])"
    with supervised(Service("a", python(child))) as lines:
        lines.wait_for("up")
    os.set_blocking(reading, True)
    assert os.read(reading, 1) == b""  # the pipe ends when nobody holds it any more
    os.close(reading)


@pytest.mark.parametrize(
    ("failures", "seconds"), [(1, 0.5), (2, 1.0), (3, 2.0), (7, 30.0), (100, 30.0)]
)
def test_the_wait_before_a_restart_grows_to_a_limit(failures: int, seconds: float) -> None:
    assert restart_delay(failures) == seconds


def test_our_own_command_runs_in_this_python() -> None:
    assert own_command("serve")[0] == sys.executable
