"""What an owner may read is asked at each attempt; and what starts afresh when it is enabled."""

from typing import Any

import pytest
from webtest import TestApp

from kinto_core.testing.consuming import deliver_pending
from kinto_webhook.deliveries import take_turn
from kinto_webhook.schedule import HOUR, MINUTE
from tests.plugins.webhook.receiver import OK, Receiver, Say
from tests.plugins.webhook.rig import ARTICLES, HOOK, SECRET, Clock, Site, client_of


class Bob:
    """A user with a webhook in alice's bucket, who may read what she lets him."""

    def __init__(self, site: Site, receiver: Receiver) -> None:
        self.client: TestApp = client_of(site.app, "bob")
        self.identity = self.client.get("/v1/").json["user"]["id"]
        self.site = site
        self.permit("/buckets/blog", **{"webhook:create": [self.identity]})
        fields = {"url": receiver.url(), "secret": SECRET, "resources": ["record"]}
        self.client.put_json(f"/v1{HOOK}", {"data": fields})

    def permit(self, uri: str, **permissions: Any) -> None:  # noqa: ANN401  lists of principals
        """Let alice change permissions."""
        self.site.client.patch_json(f"/v1{uri}", {"permissions": permissions})

    def states(self) -> list[tuple[str, str]]:
        """What became of deliveries, the latest first."""
        found = self.client.get(f"/v1{HOOK}/deliveries").json["data"]
        return [(one["state"], one["reason"]) for one in found]


@pytest.fixture
def bob(site: Site, receiver: Receiver) -> Bob:
    """See the class."""
    return Bob(site, receiver)


@pytest.mark.parametrize("way", ["record", "collection", "group"])
def test_access_that_is_lost_between_write_and_delivery_is_lost(
    site: Site, receiver: Receiver, bob: Bob, way: str
) -> None:
    uri = f"{ARTICLES}/x" if way == "record" else "/buckets/blog/collections/articles"
    group = "/buckets/blog/groups/readers"
    site.put(group, {"members": [bob.identity]})
    site.put(f"{ARTICLES}/x", {"n": 1})
    bob.permit(uri, read=[group if way == "group" else bob.identity])
    site.work()
    receiver.got.clear()
    site.put(f"{ARTICLES}/x", {"n": 2})
    deliver_pending(site.server)  # it is queued
    if way == "group":
        site.put(group, {"members": []})
    else:
        bob.permit(uri, read=[])
    site.work()
    assert receiver.got == []
    assert bob.states()[0] == ("skipped", "not-readable")


def test_access_that_is_lost_between_two_attempts_is_lost(
    site: Site, receiver: Receiver, bob: Bob
) -> None:
    receiver.script = lambda _: Say(500)
    bob.permit("/buckets/blog/collections/articles", read=[bob.identity])
    site.write(1)
    site.work()
    assert len(receiver.got) == 1
    bob.permit("/buckets/blog/collections/articles", read=[])
    clock = Clock(site)
    clock.now += MINUTE
    assert site.work() == 1
    assert len(receiver.got) == 1
    assert bob.states() == [("skipped", "not-readable")]


def test_a_resent_message_shows_no_more_than_the_owner_may_read(
    site: Site, receiver: Receiver, bob: Bob
) -> None:
    site.write(1)
    site.work()
    event_id = bob.client.get(f"/v1{HOOK}/deliveries").json["data"][0]["id"]
    bob.client.post_json(f"/v1{HOOK}/deliveries/{event_id}/resend", {})
    site.work()
    assert receiver.got == []


def test_of_deleted_objects_only_who_may_read_the_list_hears(
    site: Site, receiver: Receiver, bob: Bob
) -> None:
    site.put(f"{ARTICLES}/x", {"n": 1})
    bob.permit(f"{ARTICLES}/x", read=[bob.identity])
    site.client.delete(f"/v1{ARTICLES}/x")
    site.work()
    assert receiver.got == []


def test_enabling_restarts_the_clock_of_failures(site: Site, receiver: Receiver) -> None:
    clock = Clock(site)
    receiver.script = lambda _: Say(500)
    site.hook(receiver.url())
    site.write(1)
    site.work()
    for wait in (119 * HOUR, 2 * HOUR):
        clock.now += wait
        site.write(1, start=clock.now % 1000)
        site.work()
    assert site.get(HOOK)["enabled"] is False
    site.client.patch_json(f"/v1{HOOK}", {"data": {"enabled": True}})
    for _ in range(2):
        clock.now += 50 * HOUR
        site.work()
    assert site.get(HOOK)["enabled"] is True
    receiver.script = lambda _: OK
    clock.now += 50 * HOUR
    assert site.work() > 0


def test_operators_hear_of_what_was_given_up_with_its_workers(receiver: Receiver) -> None:
    site = Site(
        {
            "webhook.endpoints": "ops",
            "webhook.ops.url": receiver.url("/ops"),
            "webhook.ops.secret": SECRET,
            "webhook.ops.resources": "none",
            "webhook.ops.exhausted": "true",
        }
    )
    site.hook(receiver.url())
    site.write(1)
    deliver_pending(site.server)
    clock = Clock(site)
    lost = site.deliveries()[0]["id"]
    lose_workers(site, clock, 10)
    assert site.work() == 0
    assert site.deliveries()[0]["reason"] == "worker-lost"
    assert site.work("settings:ops") == 1
    told = receiver.got[-1].data
    assert told["type"] == "webhook.exhausted"
    assert told["data"] == {"webhook": HOOK, "delivery": lost, "attempts": 10}
    site.close()


def lose_workers(site: Site, clock: Clock, count: int) -> None:
    """Let workers claim the first delivery and die."""
    for _ in range(count):
        with site.server.storage.database.writing() as connection:
            turn = take_turn(connection, HOOK, now=clock.now, lease_ms=1000)
        assert turn.claimed is not None
        clock.now += 1000
