"""What the README promises, with the official Python client against the real command."""

from pathlib import Path

import pytest
from kinto_http import Client
from kinto_http.exceptions import KintoException
from kinto_http.patch_type import MergePatch

from tests.system.conftest import StartServer

ALICE = ("alice", "wonderland")
BOB = ("bob", "builder")

LISTENER = """
import sys

from kinto_core import hookimpl


@hookimpl
def after_resource_changed(event):
    print("LISTENER", event, file=sys.stderr, flush=True)
"""


def test_a_client_stores_shares_patches_and_synchronises(
    start_server: StartServer, tmp_path: Path
) -> None:
    (tmp_path / "announcer.py").write_text(LISTENER)
    settings = {
        "INCLUDES": "default_bucket announcer",
        "EXPERIMENTAL_COLLECTION_SCHEMA_VALIDATION": "true",
    }
    server = start_server(settings=settings)
    alice = Client(server_url=server.url, auth=ALICE, bucket="library", collection="books")
    bob = Client(server_url=server.url, auth=BOB, bucket="library", collection="books")

    alice.create_bucket(id="library")
    schema = {"type": "object", "properties": {"title": {"type": "string"}}, "required": ["title"]}
    alice.create_collection(id="books", data={"schema": schema})
    with pytest.raises(KintoException) as refused:
        alice.create_record(data={"title": 5})
    assert refused.value.response.status_code == 400

    with alice.batch() as batch:
        for number in range(1000):
            batch.create_record(id=f"book-{number}", data={"title": f"Book {number}"})
    records = alice.get_records()
    assert len(records) == 1000

    bob_id = bob.server_info()["user"]["id"]
    with pytest.raises(KintoException):
        bob.get_record(id="book-7")
    alice.patch_record(id="book-7", permissions={"read": [bob_id]})
    assert bob.get_record(id="book-7")["data"]["title"] == "Book 7"
    assert [record["id"] for record in bob.get_records()] == ["book-7"]

    alice.get_records()
    etag = alice.get_records_timestamp()
    record = alice.get_record(id="book-1")["data"]
    changed = alice.patch_record(
        id="book-1",
        changes=MergePatch({"read": True}),
        if_match=record["last_modified"],
    )
    assert changed["data"]["read"] is True
    with pytest.raises(KintoException) as stale:
        alice.patch_record(
            id="book-1",
            changes=MergePatch({"read": False}),
            if_match=record["last_modified"],
        )
    assert stale.value.response.status_code == 412

    assert [item["id"] for item in alice.get_records(_since=etag)] == ["book-1"]
    alice.delete_record(id="book-2")
    since = {item["id"]: item for item in alice.get_records(_since=etag)}
    assert since["book-2"]["deleted"] is True
    assert set(since) == {"book-1", "book-2"}

    output = server.output.read_text()
    assert "LISTENER <ResourceChanged action=create uri=/buckets/library>" in output
    assert "LISTENER <ResourceChanged action=delete" in output

    assert server.stop() == 0
    again = start_server(settings=settings)
    alice = Client(server_url=again.url, auth=ALICE, bucket="library", collection="books")
    assert len(alice.get_records()) == 999
    assert alice.get_record(id="book-1")["data"]["read"] is True
    assert {item["id"] for item in alice.get_records(_since=etag)} == {"book-1", "book-2"}
