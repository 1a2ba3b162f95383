"""Several requests in one, in one transaction."""

from typing import Any

import webtest

from kinto_core.errors import BackendUnavailable, ConstraintViolated, Refused
from kinto_core.events.event import ResourceChanged
from kinto_core.hookspecs import hookimpl
from kinto_core.testing.recorder import HookRecorder

R = "/buckets/b/collections/c/records"
BLOG = [
    {"method": "PUT", "path": "/buckets/b"},
    {"method": "PUT", "path": "/buckets/b/collections/c"},
]


def batch(app: webtest.TestApp, *requests: dict[str, Any], status: int = 200) -> Any:  # noqa: ANN401  JSON
    """The answer to a batch."""
    return app.post_json("/v1/batch", {"requests": list(requests)}, status=status).json


def put(name: str, **data: object) -> dict[str, Any]:
    """A request that writes a record."""
    return {"method": "PUT", "path": f"{R}/{name}", "body": {"data": data}}


def add(app: webtest.TestApp, plugin: object) -> None:
    """Enable a plugin."""
    app.app.registry.site.server.plugins.add(plugin, "plugin")


class FailsFor:
    """Fails for one kind of change.

    Args:
        error: to raise.
    """

    def __init__(self, error: Exception) -> None:
        self._error = error

    @hookimpl
    def resource_changed(self, event: ResourceChanged) -> None:
        """Raise for records."""
        if event.resource_name == "record":
            raise self._error


def test_one_batch_makes_one_event_of_a_kind(app: webtest.TestApp) -> None:
    batch(app, *BLOG)
    recorder = HookRecorder()
    add(app, recorder)
    batch(app, put("a"), put("b"), {"method": "DELETE", "path": f"{R}/a"})
    assert recorder.texts == [
        "resource_changed create record",
        "resource_changed delete record",
        "after_resource_changed create record",
        "after_resource_changed delete record",
    ]  # protocol N-1


def test_refused_requests_make_no_events(app: webtest.TestApp) -> None:
    batch(app, *BLOG)
    recorder = HookRecorder()
    add(app, recorder)
    batch(app, put("-bad"), put("a"), {"method": "DELETE", "path": f"{R}/none"})
    [event] = recorder.events()
    assert [change.object_id for change in event.changes] == ["a"]


def test_a_refusing_hook_undoes_the_whole_batch(app: webtest.TestApp) -> None:
    batch(app, *BLOG)
    add(app, FailsFor(Refused("not today")))
    answer = batch(app, {"method": "PUT", "path": "/buckets/q"}, put("a"), status=403)
    assert answer["message"] == "not today"  # protocol N-3
    app.get("/v1/buckets/q", status=403)


def test_a_backend_that_fails_undoes_the_whole_batch(app: webtest.TestApp) -> None:
    batch(app, *BLOG)
    add(app, FailsFor(BackendUnavailable("away")))
    answer = batch(app, {"method": "PUT", "path": "/buckets/q"}, put("a"), status=503)
    assert answer["errno"] == 201  # protocol B-20
    assert app.get(f"/v1{R}").json["data"] == []
    app.get("/v1/buckets/q", status=403)


def test_a_conflict_undoes_the_whole_batch(app: webtest.TestApp) -> None:
    batch(app, *BLOG)
    add(app, FailsFor(ConstraintViolated("twice")))
    answer = batch(app, {"method": "PUT", "path": "/buckets/q"}, put("a"), status=409)
    assert answer["errno"] == 122  # protocol W-6, E-24
    app.get("/v1/buckets/q", status=403)


def test_paths_are_decoded_and_shown_with_their_prefix(app: webtest.TestApp) -> None:
    answer = batch(app, {"path": "/buckets/%62?_fields=x"}, {"path": "/v1/"}, {"path": "/nope"})
    paths = [one["path"] for one in answer["responses"]]
    assert paths == ["/v1/buckets/b", "/v1/", "/v1/nope"]  # protocol B-16


def test_headers_of_entries(app: webtest.TestApp) -> None:
    app.put_json("/v1/buckets/b", {})
    request = {"path": "/buckets", "headers": {"Origin": "http://x.org"}}
    [one] = batch(app, request)["responses"]
    assert one["headers"]["Access-Control-Allow-Origin"] == "*"
    assert one["headers"]["Content-Type"] == "application/json"
    assert int(one["headers"]["Content-Length"]) > 0
