"""Services as processes of their own, as service managers run them, and those of `kinto start`."""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tests.system.events_processes import wait_until
from tests.system.processes import RunningServer, environment, kill_everything


class RunningService:
    """A `kinto` command that runs until it is killed.

    Args:
        folder: its working directory.
        settings: environment variables without `KINTO_`.
        words: the command.
    """

    def __init__(self, folder: Path, settings: Mapping[str, str], *words: str) -> None:
        self.folder = folder
        self.settings = settings
        self.words = words
        self.output = folder / f"{words[0]}.txt"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it."""
        with self.output.open("ab") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "kinto_core.cli", *self.words],
                cwd=self.folder,
                env=environment({"LOG_LEVEL": "info", **self.settings}),
                stdout=output,
                stderr=output,
                start_new_session=True,
            )

    def kill(self) -> None:
        """End it at once, with SIGKILL."""
        if self.process is not None:
            kill_everything([self.process.pid])
            self.process.wait(timeout=15)
            self.process = None

    def log(self) -> str:
        """What it has written until now."""
        return self.output.read_text(errors="replace") if self.output.exists() else ""


@contextmanager
def services(*several: RunningService) -> Iterator[None]:
    """Start services; whatever is left of them is killed at the end."""
    try:
        for one in several:
            one.start()
        yield
    finally:
        for one in several:
            one.kill()


def service_pid(server: RunningServer, name: str) -> int | None:
    """The process of a service of `kinto start`; `None` while it does not run."""
    assert server.process is not None
    rows = subprocess.run(
        ["ps", "-o", "pid=,args=", "--ppid", str(server.process.pid)],
        capture_output=True, text=True, check=False,
    ).stdout.splitlines()  # fmt: skip
    found = [int(row.split()[0]) for row in rows if name in row.split()[1:]]
    return found[0] if found else None


def kill_service(server: RunningServer, name: str) -> None:
    """Kill a service of `kinto start`, which starts it again, once it runs."""
    wait_until(lambda: service_pid(server, name) is not None, f"{name} runs")
    pid = service_pid(server, name)
    assert pid is not None
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
