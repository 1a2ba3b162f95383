"""Files go through the server without staying in its memory.

The full run (`KINTO_TEST_SCALE=1`) sends and gets a file of 2 GiB. Source: attachment A-85.
"""

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from kinto_core import json
from tests.plugins.attachment.serving_process import (
    Client,
    resident_kilobytes,
    settings_for,
)
from tests.system.processes import SCALE, RunningServer

MEGABYTE = 1024 * 1024
SIZE = 2048 if SCALE >= 1 else 64
"""Of the file, in megabytes."""
SAMPLES = 16
GROWTH_KILOBYTES = 32 * 1024


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RunningServer]:
    """A running server."""
    running = RunningServer(tmp_path, "serve", settings_for(tmp_path))
    running.start()
    yield running
    running.kill()


def test_a_big_file_leaves_the_memory_as_it_is(server: RunningServer) -> None:
    client = Client(server.port)
    client.make_collection()
    client.send("warm", [b"x"], 1)
    before = resident_kilobytes(server)
    seen: list[int] = []
    block = os.urandom(MEGABYTE)
    sent = hashlib.sha256()

    def chunks() -> Iterator[bytes]:
        for number in range(SIZE):
            sent.update(block)
            yield block
            if number % (SIZE // SAMPLES) == 0:
                seen.append(resident_kilobytes(server))

    status, body = client.send("big", chunks(), SIZE * MEGABYTE)
    assert status == 201
    shown = json.parse(body)
    assert (shown["size"], shown["hash"]) == (SIZE * MEGABYTE, sent.hexdigest())
    got = hashlib.sha256()
    size = 0

    def take(chunk: bytes) -> None:
        nonlocal size
        got.update(chunk)
        size += len(chunk)
        if size % (SIZE * MEGABYTE // SAMPLES) < len(chunk):
            seen.append(resident_kilobytes(server))

    assert client.download(shown["location"], take) == 200
    assert got.digest() == sent.digest()
    assert len(seen) >= SAMPLES
    assert max(seen) - before <= GROWTH_KILOBYTES
