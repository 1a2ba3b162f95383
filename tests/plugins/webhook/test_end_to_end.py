"""From a write to the receiver, with real processes, a real broker and both databases."""

from pathlib import Path

from standardwebhooks.webhooks import Webhook

from tests.plugins.webhook.receiver import Receiver, Say
from tests.plugins.webhook.rig import HOOK, SECRET, wait_until, whole


def test_a_write_reaches_the_receiver(
    storage_url: str, redis_url: str, receiver: Receiver, tmp_path: Path
) -> None:
    with whole(tmp_path, storage_url, redis_url) as (site, _):
        site.hook(receiver.url(), headers={"X-Token": "t0ken"})
        written = site.write(20)
        got = receiver.wait_for(20)
        assert sorted(one.data["data"]["impacted"][0]["new"]["n"] for one in got) == written
        for one in got:
            message = Webhook(SECRET).verify(one.body, dict(one.headers))
            assert message["type"] == "record.created"
            assert one.headers["x-token"] == "t0ken"
            assert one.headers["webhook-attempt"] == "1"
        wait_until(lambda: all(one["state"] == "succeeded" for one in site.deliveries()))
        assert len({one.id for one in got}) == 20


def test_a_receiver_that_fails_gets_the_message_again(
    redis_url: str, receiver: Receiver, tmp_path: Path
) -> None:
    receiver.script = lambda got: Say(500 if got.headers["webhook-attempt"] == "1" else 204)
    url = f"sqlite:///{tmp_path}/kinto.db"
    with whole(tmp_path, url, redis_url) as (site, _):
        site.hook(receiver.url())
        site.write(1)
        first, second = receiver.wait_for(2)
        assert first.id == second.id
        assert second.headers["webhook-attempt"] == "2"
        wait_until(lambda: site.deliveries()[0]["state"] == "succeeded")
        attempts = site.get(f"{HOOK}/deliveries/{first.id}")["attempts"]
        assert [one["status"] for one in attempts] == [500, 204]
