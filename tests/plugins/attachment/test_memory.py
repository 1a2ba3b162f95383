"""Files go through the server without staying in its memory.

The full run (`KINTO_TEST_SCALE=1`) sends and gets a file of 2 GiB, and of 1 GiB where files are in
object storage; 2.5 makes it 5 GiB on disk. Source: attachment A-85.
"""

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from kinto_core import json
from tests.plugins.attachment.conftest import new_bucket
from tests.plugins.attachment.serving_process import (
    Client,
    resident_kilobytes,
    settings_for,
)
from tests.system.processes import SCALE, RunningServer

MEGABYTE = 1024 * 1024
SIZES = {"folder": 64, "s3": 64} if SCALE < 1 else {"folder": round(2048 * SCALE), "s3": 1024}
"""Of the file, in megabytes, by store."""
SAMPLES = 16
GROWTH_KILOBYTES = 32 * 1024


@pytest.fixture(params=sorted(SIZES))
def store(request: pytest.FixtureRequest) -> str:
    """Where files are."""
    return str(request.param)


@pytest.fixture
def server(request: pytest.FixtureRequest, store: str, tmp_path: Path) -> Iterator[RunningServer]:
    """A running server."""
    bucket = new_bucket(request.getfixturevalue("s3_port")) if store == "s3" else None
    running = RunningServer(tmp_path, "serve", settings_for(tmp_path, store=bucket))
    running.start()
    yield running
    running.kill()


def test_a_big_file_leaves_the_memory_as_it_is(server: RunningServer, store: str) -> None:
    megabytes = SIZES[store]
    client = Client(server.port)
    client.make_collection()
    client.send("warm", [b"x"], 1)
    before = resident_kilobytes(server)
    seen: list[int] = []
    block = os.urandom(MEGABYTE)
    sent = hashlib.sha256()

    def chunks() -> Iterator[bytes]:
        for number in range(megabytes):
            sent.update(block)
            yield block
            if number % (megabytes // SAMPLES) == 0:
                seen.append(resident_kilobytes(server))

    status, body = client.send("big", chunks(), megabytes * MEGABYTE)
    assert status == 201
    shown = json.parse(body)
    assert (shown["size"], shown["hash"]) == (megabytes * MEGABYTE, sent.hexdigest())
    got = hashlib.sha256()
    size = 0

    def take(chunk: bytes) -> None:
        nonlocal size
        got.update(chunk)
        size += len(chunk)
        if size % (megabytes * MEGABYTE // SAMPLES) < len(chunk):
            seen.append(resident_kilobytes(server))

    assert client.download(shown["location"], take) == 200
    assert got.digest() == sent.digest()
    assert len(seen) >= SAMPLES
    assert max(seen) - before <= GROWTH_KILOBYTES
