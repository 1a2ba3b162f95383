"""The queue and the log, on SQLite and on PostgreSQL alike."""

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from kinto_core.server import Server
from kinto_core.testing.consuming import deliver_pending
from kinto_core.testing.server import make_settings
from kinto_webhook import sql_endpoints, sql_log, sql_queue
from kinto_webhook.attempt import Sender
from kinto_webhook.deliveries import take_turn
from kinto_webhook.lanes import Lanes
from kinto_webhook.office import Office
from kinto_webhook.settings import limits_of
from tests.plugins.webhook.receiver import OK, Receiver, Say
from tests.plugins.webhook.rig import HOOK, LOOPBACK, Site

LEASE_MS = 20_000


@pytest.fixture
def stored(storage_url: str) -> Iterator[Site]:
    """A site on a real database."""
    with Server(make_settings({**LOOPBACK, "storage_url": storage_url})) as server:
        server.migrate()
    site = Site({"storage_url": storage_url})
    yield site
    site.close()


def test_workers_side_by_side_send_everything_once(stored: Site, receiver: Receiver) -> None:
    stored.hook(receiver.url(), concurrency=3)
    written = stored.write(60)
    deliver_pending(stored.server)
    sender = Sender(limits_of(stored.server.settings))
    lanes = Lanes(Office(stored.server), sender, lambda _: None)

    def work(_: int) -> int:
        return sum(lanes.run(HOOK) for _ in range(3))

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(work, range(8))) == len(written)
    sender.close()
    counts = Counter(got.data["data"]["impacted"][0]["new"]["n"] for got in receiver.got)
    assert counts == dict.fromkeys(written, 1)
    assert {one["state"] for one in stored.deliveries()} == {"succeeded"}


def test_no_more_deliveries_are_claimed_than_an_endpoint_may_get(stored: Site) -> None:
    stored.hook("http://127.0.0.1:9/", concurrency=2)
    stored.write(5)
    deliver_pending(stored.server)
    now = stored.server.clock()
    turns = []
    for _ in range(4):
        with stored.server.storage.database.writing() as connection:
            turns.append(take_turn(connection, HOOK, now=now, lease_ms=LEASE_MS, is_first=True))
    assert [turn.claimed is not None for turn in turns] == [True, True, False, False]
    assert [turn.more for turn in turns] == [True, False, False, False]
    with stored.server.storage.database.writing() as connection:
        later = take_turn(connection, HOOK, now=now + LEASE_MS, lease_ms=LEASE_MS)
    assert later.claimed is not None
    assert later.claimed.attempts == 1


def test_a_delivery_that_kills_its_worker_is_given_up_in_the_end(stored: Site) -> None:
    stored.hook("http://127.0.0.1:9/")
    stored.write(1)
    deliver_pending(stored.server)
    now = stored.server.clock()
    for number in range(11):
        with stored.server.storage.database.writing() as connection:
            turn = take_turn(connection, HOOK, now=now, lease_ms=LEASE_MS)
        assert (turn.claimed is not None) is (number < 10)
        now += LEASE_MS
    (found,) = stored.deliveries()
    assert (found["state"], found["reason"]) == ("failed", "worker-lost")


def test_the_sweeper_sees_what_is_due(stored: Site) -> None:
    stored.hook("http://127.0.0.1:9/", concurrency=1)
    database = stored.server.storage.database
    stored.write(2)
    deliver_pending(stored.server)
    now = stored.server.clock()
    with database.reading() as connection:
        assert sql_queue.due_endpoints(connection, now) == [HOOK]
        assert sql_queue.oldest_due(connection, now) == stored.deliveries()[-1]["created"]
    with database.writing() as connection:
        take_turn(connection, HOOK, now=now, lease_ms=LEASE_MS)
    with database.reading() as connection:
        assert sql_queue.due_endpoints(connection, now) == []
        assert sql_queue.due_endpoints(connection, now + LEASE_MS) == [HOOK]


def test_the_log_is_read_repeated_and_forgotten(stored: Site, receiver: Receiver) -> None:
    receiver.script = lambda _: Say(500, {"webhook-delivery": "abort-message"})
    stored.hook(receiver.url())
    stored.write(3)
    stored.work()
    receiver.script = lambda _: OK
    assert len(stored.get(f"{HOOK}/deliveries?state=failed&_limit=2")) == 2
    assert stored.post(f"{HOOK}/replay", {"since": 0}) == {"replayed": 3}
    assert stored.work() == 3
    event_id = receiver.got[0].id
    stored.post(f"{HOOK}/deliveries/{event_id}/resend")
    assert stored.work() == 1
    attempts = stored.get(f"{HOOK}/deliveries/{event_id}")["attempts"]
    assert [one["result"] for one in attempts] == ["aborted", "success", "success"]
    database = stored.server.storage.database
    with database.writing() as connection:
        sql_log.purge(connection, stored.server.clock() + 1)
    assert stored.deliveries() == []


def test_a_disabled_webhook_says_so_and_a_deleted_bucket_leaves_nothing(
    stored: Site, receiver: Receiver
) -> None:
    receiver.script = lambda _: Say(410)
    stored.hook(receiver.url())
    stored.write(3)
    stored.work()
    assert stored.get(HOOK)["enabled"] is False
    stored.client.delete("/v1/buckets/blog")
    with stored.server.storage.database.reading() as connection:
        assert sql_endpoints.find(connection, HOOK) is None
        assert sql_log.page(connection, HOOK) == []
