"""Runs the embedded Valkey server as ``kinto start`` does, to be killed and started again."""

import signal
import subprocess
import time
from pathlib import Path

import redis

from kinto_core.embedded_redis import embedded_redis
from kinto_core.settings import Settings
from kinto_core.supervisor import own_module
from tests.system.processes import environment

START_SECONDS = 60


class Embedded:
    """The server of a folder; not running at first.

    Args:
        folder: holds its data, as it would a database file.
    """

    def __init__(self, folder: Path) -> None:
        self.settings = {"storage_url": f"sqlite:///{folder}/kinto.db"}
        self.url = embedded_redis(Settings(storage_url=self.settings["storage_url"])).url
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def process(self) -> subprocess.Popen[bytes]:
        """The running server."""
        assert self._process is not None
        return self._process

    def start(self) -> None:
        """Start it and wait until it answers."""
        self._process = subprocess.Popen(
            own_module("kinto_core.cli.valkey", "--supervised"),
            cwd=self._folder,
            env=environment(self.settings),
            stdin=subprocess.PIPE,
            start_new_session=True,
        )
        deadline = time.monotonic() + START_SECONDS
        with redis.Redis.from_url(self.url) as client:
            while True:
                try:
                    client.ping()
                except redis.ConnectionError:
                    assert self._process.poll() is None, "the server did not start"
                    assert time.monotonic() < deadline, "the server does not answer"
                    time.sleep(0.02)  # a socket has no event to wait for
                else:
                    return

    def kill(self) -> None:
        """End it at once, without a chance to write anything."""
        self.end(signal.SIGKILL)

    def end(self, how: signal.Signals = signal.SIGTERM) -> int:
        """Send it a signal and wait for its end; gives its status."""
        self.process.send_signal(how)
        status = self.process.wait(timeout=START_SECONDS)
        self.let_go()
        return status

    def let_go(self) -> None:
        """End its standard input, as the end of its supervisor does."""
        assert self.process.stdin is not None
        self.process.stdin.close()

    def clean_up(self) -> None:
        """Leave nothing behind."""
        if self._process is not None and self._process.poll() is None:
            self.kill()
