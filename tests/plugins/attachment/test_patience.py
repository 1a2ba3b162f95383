"""An upload may take its time, whatever becomes of the server's other threads meanwhile.

The full run (`KINTO_TEST_SCALE=1`) waits until threads that have nothing to do end, after 30 s.
"""

import threading
import time
from collections.abc import Iterator
from pathlib import Path

from tests.plugins.attachment.serving_process import Client, settings_for
from tests.system.processes import SCALE, RunningServer

SECONDS = 40 if SCALE >= 1 else 1
PER_SECOND = 10
CHUNK = bytes(100_000)
CLIENTS = 8


def test_a_slow_upload_outlives_threads_without_work(tmp_path: Path) -> None:
    server = RunningServer(tmp_path, "serve", settings_for(tmp_path)).start()
    client = Client(server.port)
    try:
        client.make_collection()
        _keep_all_threads_busy(client)
        size = SECONDS * PER_SECOND * len(CHUNK)
        assert client.send("r", _slowly(), size)[0] == 201, server.log()
        assert "Unexpected exit" not in server.log()
    finally:
        server.kill()


def _keep_all_threads_busy(client: Client) -> None:
    """Let the server begin as many threads as it likes."""

    def ask() -> None:
        for _ in range(40):
            client.ask("GET", "/buckets/b")

    threads = [threading.Thread(target=ask) for _ in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _slowly() -> Iterator[bytes]:
    for _ in range(SECONDS * PER_SECOND):
        time.sleep(1 / PER_SECOND)  # being slow is what is tried here
        yield CHUNK
