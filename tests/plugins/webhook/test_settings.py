"""Endpoints of the settings: what cannot work is refused at the start; and their life."""

from collections.abc import Mapping

import pytest

from kinto_core.errors import ConfigurationError
from kinto_core.testing.server import make_settings
from kinto_webhook import sql_log
from kinto_webhook.schedule import DELAYS
from kinto_webhook.settings import WebhookSettings, server_wide
from kinto_webhook.tasks import celery_url
from tests.plugins.webhook.receiver import Receiver, Say
from tests.plugins.webhook.rig import ARTICLES, HOOK, OTHER_SECRET, SECRET, Site


class FixedClock:
    """A clock that stands still."""

    def __init__(self, now: int) -> None:
        self.now = now

    def __call__(self) -> int:
        return self.now


URI = "settings:search"
GOOD: Mapping[str, str] = {
    "webhook.endpoints": "search",
    "webhook.search.url": "https://example.com/",
    "webhook.search.secret": SECRET,
}


def problems(**changes: str) -> tuple[str, ...]:
    """What is wrong with settings; names are written with ``__`` for ``.``."""
    values = {**GOOD, **{f"webhook.{k.replace('__', '.')}": v for k, v in changes.items()}}
    settings = make_settings(values).with_plugins([WebhookSettings])
    try:
        server_wide(settings)
    except ConfigurationError as error:
        return error.problems
    return ()


def test_good_settings_have_no_problems() -> None:
    assert problems() == ()
    assert problems(search__secret=f"{OTHER_SECRET} {SECRET}", search__thin="yes") == ()


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("search__url", "", "search.url"),
        ("search__url", "http://example.com", "https://"),
        ("search__secret", "", "kinto webhook secret"),
        ("search__secret", "hunter2", "webhook.search.secret"),
        ("search__secret", f"{SECRET} {SECRET} {SECRET}", "one or two"),
        ("search__action", "create", "did you mean actions?"),
        ("search__actions", "created", "created"),
        ("search__fifo", "maybe", "true or false"),
        ("search__concurrency", "1000", "1 to 64"),
        ("search__headers", "Host: x", "Host"),
        ("other__url", "https://example.com", "add it"),
        ("endpoints", "search a.b", "no name"),
        ("allowed_networks", "10.0.0.1/8", "no network"),
        ("ca_file", "nowhere.pem", "no such file"),
    ],
)
def test_what_cannot_work_is_said(name: str, value: str, said: str) -> None:
    found = problems(**{name: value})
    assert any(said in one for one in found), found
    assert "hunter2" not in str(found)


def test_a_server_wide_endpoint_gets_everything(receiver: Receiver) -> None:
    site = Site(
        {
            **GOOD,
            "webhook.search.url": receiver.url(),
            "webhook.search.resources": "record bucket",
            "webhook.search.headers": "X-Token: t\nX-More: m",
        }
    )
    site.put("/buckets/other")
    site.put(f"{ARTICLES}/x")
    assert site.work(URI) == 3
    types = [got.data["type"] for got in receiver.got]
    assert types == ["bucket.created", "bucket.created", "record.created"]
    assert receiver.got[-1].headers["x-more"] == "m"
    site.close()


def test_a_server_wide_endpoint_is_disabled_like_others(receiver: Receiver) -> None:
    receiver.script = lambda _: Say(410)
    site = Site({**GOOD, "webhook.search.url": receiver.url()})
    site.work(URI)
    assert len(receiver.got) == 1
    site.put("/buckets/other")
    assert site.work(URI) == 0
    with site.server.storage.database.reading() as connection:
        reasons = [row.reason for row in sql_log.page(connection, URI)]
    assert reasons == ["", "status-410"]
    site.close()


def test_a_server_wide_endpoint_survives_a_flush(receiver: Receiver) -> None:
    site = Site({**GOOD, "webhook.search.url": receiver.url()})
    site.work(URI)
    site.server.flush()
    site.put("/buckets/new")
    site.work(URI)
    assert receiver.got[-1].data["data"]["uri"] == "/buckets/new"
    site.close()


def test_operators_hear_of_deliveries_that_failed_for_good(receiver: Receiver) -> None:
    receiver.script = lambda got: Say(200 if got.path == "/ops" else 500)
    site = Site(
        {
            **GOOD,
            "webhook.search.url": receiver.url("/ops"),
            "webhook.search.resources": "none",
            "webhook.search.exhausted": "true",
        }
    )
    site.hook(receiver.url())
    site.write(1)
    now = site.server.clock()
    for wait in DELAYS:
        now += 2 * wait + 1000
        site.server.clock = FixedClock(now)
        assert site.work() == 1
    assert site.work(URI) == 1
    told = receiver.got[-1].data
    assert told["type"] == "webhook.exhausted"
    assert told["data"] == {"webhook": HOOK, "delivery": receiver.got[0].id, "attempts": 10}
    site.close()


@pytest.mark.parametrize(
    ("broker", "names"), [("", ["valkey", "webhook"]), ("redis://localhost/1", ["webhook"])]
)
def test_a_worker_is_run_beside_the_server(broker: str, names: list[str]) -> None:
    site = Site({"webhook.broker_url": broker})
    (services,) = site.server.plugins.gather("register_services", server=site.server)
    assert [one.name for one in services] == names
    site.close()


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("redis://localhost:6379/1", "redis://localhost:6379/1"),
        ("unix:///run/valkey.sock?db=0", "redis+socket:///run/valkey.sock?virtual_host=0"),
        ("unix:///a%20b.sock?db=3", "redis+socket:///a b.sock?virtual_host=3"),
        ("unix:///a.sock", "redis+socket:///a.sock?virtual_host=0"),
        ("unix:///a.sock?password=p", "redis+socket:///a.sock?virtual_host=0&password=p"),
    ],
)
def test_sockets_are_spelled_as_celery_does(url: str, expected: str) -> None:
    assert celery_url(url) == expected
