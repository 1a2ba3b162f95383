"""The official Python client does what its own suite does.

The official JavaScript client is run too where `KINTO_TEST_JAVASCRIPT_CLIENT` names a folder whose
`node_modules` hold the package `kinto`; tests load nothing from the network themselves.
"""

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from kinto_http import Client
from kinto_http.exceptions import BucketNotFound, CollectionNotFound, KintoException
from kinto_http.patch_type import BasicPatch, JSONPatch, MergePatch

from tests.system.conftest import emptied, kept_server
from tests.system.processes import RunningServer

JAVASCRIPT = os.environ.get("KINTO_TEST_JAVASCRIPT_CLIENT", "")
SCRIPT = Path(__file__).with_name("javascript_client.js")
SETTINGS = {
    "INCLUDES": "default_bucket flush",
    "PAGINATE_BY": "5",
    "EXPERIMENTAL_PERMISSIONS_ENDPOINT": "true",
}
"""Close to what the client's suite starts from. Source: clients C-1."""


@pytest.fixture(scope="module")
def with_flush(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A server that is emptied between tests, as that of the client's suite is."""
    with kept_server(tmp_path_factory.mktemp("clients"), settings=SETTINGS) as server:
        yield server


@pytest.fixture
def server(with_flush: RunningServer) -> RunningServer:
    """A server on an empty database."""
    return emptied(with_flush)


@pytest.fixture
def client(server: RunningServer) -> Any:  # noqa: ANN401  its package has no types
    """A client of a user with a bucket and a collection."""
    made = Client(server_url=server.url, auth=("user", "p4ssw0rd"), bucket="mozilla")
    made.create_bucket()
    made.create_collection(id="payments")
    return made.clone(collection="payments")


def test_the_root_of_the_host_redirects_to_the_api(server: RunningServer) -> None:
    root = server.url.removesuffix("/v1")
    with requests.Session() as session:
        session.auth = ("user", "p4ssw0rd")
        path = "/buckets/default/collections/C/records?_limit=3"
        answer = session.post(root + path, json={"data": {"a": 1}}, allow_redirects=False)
        assert answer.status_code == 307  # clients C-15
        assert answer.headers["Location"] == f"{root}/v1{path}"
        followed = session.post(root + path, json={"data": {"a": 1}})
        assert followed.status_code == 201  # method, body and credentials are repeated
        version = session.get(f"{root}/v1", allow_redirects=False)
        assert version.headers["Location"] == f"{root}/v1/"  # clients C-16
        assert session.post(f"{root}/__flush__").status_code == 202  # clients C-97
        assert session.get(f"{root}/v1{path}").json() == {"data": []}


def test_a_body_of_braces_creates_and_deletes(server: RunningServer, client: Any) -> None:  # noqa: ANN401  see above
    url = f"{server.url}/buckets/mozilla/collections/payments/records/braces"
    with requests.Session() as session:
        session.auth = ("user", "p4ssw0rd")
        assert session.put(url, json={}).status_code == 201  # clients C-35
        assert session.delete(url, json={}).status_code == 200
    assert client.get_records() == []


def test_buckets_collections_and_groups(client: Any) -> None:  # noqa: ANN401  see above
    assert {one["id"] for one in client.get_buckets()} == {"mozilla"}
    assert client.get_bucket()["data"]["id"] == "mozilla"
    assert client.get_bucket()["permissions"]["write"] == [client.server_info()["user"]["id"]]
    with pytest.raises(KintoException) as exists:
        client.create_bucket(id="mozilla")
    assert exists.value.response.status_code == 412  # clients C-50, C-52
    assert exists.value.response.json()["details"]["existing"]["id"] == "mozilla"
    client.create_bucket(id="mozilla", if_not_exists=True)
    client.update_collection(id="payments", data={"secret": "psst"})
    client.patch_collection(id="payments", data={"more": True})
    collection = client.get_collection(id="payments")["data"]
    assert (collection["secret"], collection["more"]) == ("psst", True)
    group = client.create_group(id="payers", data={"members": ["blah"]})
    assert group["data"]["members"] == ["blah"]
    client.patch_group(id="payers", data={"members": ["blah", "foo"]})
    assert client.get_group(id="payers")["data"]["members"] == ["blah", "foo"]
    client.delete_group(id="payers")
    assert client.get_groups() == []
    with pytest.raises(CollectionNotFound):
        client.get_collection(id="not-there")  # clients C-46
    with pytest.raises(BucketNotFound):
        client.get_bucket(id="not-mine")  # clients C-27
    assert client.delete_bucket(id="mozilla")["deleted"] is True  # clients C-42


def test_records_are_written_patched_shared_and_deleted(client: Any) -> None:  # noqa: ANN401  see above
    created = client.create_record(
        data={"foo": "bar", "name": "renée"}, permissions={"read": ["system.Everyone"]}
    )
    id_ = created["data"]["id"]
    assert created["permissions"]["read"] == ["system.Everyone"]
    changes = [{"op": "add", "path": "/data/goodnight", "value": "moon"}]
    changes.append({"op": "add", "path": "/permissions/read/alice"})
    client.patch_record(id=id_, changes=JSONPatch(changes))  # clients C-45
    client.patch_record(id=id_, changes=MergePatch({"foo": None}))
    client.patch_record(id=id_, changes=BasicPatch({"bar": "foo"}))
    record = client.get_record(id=id_)
    assert set(record["permissions"]["read"]) == {"alice", "system.Everyone"}
    data = {key: record["data"].get(key) for key in ("goodnight", "bar", "foo", "name")}
    assert data == {"goodnight": "moon", "bar": "foo", "foo": None, "name": "renée"}
    anonymous = Client(server_url=client.session.server_url, bucket="mozilla")
    assert anonymous.get_record(id=id_, collection="payments")["data"]["bar"] == "foo"
    with pytest.raises(KintoException) as stale:
        client.delete_record(id=id_, if_match=record["data"]["last_modified"] - 1)
    assert stale.value.response.status_code == 412  # clients C-51
    client.delete_record(id=id_, if_match=record["data"]["last_modified"])
    with pytest.raises(KintoException) as gone:
        client.delete_record(id=id_, if_match=record["data"]["last_modified"])
    assert gone.value.response.status_code == 404  # clients C-54


def test_lists_come_in_pages_filtered_and_newest_first(client: Any) -> None:  # noqa: ANN401  see above
    for number in range(10):
        client.create_record(data={"number": number, "odd": bool(number % 2)})
    records = client.get_records()  # two pages of five, clients C-61
    assert [one["number"] for one in records] == list(range(9, -1, -1))  # clients C-56
    assert len(list(client.get_paginated_records())) == 2
    found = client.get_records(min_number=4, odd="true", _sort="number")
    assert [one["number"] for one in found] == [5, 7, 9]
    since = client.get_records_timestamp()
    assert since == records[0]["last_modified"] or since == str(records[0]["last_modified"])
    client.delete_record(id=records[3]["id"])
    changes = client.get_records(_since=since)
    assert [(one["id"], one["deleted"]) for one in changes] == [(records[3]["id"], True)]
    assert len(client.delete_records()) == 5  # a page: deletions come in pages too
    client.delete_records()
    assert client.get_records() == []


def test_batches_are_split_and_their_failures_are_told(client: Any) -> None:  # noqa: ANN401  see above
    with client.batch() as batch:  # more than 25: clients C-4, C-64
        for number in range(60):
            batch.create_record(id=f"n{number}", data={"number": number})
    assert len(client.get_records()) == 60
    requests_ = [
        {"method": "PUT", "path": "/buckets/mozilla/collections/payments/records/n1",
         "headers": {"If-None-Match": "*"}},
        {"method": "GET", "path": "/buckets/mozilla/collections/payments/records/missing"},
        {"method": "PUT", "path": "/buckets/mozilla/collections/payments/records/new"},
        {"method": "GET", "path": "/buckets/mozilla/collections/payments/records/new"},
    ]  # fmt: skip
    answer, _ = client.session.request("post", "/batch", payload={"requests": requests_})
    statuses = [one["status"] for one in answer["responses"]]
    assert statuses == [412, 404, 201, 200]  # clients C-67, C-68


def test_permissions_of_the_user_are_listed(client: Any) -> None:  # noqa: ANN401  see above
    entries, _ = client.session.request("get", "/permissions", params={"_sort": "id"})
    uris = {one["uri"]: one for one in entries["data"]}
    assert set(uris) == {"/", "/buckets/mozilla", "/buckets/mozilla/collections/payments"}
    assert "bucket:create" in uris["/"]["permissions"]  # clients C-84


def javascript_results(server: RunningServer, folder: str) -> dict[str, Any]:
    """What the JavaScript client found, by the names of its steps."""
    done = subprocess.run(
        ["node", str(SCRIPT), server.url],
        env={**os.environ, "NODE_PATH": str(Path(folder) / "node_modules")},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    results: dict[str, Any] = json.loads(done.stdout)
    return results


if JAVASCRIPT:

    def test_the_javascript_client_works(server: RunningServer) -> None:
        assert javascript_results(server, JAVASCRIPT) == {
            "user": True, "created": 30, "pages": 30, "since": 2, "conflict": 412,
            "patched": "moon", "permissions": True, "batch": [201, 404, 200],
            "published": 3, "pulled": 3, "resolved": "server", "removed": True,
        }  # fmt: skip
