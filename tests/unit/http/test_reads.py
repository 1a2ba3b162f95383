"""Which answers are announced as reads, and with which content."""

from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import pytest
import webtest

from kinto_core.errors import Refused
from kinto_core.events.event import ResourceRead
from kinto_core.hookspecs import hookimpl
from kinto_core.testing import make_app
from kinto_core.testing.recorder import HookRecorder

RECORDS = "/v1/buckets/b/collections/c/records"
PATH = RECORDS.removeprefix("/v1")


@pytest.fixture
def client() -> Iterator[webtest.TestApp]:
    """Alice on a server with one record."""
    with closing(make_app()) as app:
        client = webtest.TestApp(app)
        client.authorization = ("Basic", ("alice", "secret"))
        for path in ("/v1/buckets/b", "/v1/buckets/b/collections/c", f"{RECORDS}/r"):
            client.put_json(path, {"data": {"n": 1} if path.endswith("r") else {}})
        yield client


@pytest.fixture
def recorder(client: webtest.TestApp) -> HookRecorder:
    """What that server announces from now on."""
    recorder = HookRecorder()
    client.app.registry.site.server.plugins.add(recorder, "recorder")
    return recorder


def reads(recorder: HookRecorder) -> list[ResourceRead]:
    """The reads that were announced."""
    return [call.event for call in recorder.calls if isinstance(call.event, ResourceRead)]


Request = Callable[[webtest.TestApp], Any]


@pytest.mark.parametrize(
    ("request_", "uri", "fields"),
    [
        (lambda client: client.get(f"{RECORDS}/r"), f"{PATH}/r", [["n", "id", "last_modified"]]),
        (lambda client: client.head(f"{RECORDS}/r"), f"{PATH}/r", [["n", "id", "last_modified"]]),
        (
            lambda client: client.get(f"{RECORDS}/r?_fields=x"),
            f"{PATH}/r",
            [["id", "last_modified"]],
        ),
        (lambda client: client.get(RECORDS), PATH, [["n", "id", "last_modified"]]),
        (lambda client: client.get(f"{RECORDS}?_fields=id"), PATH, [["id", "last_modified"]]),
        (lambda client: client.head(RECORDS), PATH, []),
        (lambda client: client.delete(f"{RECORDS}?n=2"), PATH, []),
        (
            lambda client: client.post_json(RECORDS, {"data": {"id": "r", "n": 9}}),
            PATH,
            [["n", "id", "last_modified"]],
        ),
    ],
)
def test_what_is_served_is_announced(
    client: webtest.TestApp,
    recorder: HookRecorder,
    request_: Request,
    uri: str,
    fields: list[list[str]],
) -> None:  # events E-10, E-15 to E-21
    request_(client)
    assert recorder.texts == ["resource_read read record"]
    (event,) = reads(recorder)
    payload = dict(event.payload)
    assert payload.pop("user_id").startswith("basicauth:")
    assert payload.pop("timestamp") == int(client.head(RECORDS).headers["ETag"][1:-1])
    ids = {"record_id": "r"} if uri.endswith("/r") else {}
    expected = {"action": "read", "uri": uri, "resource_name": "record"}
    assert payload == expected | {"bucket_id": "b", "collection_id": "c"} | ids
    assert [sorted(one) for one in event.read_objects] == [sorted(names) for names in fields]


def test_a_read_carries_the_timestamp_of_the_list(
    client: webtest.TestApp, recorder: HookRecorder
) -> None:  # events E-18
    latest = client.put_json(f"{RECORDS}/s", {"data": {}}).json["data"]["last_modified"]
    client.get(f"{RECORDS}/r")
    (event,) = reads(recorder)
    assert event.payload["timestamp"] == latest > event.read_objects[0]["last_modified"]


def test_operations_of_a_batch_are_announced(
    client: webtest.TestApp, recorder: HookRecorder
) -> None:  # events E-10, E-70
    paths = [f"{RECORDS}/r", f"{RECORDS}/none", RECORDS]
    client.post_json("/v1/batch", {"requests": [{"path": path} for path in paths]})
    assert [event.payload["uri"] for event in reads(recorder)] == [f"{PATH}/r", PATH]


def test_errors_and_changes_are_no_reads(
    client: webtest.TestApp, recorder: HookRecorder
) -> None:  # events E-14
    answer = client.get(f"{RECORDS}/r")
    recorder.clear()
    client.get(f"{RECORDS}/r", headers={"If-None-Match": answer.headers["ETag"]}, status=304)
    client.get(f"{RECORDS}/none", status=404)
    client.post_json(RECORDS, {"data": {"id": "new"}}, status=201)
    client.delete(RECORDS)
    assert reads(recorder) == []


def test_a_plugin_refuses_a_read(client: webtest.TestApp) -> None:
    class Refuser:
        @hookimpl
        def resource_read(self) -> None:
            message = "not today"
            raise Refused(message)

    client.app.registry.site.server.plugins.add(Refuser(), "refuser")
    assert client.get(f"{RECORDS}/r", status=403).json["message"] == "not today"
