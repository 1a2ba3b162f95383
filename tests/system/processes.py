"""Starts the real `kinto` command in a folder of its own and talks to it over the network."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path

READY_SECONDS = 30


def free_port() -> int:
    """A port that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class RunningServer:
    """A server process; kills all of its process group at the end.

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

    def start(self) -> "RunningServer":
        """Start and wait until it answers."""
        names = {f"KINTO_{name.upper()}": value for name, value in self.settings.items()}
        environment = {**os.environ, **names, "KINTO_PORT": str(self.port)}
        with self.output.open("ab") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "kinto_core.cli", self.command],
                cwd=self.folder,
                env=environment,
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        self._wait()
        return self

    def stop(self) -> int:
        """Ask it to stop; gives its exit status."""
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        status = self.process.wait(timeout=15)
        self._close()
        return status

    def kill(self) -> None:
        """Kill it and everything it started, at once."""
        if self.process is None:
            return
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait(timeout=15)
        self._close()

    def _close(self) -> None:
        assert self.process is not None
        if self.process.stdin is not None:
            self.process.stdin.close()
        self.process = None

    def _wait(self) -> None:
        deadline = time.monotonic() + READY_SECONDS
        while time.monotonic() < deadline:
            assert self.process is not None
            if self.process.poll() is not None:
                break
            try:
                with urllib.request.urlopen(f"{self.url}/", timeout=1):
                    return
            except (urllib.error.URLError, ConnectionError, TimeoutError):
                time.sleep(0.05)
        text = self.output.read_text(errors="replace")
        message = f"the server did not start:\n{text}"
        self.kill()
        raise AssertionError(message)
