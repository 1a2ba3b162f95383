"""The alias of a personal bucket."""

from collections.abc import Iterator

import pytest
import webtest

from kinto_core.builtin.default_bucket import bucket_id
from kinto_core.http.site import Site
from kinto_core.testing import make_app
from kinto_core.testing.recorder import HookRecorder

D = "/v1/buckets/default"


@pytest.fixture
def app() -> Iterator[webtest.TestApp]:
    """A server with the alias; its caller is alice."""
    router = make_app({"includes": "default_bucket", "default_bucket_hmac_secret": "salt"})
    client = webtest.TestApp(router)
    client.authorization = ("Basic", ("alice", "pw"))
    yield client
    router.close()


def test_ids_depend_on_the_secret_and_the_user(app: webtest.TestApp) -> None:
    site: Site = app.app.registry.site
    alice = "basicauth:0c5fad3e46f7ebbee6d61626cd1b437b3e887bf7eaac2a6d6505d1745b76b1d7"
    assert bucket_id(site, alice) == "c0e113dc-5c2f-f046-06ae-63bd9cb2ebcd"  # protocol D-3
    assert bucket_id(site, alice + "x") != bucket_id(site, alice)


def test_events_come_in_order_with_real_ids(app: webtest.TestApp) -> None:
    recorder = HookRecorder()
    app.app.registry.site.server.plugins.add(recorder, "recorder")
    app.post_json(f"{D}/collections/c/records", {"data": {"x": 1}})
    created = [event.resource_name for event in recorder.events()]
    assert created == ["bucket", "collection", "record"]  # protocol D-14
    real = app.get("/v1/").json["user"]["bucket"]
    assert {event.payload["bucket_id"] for event in recorder.events()} == {real}


def test_what_exists_is_not_created_again(app: webtest.TestApp) -> None:
    app.put_json(f"{D}/collections/c", {"data": {"x": 1}})
    recorder = HookRecorder()
    app.app.registry.site.server.plugins.add(recorder, "recorder")
    assert app.get(f"{D}/collections/c").json["data"]["x"] == 1
    app.get(f"{D}/collections/c/records")
    assert recorder.events() == []


def test_a_put_on_the_bucket_creates_it_itself(app: webtest.TestApp) -> None:
    answer = app.put_json(D, {"data": {"id": "default", "x": "default"}}, status=201)
    assert answer.json["data"]["x"] == "default"  # protocol D-5, D-9


@pytest.mark.parametrize("body", [b"{", b'{"data":"default"}', b'["default"]'])
def test_odd_bodies_are_left_alone(app: webtest.TestApp, body: bytes) -> None:
    answer = app.put(D, body, content_type="application/json", status=400)
    assert answer.json["errno"] == 107


def test_similar_paths_are_no_alias(app: webtest.TestApp) -> None:
    app.get("/v1/buckets/default2", status=403)  # protocol D-11
    app.get("/v1/default", status=404)
