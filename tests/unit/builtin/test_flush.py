"""``POST /__flush__``."""

from collections.abc import Iterator

import pytest
import webtest

from kinto_core.testing import make_app
from kinto_core.testing.recorder import HookRecorder


@pytest.fixture
def app() -> Iterator[webtest.TestApp]:
    """A server with the endpoint."""
    router = make_app({"includes": "flush"})
    client = webtest.TestApp(router)
    client.authorization = ("Basic", ("alice", "pw"))
    yield client
    router.close()


def test_everything_is_erased(app: webtest.TestApp) -> None:
    app.put_json("/v1/buckets/b", {"permissions": {"read": ["system.Everyone"]}})
    app.put_json("/v1/buckets/b/groups/g", {"data": {"members": ["system.Authenticated"]}})
    app.authorization = None
    answer = app.post("/v1/__flush__")  # anybody may
    assert (answer.status_int, answer.json) == (202, {})
    app.get("/v1/buckets/b", status=401)
    app.authorization = ("Basic", ("alice", "pw"))
    assert app.get("/v1/buckets").json["data"] == []
    assert "/buckets/b/groups/g" not in app.get("/v1/").json["user"]["principals"]


def test_the_server_works_on(app: webtest.TestApp) -> None:
    app.post("/v1/__flush__")
    app.put_json("/v1/buckets/b", {}, status=201)
    assert [one["id"] for one in app.get("/v1/buckets").json["data"]] == ["b"]


def test_plugins_are_told(app: webtest.TestApp) -> None:
    recorder = HookRecorder()
    app.app.registry.site.server.plugins.add(recorder, "recorder")
    app.post("/v1/__flush__")
    assert recorder.texts == ["server_flushed"]


def test_other_methods_are_refused(app: webtest.TestApp) -> None:
    app.get("/v1/__flush__", status=405)
    assert "flush_endpoint" in app.get("/v1/").json["capabilities"]


def test_it_is_off_by_default() -> None:
    router = make_app()
    webtest.TestApp(router).post("/v1/__flush__", status=404)
    router.close()
