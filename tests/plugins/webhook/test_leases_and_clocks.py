"""Workers that die or are held up, clocks that jump, webhooks that go: what holds nevertheless."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
from sqlalchemy import func, select

from kinto_core.server import Server
from kinto_core.testing.consuming import deliver_pending
from kinto_core.testing.server import make_settings
from kinto_core.transactions import Transaction
from kinto_webhook import lanes as lanes_module
from kinto_webhook import sql, sql_clock, sql_endpoints, sql_queue
from kinto_webhook.attempt import Sender
from kinto_webhook.deliveries import Turn, take_turn
from kinto_webhook.endpoints import Endpoint
from kinto_webhook.lanes import Lanes
from kinto_webhook.office import Office
from kinto_webhook.ringing import Ringer
from kinto_webhook.schedule import DAY, HOUR, LONGEST_WAIT, MINUTE
from kinto_webhook.settings import limits_of
from kinto_webhook.sql_endpoints import EndpointRow
from kinto_webhook.sweeper import Sweeper
from tests.plugins.webhook.receiver import OK, Got, Receiver, Say
from tests.plugins.webhook.rig import HOOK, LOOPBACK, OTHER_SECRET, Clock, Site, wait_until

LEASE_MS = 20_000
NOBODY: dict[str, str] = {"webhook.broker_url": "unix:///nowhere/broker.sock"}


@pytest.fixture
def stored(storage_url: str) -> Iterator[Site]:
    """A site on a real database."""
    with Server(make_settings({**LOOPBACK, "storage_url": storage_url})) as server:
        server.migrate()
    site = Site({**NOBODY, "storage_url": storage_url})
    yield site
    site.close()


def claim(site: Site, now: int) -> Turn:
    """What a worker does before it sends."""
    with site.server.storage.database.writing() as connection:
        return take_turn(connection, HOOK, now=now, lease_ms=LEASE_MS)


def row_of(site: Site) -> EndpointRow:
    """What is known of the webhook."""
    with site.server.storage.database.reading() as connection:
        row = sql_endpoints.find(connection, HOOK)
    assert row is not None
    return row


def attempt_count(site: Site) -> int:
    """How many attempts are kept of all deliveries."""
    with site.server.storage.database.reading() as connection:
        return int(connection.execute(select(func.count()).select_from(sql.attempts))[0][0])


@contextmanager
def sweeper_of(site: Site) -> Iterator[Sweeper]:
    """A sweeper that does everything itself, since the broker is away."""
    office, sender = Office(site.server), Sender(limits_of(site.server.settings))
    lanes, ringer = Lanes(office, sender, lambda _: None), Ringer(site.server)
    sweeper = Sweeper(office, lanes, sender, ringer)
    try:
        yield sweeper
    finally:
        sweeper.stop()
        sender.close()


def test_an_attempt_that_died_with_its_worker_counts_and_is_made_up_for(
    stored: Site, receiver: Receiver
) -> None:
    stored.hook(receiver.url())
    stored.write(1)
    deliver_pending(stored.server)
    clock = Clock(stored)
    assert claim(stored, clock.now).claimed is not None  # and then the worker is gone
    assert stored.work() == 0
    clock.now += LEASE_MS
    assert stored.work() == 1
    (got,) = receiver.got
    assert got.headers["webhook-attempt"] == "2"
    (found,) = stored.deliveries()
    assert (found["state"], found["attempt_count"]) == ("succeeded", 2)


def test_a_lease_is_renewed_by_who_has_it_only(stored: Site) -> None:
    stored.hook("http://127.0.0.1:9/", concurrency=2)
    stored.write(1)
    deliver_pending(stored.server)
    now = stored.server.clock()
    first = claim(stored, now).claimed
    second = claim(stored, now + LEASE_MS).claimed
    assert first is not None
    assert second is not None
    with stored.server.storage.database.writing() as connection:
        assert not sql_queue.renew(connection, first, now + 9 * LEASE_MS)
        assert sql_queue.renew(connection, second, now + 3 * LEASE_MS)
    assert claim(stored, now + 2 * LEASE_MS).claimed is None
    assert claim(stored, now + 3 * LEASE_MS).claimed is not None


class HeldUp(Office):
    """Is at it for so long that another worker takes its delivery over."""

    def endpoint(self, tx: Transaction, row: EndpointRow) -> Endpoint | None:
        """The endpoint; before that the lease runs out."""
        now = self.server.clock() + LEASE_MS
        with self.server.storage.database.writing() as connection:
            assert take_turn(connection, row.uri, now=now, lease_ms=LEASE_MS).claimed is not None
        return super().endpoint(tx, row)


def test_who_was_held_up_sends_nothing_that_somebody_else_is_at(
    stored: Site, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lanes_module, "SPARE_MS", 0)  # every look at the watch says: late
    stored.hook(receiver.url())
    stored.write(1)
    deliver_pending(stored.server)
    sender = Sender(limits_of(stored.server.settings))
    assert Lanes(HeldUp(stored.server), sender, lambda _: None).run(HOOK) == 0
    sender.close()
    assert receiver.got == []


def test_one_of_many_workers_gets_a_delivery(stored: Site) -> None:
    stored.hook("http://127.0.0.1:9/", concurrency=8)
    stored.write(1)
    deliver_pending(stored.server)
    now = stored.server.clock()
    with ThreadPoolExecutor(8) as pool:
        turns = list(pool.map(lambda _: claim(stored, now), range(8)))
    assert sum(turn.claimed is not None for turn in turns) == 1
    assert stored.deliveries()[0]["attempt_count"] == 1


def test_order_is_kept_by_many_workers(stored: Site, receiver: Receiver) -> None:
    stored.hook(receiver.url(), fifo=True)
    written = stored.write(30)
    deliver_pending(stored.server)
    sender = Sender(limits_of(stored.server.settings))
    lanes = Lanes(Office(stored.server), sender, lambda _: None)
    with ThreadPoolExecutor(6) as pool:
        assert sum(pool.map(lambda _: lanes.run(HOOK), range(6))) == len(written)
    sender.close()
    assert [got.data["data"]["impacted"][0]["new"]["n"] for got in receiver.got] == written


def test_a_webhook_that_goes_while_it_is_called_leaves_nothing(
    stored: Site, receiver: Receiver
) -> None:
    def script(_: Got) -> Say:
        stored.client.delete(f"/v1{HOOK}")
        return OK

    receiver.script = script
    stored.hook(receiver.url())
    stored.write(2)
    assert stored.work() == 1
    assert attempt_count(stored) == 0
    stored.hook(receiver.url(), secret=OTHER_SECRET)
    assert stored.deliveries() == []


def test_an_event_by_a_clock_that_is_ahead_is_due_at_once(stored: Site, receiver: Receiver) -> None:
    clock = Clock(stored)
    clock.now += HOUR
    stored.hook(receiver.url())
    stored.write(1)
    clock.now -= HOUR
    assert stored.work() == 1


@pytest.mark.parametrize("jump", [HOUR, 400 * DAY])
def test_nothing_waits_for_a_clock_that_was_set_back(
    stored: Site, receiver: Receiver, jump: int
) -> None:
    clock = Clock(stored)
    clock.now += jump
    stored.hook(receiver.url())
    stored.write(2)
    deliver_pending(stored.server)
    assert claim(stored, clock.now).claimed is not None
    clock.now -= jump
    with sweeper_of(stored) as sweeper:
        sweeper.sweep()
        receiver.wait_for(2)
        wait_until(lambda: not stored.get(f"{HOOK}/deliveries?state=pending"))


def test_what_is_older_than_a_month_is_forgotten_by_the_workers(
    stored: Site, receiver: Receiver
) -> None:
    stored.hook(receiver.url())
    stored.write(2)
    stored.work()
    stored.post(f"{HOOK}/rotate", {"secret": OTHER_SECRET})
    clock = Clock(stored)
    clock.now += 29 * DAY
    with sweeper_of(stored) as sweeper:
        sweeper.start()
        wait_until(lambda: row_of(stored).former_secret == "")
    assert len(stored.deliveries()) == attempt_count(stored) == 2
    clock.now += 2 * DAY
    with sweeper_of(stored) as sweeper:
        sweeper.start()
        wait_until(lambda: stored.deliveries() == [])
    assert attempt_count(stored) == 0


def test_what_a_clock_that_was_ahead_put_off_is_not_put_off_for_ever(stored: Site) -> None:
    stored.hook("http://127.0.0.1:9/")
    stored.write(2)
    deliver_pending(stored.server)
    now, database = stored.server.clock(), stored.server.storage.database
    ahead = row_of(stored)._replace(
        paused_until=now + DAY,
        first_failure=now + DAY,
        former_secret="x",
        former_until=now + 9 * DAY,
    )
    with database.writing() as connection:
        sql_endpoints.write(connection, ahead)
    for until in (now + LONGEST_WAIT + 1, now + HOUR):
        with database.writing() as connection:
            sql_endpoints.write(connection, ahead._replace(paused_until=0))
            claimed = take_turn(connection, HOOK, now=now, lease_ms=LEASE_MS).claimed
            assert claimed is not None
            sql_queue.finish(connection, claimed, sql.PENDING, "status-500", until)
            sql_endpoints.write(connection, ahead)
    with database.writing() as connection:
        sql_clock.mend(connection, now, LEASE_MS)
    mended = row_of(stored)
    assert (mended.paused_until, mended.first_failure) == (0, now)
    assert mended.former_until == now + DAY
    due = sorted(one["next_attempt_at"] for one in stored.deliveries())
    assert due == [now, now + HOUR]  # an hour is what a retry may well have to wait


def test_a_jump_ahead_sends_some_twice_and_loses_none(stored: Site, receiver: Receiver) -> None:
    stored.hook(receiver.url())
    written = stored.write(3)
    deliver_pending(stored.server)
    clock = Clock(stored)
    assert claim(stored, clock.now).claimed is not None
    clock.now += DAY
    assert stored.work() == 3
    names = {got.data["data"]["impacted"][0]["new"]["n"] for got in receiver.got}
    assert names == set(written)


def test_a_slow_receiver_with_a_long_queue_is_not_the_workers_fault(stored: Site) -> None:
    stored.hook("http://127.0.0.1:9/", concurrency=1)
    stored.write(3)
    deliver_pending(stored.server)
    clock = Clock(stored)
    clock.now += HOUR
    assert stored.client.get("/v1/__heartbeat__", status=503).json["webhook"] is False
    assert claim(stored, clock.now).claimed is not None  # somebody is at it
    assert stored.client.get("/v1/__heartbeat__").json["webhook"] is True
    clock.now += LEASE_MS  # and is gone
    assert stored.client.get("/v1/__heartbeat__", status=503).json["webhook"] is False


def test_who_has_just_had_a_turn_is_not_neglected(
    stored: Site, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lanes_module, "SLICE_SECONDS", 0)
    stored.hook(receiver.url())
    stored.write(3)
    deliver_pending(stored.server)
    clock = Clock(stored)
    clock.now += HOUR
    assert stored.work() == 1
    assert stored.client.get("/v1/__heartbeat__").json["webhook"] is True
    assert [stored.work(), stored.work(), stored.work()] == [1, 1, 0]


def test_those_behind_the_first_in_line_are_not_neglected(stored: Site, receiver: Receiver) -> None:
    receiver.script = lambda _: Say(503, {"retry-after": "7200"})
    stored.hook(receiver.url(), fifo=True)
    stored.write(3)
    clock = Clock(stored)
    clock.now += 1000
    assert stored.work() == 1
    clock.now += 90 * MINUTE
    assert stored.client.get("/v1/__heartbeat__").json["webhook"] is True
