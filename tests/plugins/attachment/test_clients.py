"""Clients that know nothing of this server work unmodified.

The client of the tus protocol is run where `KINTO_TEST_JAVASCRIPT_CLIENT` names a folder whose
`node_modules` hold the package `tus-js-client`; tests load nothing from the network themselves.
"""

import json
import os
import random
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from kinto_http import Client as KintoClient

from tests.plugins.attachment.breaking import breaking
from tests.plugins.attachment.serving_process import LOST, Client, run, settings_for
from tests.system.processes import RunningServer

MODULES = Path(os.environ.get("KINTO_TEST_JAVASCRIPT_CLIENT", "")) / "node_modules"
SCRIPT = Path(__file__).with_name("tus_client.js")
UPLOADS = "/v1/buckets/b/collections/c/records/r/attachment/uploads"
MEGABYTE = 1024 * 1024
SIZE = 24 * MEGABYTE


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RunningServer]:
    """A running server."""
    settings = settings_for(tmp_path)
    running = RunningServer(tmp_path, "serve", settings)
    running.settings["ATTACHMENT_BASE_URL"] = f"{running.url}/attachments/"
    running.start()
    yield running
    running.kill()


def test_the_python_client_sends_gets_and_removes_files(
    server: RunningServer, tmp_path: Path
) -> None:
    source = tmp_path / "picture.txt"
    source.write_bytes(b"content")
    client = KintoClient(
        server_url=server.url, auth=("alice", "secret"), bucket="b", collection="c"
    )
    client.create_bucket()
    client.create_collection()
    client.add_attachment(id="r", filepath=str(source), data={"title": "mine"})
    record = client.get_record(id="r")["data"]
    assert record["title"] == "mine"
    assert record["attachment"]["filename"] == "picture.txt"
    target = tmp_path / "got.txt"
    client.download_attachment(record, filepath=str(target))
    assert target.read_bytes() == b"content"
    client.remove_attachment(id="r")
    assert client.get_record(id="r")["data"]["attachment"] is None


def test_a_broken_connection_leaves_nothing(server: RunningServer) -> None:
    client = Client(server.port)
    client.make_collection()
    client.send("r", [b"before"], 6)
    with breaking(server.port, [MEGABYTE]) as proxy, pytest.raises(LOST):
        Client(proxy.port).send("r", [bytes(MEGABYTE)] * 8, 8 * MEGABYTE)
    (record,) = client.records()
    assert record["attachment"]["size"] == 6
    server.kill()
    run(server.folder, server.settings, "attachment", "gc", "--grace", "0")
    files = [path for path in (server.folder / "files").rglob("*") if path.is_file()]
    assert [path.read_bytes() for path in files] == [b"before"]


if (MODULES / "tus-js-client").is_dir():

    def test_an_upload_survives_three_interruptions(server: RunningServer, tmp_path: Path) -> None:
        source = tmp_path / "made.txt"
        source.write_bytes(random.Random(1).randbytes(SIZE))
        client = Client(server.port)
        client.make_collection()
        with breaking(server.port, [SIZE // 4] * 3) as proxy:
            done = subprocess.run(
                ["node", str(SCRIPT), f"http://127.0.0.1:{proxy.port}{UPLOADS}", str(source)],
                env={**os.environ, "NODE_PATH": str(MODULES)},
                capture_output=True,
                text=True,
                check=False,
                timeout=120,
            )
        assert done.returncode == 0, done.stderr
        places = json.loads(done.stdout)["places"]
        assert proxy.cuts == 3
        assert max(places) >= SIZE // 4
        (record,) = client.records()
        assert record["attachment"]["size"] == SIZE
        content = bytearray()
        location = record["attachment"]["location"].rpartition("/")[2]
        assert client.download(location, content.extend) == 200
        assert bytes(content) == source.read_bytes()
