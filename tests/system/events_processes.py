"""Services as processes of their own, and waiting for what several processes do together."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

from tests.system.processes import environment, kill_everything, kinto

PATIENCE_SECONDS = 30


def wait_until(is_so: Callable[[], object], what: str) -> None:
    """Wait for something that other processes do; a file has no event to wait for."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not is_so():
        assert time.monotonic() < deadline, f"did not happen: {what}"
        time.sleep(0.02)


class RunningService:
    """A ``kinto`` command that runs until it is killed, as a service manager runs it.

    Args:
        folder: its working directory, where plugins are.
        settings: environment variables without `KINTO_`.
        words: the command.
        name: of its log file; by default the first word.
    """

    def __init__(
        self, folder: Path, settings: Mapping[str, str], *words: str, name: str | None = None
    ) -> None:
        self.folder = folder
        self.settings = settings
        self.words = words
        self.output = folder / f"{name or words[0]}.txt"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> Self:
        """Start it; ``wait_for`` and ``log`` say what it does."""
        with self.output.open("ab") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "kinto_core.cli", *self.words],
                cwd=self.folder,
                env=environment({"LOG_LEVEL": "info", **self.settings}),
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        return self

    def kill(self) -> None:
        """End it at once, with SIGKILL."""
        if self.process is not None:
            kill_everything([self.process.pid])
            self.process.wait(timeout=15)
            self.process = None

    def stop(self) -> int:
        """Ask it to stop; gives its exit status."""
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        status = self.process.wait(timeout=15)
        self.process = None
        return status

    def log(self) -> str:
        """What it has written until now."""
        return self.output.read_text(errors="replace") if self.output.exists() else ""

    def wait_for(self, text: str) -> None:
        """Wait until it has written a text."""
        wait_until(lambda: text in self.log(), f"{text!r} in:\n{self.log()}")


def relay_service(folder: Path, settings: Mapping[str, str], name: str = "relay") -> RunningService:
    """A ``kinto relay``, not started yet; ``name``: of its log file."""
    return RunningService(folder, settings, "relay", name=name)


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


def events_status(folder: Path, settings: Mapping[str, str]) -> tuple[int, Mapping[str, Any]]:
    """Exit status and JSON of ``kinto events status --json``."""
    done = kinto(folder, "events", "status", "--json", settings=settings)
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout)


def consumer_of(status: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """One consumer of a status."""
    found: Mapping[str, Any] = next(one for one in status["consumers"] if one["name"] == name)
    return found
