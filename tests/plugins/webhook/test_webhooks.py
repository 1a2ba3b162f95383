"""Webhooks as objects: what may be written, and what nobody ever reads."""

import base64
from typing import Any

import pytest

from kinto_core import json
from kinto_core.testing.consuming import deliver_pending
from kinto_webhook import sql_endpoints
from kinto_webhook.sql_endpoints import EndpointRow
from tests.plugins.webhook.receiver import Receiver
from tests.plugins.webhook.rig import ARTICLES, HOOK, OTHER_SECRET, SECRET, Site, client_of

URL = "https://example.com/hook"
TOKEN = "Bearer s3cret-t0ken"


def row_of(site: Site, uri: str = HOOK) -> EndpointRow | None:
    """What is known of a webhook besides its object."""
    with site.server.storage.database.reading() as connection:
        return sql_endpoints.find(connection, uri)


def refused(site: Site, **fields: Any) -> list[str]:  # noqa: ANN401  fields
    """The names that are at fault in a webhook that cannot be written."""
    data = {"url": URL, "secret": SECRET, **fields}
    answer = site.client.put_json(f"/v1{HOOK}", {"data": data}, status=400).json
    return [one["name"] for one in answer["details"]]


def test_a_webhook_is_an_object_like_any_other(site: Site) -> None:
    made = site.hook(URL, description="mine")
    assert made == {
        "id": "hook",
        "last_modified": made["last_modified"],
        "url": URL,
        "resources": ["record"],
        "description": "mine",
        "header_names": [],
        "enabled": True,
        "owner": made["owner"],
    }
    assert site.get("/buckets/blog/webhooks") == [made]
    headers = {"If-None-Match": f'"{made["last_modified"]}"'}
    site.client.get(f"/v1{HOOK}", headers=headers, status=304)


def test_no_secret_is_ever_shown(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    seen: list[str] = []
    client = site.client
    fields = {"url": URL, "secret": SECRET, "headers": {"Authorization": TOKEN}}
    seen.append(client.put_json(f"/v1{HOOK}", {"data": fields}).text)
    seen.append(client.post_json("/v1/buckets/blog/webhooks", {"data": fields}).text)
    for behavior in ("full", "light", "diff"):
        change = {"secret": OTHER_SECRET, "headers": {"Authorization": TOKEN}, "x": behavior}
        response = client.patch_json(
            f"/v1{HOOK}", {"data": change}, headers={"Response-Behavior": behavior}
        )
        seen.append(response.text)
    patches = [{"op": "add", "path": "/data/secret", "value": SECRET}]
    seen.append(
        client.patch(
            f"/v1{HOOK}", json.dumps(patches), content_type="application/json-patch+json"
        ).text
    )
    requests = [{"method": "PUT", "path": HOOK, "body": {"data": fields}}]
    seen.append(client.post_json("/v1/batch", {"requests": requests}).text)
    stale = {"If-Match": '"1"'}
    seen.append(client.put_json(f"/v1{HOOK}", {"data": fields}, headers=stale, status=412).text)
    seen.append(client.post_json(f"/v1{HOOK}/rotate", {"secret": OTHER_SECRET}).text)
    seen.append(client.get("/v1/buckets/blog/webhooks?secret=x").text)
    seen.append(client.get(f"/v1{HOOK}/deliveries").text)
    log = site.server.event_log
    assert log is not None
    with log.database.reading() as connection:
        seen += [event.text for event in log.read(connection, 0)]
    seen += [client.delete(f"/v1{HOOK}").text, caplog.text, repr(row_of(site))]
    for text in seen:
        for secret in (SECRET, OTHER_SECRET, TOKEN):
            assert secret not in text


def test_a_secret_cannot_be_guessed_with_filters(site: Site) -> None:
    site.hook(URL)
    assert site.client.get(f"/v1/buckets/blog/webhooks?secret={SECRET}").json["data"] == []
    found = site.client.get("/v1/buckets/blog/webhooks?has_secret=true").json["data"]
    assert found == []


def test_a_new_webhook_needs_a_secret(site: Site) -> None:
    data = {"data": {"url": URL}}
    answer = site.client.put_json(f"/v1{HOOK}", data, status=400).json
    assert answer["details"][0]["name"] == "secret"


def test_a_webhook_keeps_its_secret_and_headers_when_it_is_replaced(site: Site) -> None:
    site.hook(URL, headers={"X-Token": "t"})
    changed = site.put(HOOK, {"url": URL, "thin": True})
    row = row_of(site)
    assert row is not None
    assert (row.secret, json.parse(row.headers)) == (SECRET, {"X-Token": "t"})
    assert changed["header_names"] == ["X-Token"]


def test_headers_are_not_sent_to_another_url_than_they_were_given_for(
    site: Site, receiver: Receiver
) -> None:
    site.hook(receiver.url("/mine"), headers={"X-Token": TOKEN})
    site.write(1)
    site.work()
    change = {"data": {"url": receiver.url("/other")}}
    assert site.client.patch_json(f"/v1{HOOK}", change).json["data"]["header_names"] == []
    site.write(1, start=1)
    site.work()
    assert [got.headers.get("x-token") for got in receiver.got] == [TOKEN, None]


def test_a_webhook_of_a_former_name_inherits_nothing(site: Site, receiver: Receiver) -> None:
    site.hook(receiver.url())
    site.write(1)
    deliver_pending(site.server)
    site.client.delete(f"/v1{HOOK}")
    assert row_of(site) is None
    site.client.put_json(f"/v1{HOOK}", {"data": {"url": URL}}, status=400)
    site.hook(receiver.url(), secret=OTHER_SECRET)
    assert site.deliveries() == []


def test_a_deleted_bucket_takes_its_secrets_along(site: Site) -> None:
    site.put("/buckets/blog2")
    site.hook(URL)
    site.hook(URL, uri="/buckets/blog2/webhooks/other")
    site.client.delete("/v1/buckets/blog")
    assert row_of(site) is None
    assert row_of(site, "/buckets/blog2/webhooks/other") is not None
    site.server.flush()
    assert row_of(site, "/buckets/blog2/webhooks/other") is None


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("url", None),
        ("url", 5),
        ("url", "example.com"),
        ("url", "https://user:password@example.com"),
        ("url", "http://10.0.0.1/"),
        ("url", "https://169.254.169.254/latest/meta-data"),
        ("url", "https://[::1]/"),
        ("secret", None),
        ("secret", "hunter2"),
        ("secret", "whsec_" + base64.b64encode(b"short").decode()),
        ("actions", ["read"]),
        ("actions", ["created"]),
        ("actions", "create"),
        ("resources", "record"),
        ("resources", [1]),
        ("collections", {}),
        ("enabled", "yes"),
        ("thin", 1),
        ("fifo", None),
        ("concurrency", 0),
        ("concurrency", 65),
        ("concurrency", True),
        ("concurrency", 1.5),
        ("headers", ["a"]),
        ("headers", {f"x-{number}": "" for number in range(21)}),
    ],
)
def test_a_faulty_field_is_named(site: Site, field: str, value: Any) -> None:  # noqa: ANN401  JSON
    (name,) = refused(site, **{field: value})
    assert name.removeprefix("data.") == field


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Host", "example.com"),
        ("content-length", "5"),
        ("Transfer-Encoding", "chunked"),
        ("connection", "close"),
        ("Cookie", "a=b"),
        ("webhook-id", "x"),
        ("Webhook-Signature", "x"),
        ("a b", "x"),
        ("", "x"),
        ("x", "a\r\nb: c"),
        ("x", "a\nb"),
        ("x", "\u00e9"),
        ("x", "y" * 5000),
        ("x", 5),
    ],
)
def test_a_header_that_is_not_for_webhooks_is_refused(site: Site, name: str, value: Any) -> None:  # noqa: ANN401  JSON
    assert refused(site, headers={name: value}) == [f"data.headers.{name}"]


def test_http_needs_the_operators_consent() -> None:
    strict = Site({"webhook.allow_http": "false"})
    data = {"url": "http://example.com/", "secret": SECRET}
    answer = strict.client.put_json(f"/v1{HOOK}", {"data": data}, status=400).json
    strict.close()
    assert "https://" in answer["details"][0]["description"]


def test_what_the_server_owns_cannot_be_forged(site: Site) -> None:
    made = site.hook(URL, owner="basicauth:root", header_names=["x"], disabled_reason="because")
    assert made["owner"].startswith("basicauth:")
    assert made["owner"] != "basicauth:root"
    assert made["header_names"] == []
    assert "disabled_reason" not in made


def test_a_bucket_has_so_many_webhooks_and_no_more() -> None:
    site = Site({"webhook.max_per_bucket": "2"})
    site.put("/buckets/blog2")
    for bucket in ("blog", "blog2"):
        for number in range(2):
            site.hook(URL, uri=f"/buckets/{bucket}/webhooks/{number}")
    data = {"data": {"url": URL, "secret": SECRET}}
    answer = site.client.put_json(f"/v1{HOOK}", data, status=400).json
    assert "webhook.max_per_bucket" in answer["message"]
    site.hook(URL, uri="/buckets/blog/webhooks/1", thin=True)
    site.client.delete("/v1/buckets/blog/webhooks/1")
    site.hook(URL)
    site.close()


def test_webhooks_are_for_those_who_may_write_the_bucket(site: Site) -> None:
    bob = client_of(site.app, "bob")
    data = {"data": {"url": URL, "secret": SECRET}}
    bob.put_json(f"/v1{HOOK}", data, status=403)
    site.hook(URL)
    bob.get(f"/v1{HOOK}", status=403)
    bob.get(f"/v1{HOOK}/deliveries", status=403)
    for action in ("ping", "test", "replay", "rotate"):
        bob.post_json(f"/v1{HOOK}/{action}", {}, status=403)
    identity = bob.get("/v1/").json["user"]["id"]
    site.client.patch_json("/v1/buckets/blog", {"permissions": {"read": [identity]}})
    bob.get(f"/v1{HOOK}")
    bob.get(f"/v1{HOOK}/deliveries", status=403)


def test_a_rotation_keeps_the_former_secret_for_a_day(site: Site, receiver: Receiver) -> None:
    site.hook(receiver.url())
    site.post(f"{HOOK}/rotate", {"secret": OTHER_SECRET})
    row = row_of(site)
    assert row is not None
    assert (row.secret, row.former_secret) == (OTHER_SECRET, SECRET)
    site.write(1)
    site.work()
    now = site.server.clock()
    assert row.former_until - now <= 86_400_000
    site.server.clock = lambda: now + 86_500_000
    site.write(1, start=1)
    site.work()
    counts = [len(got.headers["webhook-signature"].split()) for got in receiver.got]
    assert counts == [2, 1]


def test_a_webhook_hears_of_its_own_bucket_only(site: Site, receiver: Receiver) -> None:
    site.put("/buckets/other")
    site.put("/buckets/other/collections/articles")
    site.hook(receiver.url())
    site.put("/buckets/other/collections/articles/records/x")
    site.put(f"{ARTICLES}/y")
    site.work()
    assert [got.data["data"]["uri"] for got in receiver.got] == [f"{ARTICLES}/y"]


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({}, ["record.created", "record.updated"]),
        ({"actions": ["update"]}, ["record.updated"]),
        ({"resources": ["collection"]}, []),
        ({"collections": ["art*"]}, ["record.created", "record.updated"]),
        ({"collections": ["b*"]}, []),
    ],
)
def test_a_webhook_gets_what_it_asks_for(
    site: Site, receiver: Receiver, filters: dict[str, Any], expected: list[str]
) -> None:
    site.hook(receiver.url(), **filters)
    site.put(f"{ARTICLES}/x", {"a": 1})
    site.put(f"{ARTICLES}/x", {"a": 2})
    site.work()
    assert [got.data["type"] for got in receiver.got] == expected
