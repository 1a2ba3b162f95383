"""The log of deliveries over HTTP, and what can be done about them."""

from collections.abc import Iterator

import pytest

from kinto_core.testing.consuming import deliver_pending
from tests.plugins.webhook.receiver import Receiver, Say
from tests.plugins.webhook.rig import HOOK, SECRET, Site


@pytest.fixture
def hooked(site: Site, receiver: Receiver) -> Site:
    """A site with a webhook."""
    site.hook(receiver.url())
    return site


def test_a_ping_is_delivered(hooked: Site, receiver: Receiver) -> None:
    found = hooked.post(f"{HOOK}/ping")
    hooked.work()
    (got,) = receiver.got
    assert (got.id, got.data["type"]) == (found["id"], "webhook.ping")
    assert got.data["data"] == {"webhook": HOOK}


@pytest.mark.parametrize("kind", ["record.created", "group.updated", "collection.deleted"])
def test_a_test_message_says_that_it_is_one(hooked: Site, receiver: Receiver, kind: str) -> None:
    hooked.post(f"{HOOK}/test", {"type": kind})
    hooked.work()
    (got,) = receiver.got
    assert got.data["type"] == kind
    assert got.data["data"]["test"] is True
    assert ("old" in got.data["data"]["impacted"][0]) is (kind != "record.created")


def test_pages_follow_each_other(hooked: Site) -> None:
    hooked.write(5)
    deliver_pending(hooked.server)
    url, seen = f"/v1{HOOK}/deliveries?_limit=2", []
    while url:
        response = hooked.client.get(url)
        seen += [one["created"] for one in response.json["data"]]
        url = response.headers.get("Next-Page", "")
    assert len(seen) == 5
    assert seen == sorted(seen, reverse=True)


def test_deliveries_are_found_by_state(hooked: Site, receiver: Receiver) -> None:
    receiver.script = lambda _: Say(
        200, {"webhook-delivery": "abort-message" if len(receiver.got) == 1 else ""}
    )
    hooked.write(3)
    hooked.work()
    counts = {
        state: len(hooked.get(f"{HOOK}/deliveries?state={state}"))
        for state in ("pending", "succeeded", "failed", "skipped")
    }
    assert counts == {"pending": 0, "succeeded": 2, "failed": 1, "skipped": 0}


def test_an_answer_is_kept_up_to_16_kib(hooked: Site, receiver: Receiver) -> None:
    receiver.script = lambda _: Say(200, body=b"\0\xff" + b"x" * 20_000)
    hooked.write(1)
    hooked.work()
    (attempt,) = hooked.get(f"{HOOK}/deliveries/{receiver.got[0].id}")["attempts"]
    assert attempt["body"] == "\ufffd\ufffd" + "x" * (16 * 1024 - 2)
    assert attempt["result"] == "success"


@pytest.mark.parametrize(
    ("path", "body", "name"),
    [
        ("test", {"type": "x.y"}, "type"),
        ("replay", {}, "since"),
        ("replay", {"since": "yesterday"}, "since"),
        ("replay", {"since": True}, "since"),
        ("rotate", {}, "secret"),
        ("rotate", {"secret": "hunter2"}, "secret"),
        ("rotate", [], ""),
    ],
)
def test_faulty_bodies_are_refused(
    hooked: Site, path: str, body: dict[str, object], name: str
) -> None:
    answer = hooked.client.post_json(f"/v1{HOOK}/{path}", body, status=400).json
    assert answer["details"][0]["name"] == name
    assert "hunter2" not in str(answer)


@pytest.mark.parametrize("query", ["_limit=x", "_before=-1", "state=lost", "_before=" + "9" * 30])
def test_faulty_queries_are_refused(hooked: Site, query: str) -> None:
    hooked.client.get(f"/v1{HOOK}/deliveries?{query}", status=400)


def test_what_is_not_there_is_not_found(hooked: Site) -> None:
    client = hooked.client
    client.get(f"/v1{HOOK}/deliveries/unknown", status=404)
    client.post_json(f"/v1{HOOK}/deliveries/unknown/resend", {}, status=404)
    client.post_json("/v1/buckets/blog/webhooks/unknown/ping", {}, status=404)
    client.get("/v1/buckets/nowhere/webhooks/unknown/deliveries", status=403)


def test_methods_are_those_that_make_sense(hooked: Site) -> None:
    hooked.client.get(f"/v1{HOOK}/ping", status=405)
    hooked.client.post_json(f"/v1{HOOK}/deliveries", {}, status=405)


@pytest.fixture
def personal() -> Iterator[Site]:
    """A site with personal buckets."""
    found = Site({"includes": "webhook default_bucket"})
    yield found
    found.close()


def test_personal_buckets_have_webhooks_too(personal: Site, receiver: Receiver) -> None:
    uri = "/buckets/default/webhooks/mine"
    personal.put(uri, {"url": receiver.url(), "secret": SECRET, "resources": ["record"]})
    personal.put("/buckets/default/collections/tasks/records/x", {"a": 1})
    bucket = personal.client.get("/v1/").json["user"]["bucket"]
    personal.work(uri.replace("default", bucket))
    assert receiver.got[0].data["data"]["bucket_id"] == bucket
    personal.post(f"{uri}/ping")
    assert [one["type"] for one in personal.deliveries(uri)] == ["webhook.ping", "record.created"]


def test_the_plugin_announces_itself(hooked: Site) -> None:
    root = hooked.client.get("/v1/").json
    assert root["capabilities"]["webhook"]["max_payload_bytes"] == 262144
    assert hooked.client.get("/v1/__heartbeat__").json["webhook"] is True


def test_the_heartbeat_fails_when_nobody_delivers(hooked: Site) -> None:
    hooked.write(1)
    deliver_pending(hooked.server)
    now = hooked.server.clock()
    hooked.server.clock = lambda: now + 700_000
    assert hooked.client.get("/v1/__heartbeat__", status=503).json["webhook"] is False
    hooked.work()
    assert hooked.client.get("/v1/__heartbeat__").json["webhook"] is True
