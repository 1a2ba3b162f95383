"""Starts the real `kinto` command in a folder of its own, as people and service managers do."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterable, Mapping
from pathlib import Path

READY_SECONDS = 60
SCALE = float(os.environ.get("KINTO_TEST_SCALE", "0.05"))
"""How much of the full numbers to do: 1.0 is what the release is tested with."""

SECRETS = {
    "MULTIAUTH_POLICIES": "basicauth",
    "USERID_HMAC_SECRET": "of tests, worth nothing",
    "DEFAULT_BUCKET_HMAC_SECRET": "of tests, worth nothing either",
}


def scaled(full: int, *, least: int = 1) -> int:
    """A number of repetitions, as large as this run may take."""
    return max(least, round(full * SCALE))


def free_port() -> int:
    """A port that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def environment(settings: Mapping[str, str]) -> dict[str, str]:
    """The variables of a command: ours without any setting, and the given ones.

    Args:
        settings: names without `KINTO_`.
    """
    ours = {name: value for name, value in os.environ.items() if not name.startswith("KINTO_")}
    folder = str(Path(__file__).parents[2])
    paths = [folder, *filter(None, [ours.get("PYTHONPATH")])]
    given = {f"KINTO_{name.upper()}": value for name, value in settings.items()}
    return {**ours, "PYTHONPATH": os.pathsep.join(paths), **given}


def kinto(
    folder: Path, *words: str, settings: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a command to its end, in a folder; its output is kept as text."""
    return subprocess.run(
        [sys.executable, "-m", "kinto_core.cli", *words],
        cwd=folder,
        env=environment(settings or {}),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def kill_everything(pids: Iterable[int]) -> None:
    """Kill processes and all that they started, at once."""
    rows = subprocess.run(
        ["ps", "-A", "-o", "pid=,ppid="], capture_output=True, text=True, check=True
    ).stdout.split("\n")
    pairs = [(int(pid), int(parent)) for pid, parent in (row.split() for row in rows if row)]
    doomed = list(pids)
    for pid in doomed:
        doomed += [child for child, parent in pairs if parent == pid]
    for pid in doomed:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


class RunningServer:
    """A server process; all of it is killed at the end.

    Args:
        folder: its working directory; holds `kinto.ini` and the data.
        command: `start` or `serve`.
        settings: environment variables without `KINTO_`.
    """

    def __init__(
        self, folder: Path, command: str = "start", settings: Mapping[str, str] | None = None
    ) -> None:
        self.folder = folder
        self.port = free_port()
        self.command = command
        self.settings = dict(settings or {})
        self.output = folder / "output.txt"
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """The address of the API."""
        return f"http://127.0.0.1:{self.port}/v1"

    def command_line(self) -> list[str]:
        """Program and arguments."""
        return [sys.executable, "-m", "kinto_core.cli", self.command]

    def start(self) -> "RunningServer":
        """Start and wait until it answers."""
        with self.output.open("ab") as output:
            self.process = subprocess.Popen(
                self.command_line(),
                cwd=self.folder,
                env=environment({**self.settings, "PORT": str(self.port)}),
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        self.wait_until_answering()
        return self

    def stop(self, how: signal.Signals = signal.SIGTERM) -> int:
        """Ask it to stop; gives its exit status."""
        assert self.process is not None
        self.process.send_signal(how)
        status = self.process.wait(timeout=60)
        self._close()
        return status

    def kill(self) -> None:
        """Kill it and everything it started, at once."""
        if self.process is None:
            return
        kill_everything([self.process.pid])
        self.process.wait(timeout=60)
        self._close()

    def log(self) -> str:
        """What it has written until now."""
        return self.output.read_text(errors="replace")

    def _close(self) -> None:
        assert self.process is not None
        if self.process.stdin is not None:
            self.process.stdin.close()
        self.process = None

    def wait_until_answering(self) -> None:
        """Wait until it answers; a server that ends instead is an error, with its output."""
        deadline = time.monotonic() + READY_SECONDS
        while time.monotonic() < deadline:
            assert self.process is not None
            if self.process.poll() is not None:
                break
            try:
                with urllib.request.urlopen(f"{self.url}/", timeout=1):
                    return
            except (urllib.error.URLError, ConnectionError, TimeoutError):
                time.sleep(0.05)  # a port has no event to wait for
        message = f"the server did not start:\n{self.log()}"
        self.kill()
        raise AssertionError(message)
