"""From events to attempts and their consequences, in memory, with a clock of the test's."""

import base64
import hmac
from datetime import datetime
from typing import Any

import pytest

from kinto_webhook import sql_log, sql_queue
from kinto_webhook.attempt import Limits
from kinto_webhook.schedule import DAY, DELAYS, HOUR, MINUTE
from kinto_webhook.signing import key_of
from tests.plugins.webhook.receiver import OK, Got, Receiver, Say
from tests.plugins.webhook.rig import ARTICLES, HOOK, SECRET, Site, client_of


class FakeClock:
    """A clock that goes on when told to."""

    def __init__(self, now: int) -> None:
        self.now = now

    def __call__(self) -> int:
        return self.now


@pytest.fixture
def clock(site: Site) -> FakeClock:
    """The clock of the site's deliveries."""
    clock = FakeClock(site.server.clock() + 1000)
    site.server.clock = clock
    return clock


def latest(site: Site) -> dict[str, Any]:
    """The latest delivery."""
    return site.deliveries()[0]


def pass_time(site: Site, clock: FakeClock, milliseconds: int) -> int:
    """Let time pass and do what is due; gives how many attempts that were."""
    clock.now += milliseconds
    return site.work()


def test_a_message_tells_what_happened(site: Site, receiver: Receiver) -> None:
    site.hook(receiver.url())
    old = site.put(f"{ARTICLES}/first", {"title": "First"})
    new = site.put(f"{ARTICLES}/first", {"title": "Changed"})
    site.client.delete(f"/v1{ARTICLES}/first")
    site.work()
    created, updated, deleted = (got.data for got in receiver.got)
    assert [one["type"] for one in (created, updated, deleted)] == [
        "record.created",
        "record.updated",
        "record.deleted",
    ]
    assert updated["timestamp"].endswith("Z")
    assert updated["data"] == {
        "bucket_id": "blog",
        "collection_id": "articles",
        "resource_name": "record",
        "uri": f"{ARTICLES}/first",
        "action": "update",
        "timestamp": new["last_modified"],
        "user_id": updated["data"]["user_id"],
        "impacted": [{"new": new, "old": old}],
    }
    assert created["data"]["impacted"] == [{"new": old}]
    assert deleted["data"]["impacted"][0]["new"]["deleted"] is True


def test_an_event_is_queued_once_however_often_it_comes(site: Site, receiver: Receiver) -> None:
    site.hook(receiver.url())
    site.write(3)
    site.work()
    (consumer,) = site.server.consumers
    log = site.server.event_log
    assert log is not None
    with log.database.reading() as connection:
        events = log.read(connection, 0)
    consumer.deliver(events)
    assert site.work() == 0
    assert len(receiver.got) == 3


def test_large_messages_are_thin_and_say_so(site: Site, receiver: Receiver) -> None:
    site.hook(receiver.url())
    record = site.put(f"{ARTICLES}/large", {"text": "x" * 300_000})
    site.work()
    assert receiver.got[0].data["data"]["thin"] is True
    assert receiver.got[0].data["data"]["impacted"] == [
        {
            "uri": f"{ARTICLES}/large",
            "new": {"id": "large", "last_modified": record["last_modified"]},
        }
    ]


def test_thin_messages_can_be_asked_for(site: Site, receiver: Receiver) -> None:
    site.hook(receiver.url(), thin=True)
    site.write(1)
    site.work()
    assert receiver.got[0].data["data"]["thin"] is True
    assert "n" not in receiver.got[0].data["data"]["impacted"][0]["new"]


def test_a_failing_delivery_follows_the_schedule_to_its_end(
    site: Site, receiver: Receiver, clock: FakeClock
) -> None:
    receiver.script = lambda _: Say(500, body=b"oh no")
    site.hook(receiver.url())
    site.write(1)
    clock.now = site.server.clock() + 1000
    assert site.work() == 1
    for wait in DELAYS[1:]:
        assert latest(site)["state"] == "pending"
        assert pass_time(site, clock, int(wait * 0.79)) == 0
        assert pass_time(site, clock, int(wait * 0.42)) == 1
    found = latest(site)
    assert (found["state"], found["reason"]) == ("failed", "exhausted")
    assert (found["attempt_count"], found["next_attempt_at"]) == (10, None)
    assert [got.headers["webhook-attempt"] for got in receiver.got] == [
        str(number) for number in range(1, 11)
    ]
    assert len({got.id for got in receiver.got}) == 1
    attempts = site.get(f"{HOOK}/deliveries/{receiver.got[0].id}")["attempts"]
    assert [(one["status"], one["body"]) for one in attempts] == [(500, "oh no")] * 10


def test_each_attempt_has_its_own_second_and_the_same_body(
    site: Site, receiver: Receiver, clock: FakeClock
) -> None:
    receiver.script = lambda _: Say(500)
    site.hook(receiver.url())
    site.write(1)
    site.work()
    first = clock.now // 1000
    assert pass_time(site, clock, MINUTE) == 1
    assert [got.headers["webhook-timestamp"] for got in receiver.got] == [
        str(first),
        str(first + 60),
    ]
    assert receiver.got[0].body == receiver.got[1].body
    committed = datetime.fromisoformat(receiver.got[0].data["timestamp"])
    assert int(committed.timestamp() * 1000) == latest(site)["created"]
    for got in receiver.got:
        signed = f"{got.id}.{got.headers['webhook-timestamp']}.".encode() + got.body
        code = hmac.digest(key_of(SECRET), signed, "sha256")
        assert got.headers["webhook-signature"] == f"v1,{base64.b64encode(code).decode()}"


def test_retry_after_is_heeded(site: Site, receiver: Receiver, clock: FakeClock) -> None:
    receiver.script = lambda _: Say(429, {"retry-after": "600"})
    site.hook(receiver.url())
    site.write(1)
    site.work()
    assert pass_time(site, clock, 9 * MINUTE) == 0
    receiver.script = lambda _: OK
    assert pass_time(site, clock, 2 * MINUTE) == 1
    assert latest(site)["state"] == "succeeded"


def test_410_disables_and_says_so(site: Site, receiver: Receiver) -> None:
    receiver.script = lambda _: Say(410)
    site.hook(receiver.url())
    site.write(3)
    site.work()
    hook = site.get(HOOK)
    assert (hook["enabled"], hook["disabled_reason"]) == (False, "the receiver answered 410")
    assert hook["owner"].startswith("basicauth:")
    assert len(receiver.got) == 1
    log = site.server.event_log
    assert log is not None
    with log.database.reading() as connection:
        last = log.read(connection, 0)[-1].event
    assert (last.resource_name, last.action) == ("webhook", "update")
    assert last.changes[0].user_id == "plugin:webhook"


def test_an_enabled_webhook_starts_afresh(site: Site, receiver: Receiver) -> None:
    receiver.script = lambda _: Say(410)
    site.hook(receiver.url())
    site.write(3)
    site.work()
    receiver.script = lambda _: OK
    site.client.patch_json(f"/v1{HOOK}", {"data": {"enabled": True}})
    assert "disabled_reason" not in site.get(HOOK)
    assert site.work() == 2
    assert [one["state"] for one in site.deliveries()].count("succeeded") == 2


def test_a_disabled_webhook_misses_what_happens(site: Site, receiver: Receiver) -> None:
    site.hook(receiver.url(), enabled=False)
    site.write(2)
    assert site.work() == 0
    assert site.deliveries() == []


def test_five_days_without_success_disable(
    site: Site, receiver: Receiver, clock: FakeClock
) -> None:
    receiver.script = lambda _: Say(500)
    site.hook(receiver.url())
    site.write(1)
    site.work()
    pass_time(site, clock, 119 * HOUR)
    assert site.get(HOOK)["enabled"] is True
    site.write(1, start=1)
    pass_time(site, clock, 2 * HOUR)
    hook = site.get(HOOK)
    assert hook["enabled"] is False
    assert hook["disabled_reason"].startswith("no success since")


def test_three_blocked_addresses_disable(site: Site, receiver: Receiver) -> None:
    site.hook(receiver.url().replace("127.0.0.1", "localhost.invalid"))
    site.write(3)
    limits = _limits_that_resolve_to("10.0.0.1")
    assert site.work(limits=limits) == 3
    assert [one["reason"] for one in site.deliveries()] == ["blocked"] * 3
    assert site.get(HOOK)["enabled"] is False


def _limits_that_resolve_to(address: str) -> Limits:
    return Limits(resolver=lambda *_: [address])


def test_an_abort_gives_up_one_message_only(site: Site, receiver: Receiver) -> None:
    def script(got: Got) -> Say:
        bad = got.data["data"]["impacted"][0]["new"]["n"] == "r00001"
        return Say(500, {"webhook-delivery": "abort-message"}) if bad else OK

    receiver.script = script
    site.hook(receiver.url())
    site.write(3)
    site.work()
    assert [one["state"] for one in site.deliveries()] == ["succeeded", "failed", "succeeded"]
    assert site.get(HOOK)["enabled"] is True


def test_only_what_the_owner_may_read_is_delivered(site: Site, receiver: Receiver) -> None:
    bob = client_of(site.app, "bob")
    identity = bob.get("/v1/").json["user"]["id"]
    site.client.patch_json("/v1/buckets/blog", {"permissions": {"webhook:create": [identity]}})
    bob.put_json(
        f"/v1{HOOK}", {"data": {"url": receiver.url(), "secret": SECRET, "resources": ["record"]}}
    )
    site.put(f"{ARTICLES}/secret", {"n": "secret"})
    site.client.put_json(
        f"/v1{ARTICLES}/shared", {"data": {"n": "shared"}, "permissions": {"read": [identity]}}
    )
    site.work()
    assert [got.data["data"]["uri"] for got in receiver.got] == [f"{ARTICLES}/shared"]
    skipped = bob.get(f"/v1{HOOK}/deliveries").json["data"][1]
    assert (skipped["state"], skipped["reason"]) == ("skipped", "not-readable")


def test_a_revoked_permission_counts_at_once(site: Site, receiver: Receiver) -> None:
    bob = client_of(site.app, "bob")
    identity = bob.get("/v1/").json["user"]["id"]
    both = {"webhook:create": [identity], "read": [identity]}
    site.client.patch_json("/v1/buckets/blog", {"permissions": both})
    bob.put_json(f"/v1{HOOK}", {"data": {"url": receiver.url(), "secret": SECRET}})
    site.write(1)
    site.client.patch_json("/v1/buckets/blog", {"permissions": {"read": []}})
    site.work()
    assert "record" not in {got.data["data"]["resource_name"] for got in receiver.got}
    assert latest(site)["state"] == "succeeded"  # of the bucket, in which bob may still create


def test_who_changes_a_webhook_becomes_its_owner(site: Site, receiver: Receiver) -> None:
    bob = client_of(site.app, "bob")
    identity = bob.get("/v1/").json["user"]["id"]
    site.hook(receiver.url())
    site.client.patch_json(f"/v1{HOOK}", {"permissions": {"write": [identity]}})
    bob.patch_json(f"/v1{HOOK}", {"data": {"url": receiver.url("/bob"), "owner": "basicauth:x"}})
    assert site.get(HOOK)["owner"] == identity
    site.write(1)
    site.work()
    assert receiver.got == []


def test_fifo_waits_for_the_first_in_line(site: Site, receiver: Receiver, clock: FakeClock) -> None:
    receiver.script = lambda _: Say(500)
    site.hook(receiver.url(), fifo=True)
    ids = site.write(5)
    clock.now = site.server.clock() + 1000
    assert site.work() == 1
    assert site.work() == 0
    receiver.script = lambda _: OK
    assert pass_time(site, clock, MINUTE) == 5
    seen = [got.data["data"]["impacted"][0]["new"]["n"] for got in receiver.got]
    assert seen == [ids[0], *ids]


def test_resending_uses_the_same_id(site: Site, receiver: Receiver) -> None:
    site.hook(receiver.url())
    site.write(1)
    site.work()
    event_id = latest(site)["id"]
    assert site.post(f"{HOOK}/deliveries/{event_id}/resend") == {"id": event_id}
    assert site.work() == 1
    first, second = receiver.got
    assert (first.id, first.body) == (second.id, second.body)
    assert second.headers["webhook-attempt"] == "2"


def test_what_failed_is_replayed(site: Site, receiver: Receiver, clock: FakeClock) -> None:
    receiver.script = lambda _: Say(500, {"webhook-delivery": "abort-message"})
    site.hook(receiver.url())
    site.write(3)
    site.work()
    receiver.script = lambda _: OK
    clock.now += MINUTE
    assert site.post(f"{HOOK}/replay", {"since": clock.now}) == {"replayed": 0}
    assert site.post(f"{HOOK}/replay", {"since": "2020-01-01T00:00:00Z"}) == {"replayed": 3}
    assert site.work() == 3
    clock.now += 15 * DAY
    assert {one["state"] for one in site.deliveries()} == {"succeeded"}


def test_what_is_old_is_forgotten(site: Site, receiver: Receiver) -> None:
    site.hook(receiver.url())
    site.write(2)
    site.work()
    kept = latest(site)["created"]
    database = site.server.storage.database
    with database.writing() as connection:
        sql_log.purge(connection, kept - DAY)
    assert len(site.deliveries()) == 2
    with database.writing() as connection:
        sql_log.purge(connection, kept + 1)
    assert site.deliveries() == []
    with database.reading() as connection:
        assert sql_queue.event_of(connection, receiver.got[-1].id) is None


def test_replays_go_back_14_days(site: Site, receiver: Receiver, clock: FakeClock) -> None:
    receiver.script = lambda _: Say(500, {"webhook-delivery": "abort-message"})
    site.hook(receiver.url())
    site.write(1)
    site.work()
    clock.now += 15 * DAY
    assert site.post(f"{HOOK}/replay", {"since": 0}) == {"replayed": 0}
