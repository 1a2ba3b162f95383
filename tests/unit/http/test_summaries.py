"""What is logged about requests and about the operations of a batch."""

import logging
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
import webtest

from kinto_core.events.event import ResourceChanged
from kinto_core.hookspecs import hookimpl
from kinto_core.logs import REQUESTS, SUBREQUESTS, request_id
from kinto_core.testing import make_app

ALWAYS = {"path", "method", "rid", "errno", "time", "code", "t"}
OURS = {
    *ALWAYS,
    *("agent", "lang", "querystring", "uid", "authn_type", "batch_size"),
    *("headers", "body", "response"),
}


@pytest.fixture
def client() -> Iterator[webtest.TestApp]:
    """A client of an empty server."""
    with closing(make_app()) as app:
        yield webtest.TestApp(app)


def entries(caplog: pytest.LogCaptureFixture, logger: logging.Logger) -> list[dict[str, Any]]:
    """The fields of what a logger said."""
    return [
        {key: value for key, value in vars(record).items() if key in OURS}
        for record in caplog.records
        if record.name == logger.name
    ]


def test_a_request_has_one_summary(
    client: webtest.TestApp, caplog: pytest.LogCaptureFixture
) -> None:  # settings S-188 to S-201
    caplog.set_level(logging.INFO)
    client.authorization = ("Basic", ("alice", "secret"))
    headers = {"User-Agent": "ua/1", "Accept-Language": "fr", "X-Request-Id": "abc123"}
    client.get("/v1/buckets?a=1&a=%C3%A9&b=x", headers=headers)
    (entry,) = entries(caplog, REQUESTS)
    assert entry.pop("time")
    assert entry.pop("t") >= 0
    assert len(entry.pop("uid")) == 64
    assert entry == {
        "agent": "ua/1",
        "path": "/v1/buckets",
        "method": "GET",
        "lang": "fr",
        "rid": "abc123",
        "errno": 0,
        "querystring": {"a": "é", "b": "x"},
        "authn_type": "basicauth",
        "code": 200,
    }


@pytest.mark.parametrize(
    ("url", "code", "errno"),
    [
        ("/v1/buckets/none", 401, 104),
        ("/v1/nothing", 404, 111),
        ("/v1/buckets?a=%FF", 400, 107),
        ("/v1/buckets/%FF", 400, 107),
        ("/buckets", 307, 0),
    ],
)
def test_an_error_shows_its_number(
    client: webtest.TestApp, caplog: pytest.LogCaptureFixture, url: str, code: int, errno: int
) -> None:  # settings S-194, SW-18
    caplog.set_level(logging.INFO)
    client.get(url, status=code)
    (entry,) = entries(caplog, REQUESTS)
    assert entry.keys() == ALWAYS
    assert (entry["code"], entry["errno"]) == (code, errno)


def test_operations_of_a_batch_have_summaries_too(
    client: webtest.TestApp, caplog: pytest.LogCaptureFixture
) -> None:  # settings S-198, S-203, SW-19
    caplog.set_level(logging.INFO)
    client.authorization = ("Basic", ("alice", "secret"))
    requests = [
        {"method": "PUT", "path": "/buckets/b"},
        {"path": "/v1/buckets/b?_fields=id"},
        {"path": "/nothing?a=é☃", "headers": {"Authorization": "none"}},
    ]
    client.post_json("/v1/batch", {"requests": requests})
    (whole,) = entries(caplog, REQUESTS)
    parts = entries(caplog, SUBREQUESTS)
    assert (whole["path"], whole["batch_size"], whole["code"]) == ("/v1/batch", 3, 200)
    assert [(one["method"], one["path"], one["code"], one["errno"]) for one in parts] == [
        ("PUT", "/v1/buckets/b", 201, 0),
        ("GET", "/v1/buckets/b", 200, 0),
        ("GET", "/v1/nothing", 404, 111),
    ]
    assert [one.get("uid") for one in parts] == [whole["uid"], whole["uid"], None]
    assert [one.get("querystring") for one in parts] == [None, {"_fields": "id"}, {"a": "é☃"}]
    assert {one["rid"] for one in parts} == {whole["rid"]}


def test_answers_are_logged_when_debugging(
    client: webtest.TestApp, caplog: pytest.LogCaptureFixture
) -> None:  # settings S-202
    caplog.set_level(logging.DEBUG)
    client.get("/v1/__lbheartbeat__", headers={"X-Colour": "red"})
    (entry,) = entries(caplog, REQUESTS)
    assert entry["headers"]["x-colour"] == "red"
    assert entry["response"]["body"] == "{}"
    assert entry["response"]["headers"]["Content-Type"] == "application/json"


def test_nothing_is_said_when_nobody_listens(
    client: webtest.TestApp, caplog: pytest.LogCaptureFixture
) -> None:  # settings S-188
    caplog.set_level(logging.WARNING)
    client.post_json("/v1/batch", {"requests": [{"path": "/"}]})
    assert caplog.records == []


def test_everything_that_happens_knows_its_request(
    client: webtest.TestApp, caplog: pytest.LogCaptureFixture
) -> None:  # settings S-186, S-193, SW-19
    caplog.set_level(logging.INFO)
    seen: list[str | None] = []

    class Observer:
        @hookimpl
        def resource_changed(self, event: ResourceChanged) -> None:
            seen.extend((request_id.get(), event.request_id))

    client.app.registry.site.server.plugins.add(Observer(), "observer")
    client.authorization = ("Basic", ("alice", "secret"))
    client.put_json("/v1/buckets/b", {"data": {}})
    (entry,) = entries(caplog, REQUESTS)
    assert seen == [entry["rid"]] * 2
    assert request_id.get() is None
