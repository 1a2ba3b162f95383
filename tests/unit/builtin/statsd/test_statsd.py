"""Settings, and servers that send."""

from collections.abc import Callable, Iterator, Mapping

import pytest
import webtest

from kinto_core.builtin.statsd.settings import Endpoint, StatsdSettings, endpoint_of, prefix_of
from kinto_core.errors import ConfigurationError
from kinto_core.metrics import NO_METRICS
from kinto_core.settings import Settings
from kinto_core.testing import make_app, make_server
from kinto_core.testing.server import make_settings
from tests.unit.builtin.statsd.receiver import Receiver

MakeApp = Callable[[Mapping[str, str]], webtest.TestApp]
HELLO = "kinto.request_summary:method.get.endpoint.hello.status.200|s"
ALICE = ("Basic", ("alice", "secret"))


def settings_with(values: Mapping[str, str]) -> Settings:
    return make_settings(values).with_plugins([StatsdSettings])


@pytest.fixture
def app_with() -> Iterator[MakeApp]:
    """Makes servers with the plugin."""
    made = []

    def make(values: Mapping[str, str]) -> webtest.TestApp:
        router = make_app({"kinto.includes": "kinto.plugins.statsd", **values})
        made.append(router)
        return webtest.TestApp(router)

    yield make
    for router in made:
        router.close()


@pytest.mark.parametrize(
    ("url", "host", "port"),
    [
        ("udp://metrics.example.org:8125", "metrics.example.org", 8125),
        ("udp://127.0.0.1:9125/", "127.0.0.1", 9125),
        ("udp://[::1]:8125", "::1", 8125),
        ("udp://metrics", "metrics", 8125),
        ('"udp://metrics:1"', "metrics", 1),
    ],
)
def test_urls_name_a_host_and_a_port(url: str, host: str, port: int) -> None:
    settings = settings_with({"kinto.statsd_url": url})  # settings S-213
    assert endpoint_of(settings) == Endpoint(host, port)


@pytest.mark.parametrize(
    "url",
    [
        "127.0.0.1:8125",
        "tcp://127.0.0.1:8125",
        "udp://",
        "udp://:8125",
        "udp://host:0",
        "udp://host:65536",
        "udp://host:port",
        "udp://host:8125/path",
        "udp://host:8125?a=b",
        "udp://host:8125#a",
        "udp://ho st:8125",
        "udp://[::1:8125",
    ],
)
def test_other_urls_stop_the_start(url: str) -> None:
    with pytest.raises(ConfigurationError) as raised:
        make_server({"includes": "statsd", "kinto.statsd_url": url})
    (problem,) = raised.value.problems
    words = "expected udp://host:port, such as udp://127.0.0.1:8125"
    assert problem == f"statsd_url = {url} (setting kinto.statsd_url): {words}"


def test_a_password_in_the_url_is_not_shown() -> None:
    with pytest.raises(ConfigurationError) as raised:
        make_server({"includes": "statsd", "statsd_url": "udp://user:hush@host:8125"})
    assert "hush" not in str(raised.value)
    assert "expected udp://host:port" in str(raised.value)


@pytest.mark.parametrize("values", [{}, {"statsd_url": ""}, {"statsd_url": "null"}])
def test_a_missing_url_stops_the_start(values: Mapping[str, str]) -> None:
    with pytest.raises(ConfigurationError, match=r"statsd_url is empty.*udp://127\.0\.0\.1"):
        make_server({"includes": "statsd", **values})  # built-in plugins B-190


def test_a_host_without_an_address_stops_the_start() -> None:
    url = "udp://[fe80::1%nowhere]:8125"
    with pytest.raises(ConfigurationError) as raised:
        make_server({"includes": "statsd", "statsd_url": url})
    (problem,) = raised.value.problems
    assert problem.startswith(
        f"statsd_url = {url} (setting statsd_url): expected a host that has an address, "
        "and fe80::1%nowhere has none: "
    )


def told(caplog: pytest.LogCaptureFixture) -> list[str]:
    """What the settings logged; other threads of this process may log too."""
    return [one.getMessage() for one in caplog.records if one.name == prefix_of.__module__]


@pytest.mark.parametrize(
    ("values", "prefix"),
    [
        ({}, "kinto"),
        ({"project_name": "storage"}, "storage"),
        ({"project_name": ""}, "kinto.core"),
        ({"project_name": "", "statsd_prefix": "mine"}, "mine"),
        ({"project_name": "storage", "statsd_prefix": "storage"}, "storage"),
        ({"statsd_prefix": "mine"}, "mine"),
        ({"statsd_prefix": ""}, ""),
    ],
)
def test_names_have_a_prefix(
    values: Mapping[str, str], prefix: str, caplog: pytest.LogCaptureFixture
) -> None:
    assert prefix_of(settings_with(values)) == prefix  # settings S-214
    assert told(caplog) == []


def test_a_prefix_without_effect_is_told(caplog: pytest.LogCaptureFixture) -> None:
    settings = settings_with({"project_name": "storage", "statsd_prefix": "mine"})
    assert prefix_of(settings) == "storage"  # settings S-214
    (message,) = told(caplog)
    assert "statsd_prefix = mine has no effect" in message


def test_settings_of_other_servers_work_unchanged(receiver: Receiver) -> None:
    values = {
        "kinto.includes": "kinto.plugins.statsd",
        "kinto.statsd_url": receiver.url,
        "kinto.statsd_prefix": "kinto",
        "kinto.statsd_backend": "kinto.core.statsd",
    }
    with make_server(values) as server:
        assert server.settings.warnings == ()  # settings S-215
        server.cache.get("unknown")
    receiver.wait_for("kinto.cache_misses:1|c")


def test_requests_are_sent(app_with: MakeApp, receiver: Receiver) -> None:
    app = app_with({"statsd_url": receiver.url})
    app.authorization = ALICE
    app.put_json("/v1/buckets/a", {})
    hello = app.get("/v1/")
    lines = receiver.wait_for(HELLO)
    assert "kinto.authentication:type.basicauth|s" in lines
    assert f"kinto.request_size:{len(hello.body)}|g" in lines
    named = {line.partition(":")[0] for line in lines if line.endswith("|ms")}
    assert {
        "kinto.request_duration_seconds.method.put.endpoint.bucket-object",
        "kinto.authentication.basicauth.seconds.method.authenticate",
    } <= named
    assert any(name.startswith("kinto.backend.storage.seconds.method.") for name in named)
    assert not any(line.startswith("kinto.users") for line in lines)
    assert "statsd" not in hello.json["capabilities"]  # built-in plugins B-17, B-190


def test_labels_of_the_url_are_sent_on_demand(app_with: MakeApp, receiver: Receiver) -> None:
    app = app_with(
        {
            "statsd_url": receiver.url,
            "metrics_matchdict_fields": "bucket_id collection_id group_id record_id",
            "statsd_user_ids": "true",
            "statsd_counters": "true",
        }
    )
    app.authorization = ALICE
    app.put_json("/v1/buckets/a", {}, headers={"If-None-Match": "*"})
    words = "method.put.endpoint.bucket-object.bucket_id.a.collection_id..group_id..record_id."
    lines = receiver.wait_for(f"kinto.request_summary:{words}.status.201|s")  # settings S-220
    assert f"kinto.request_summary.{words}.status.201:1|c" in lines
    user = app.get("/v1/").json["user"]["id"].replace(":", ".")
    assert f"kinto.users:auth.basicauth.userid.{user.removeprefix('basicauth.')}|s" in lines


def test_requests_are_served_while_the_receiver_is_away(
    app_with: MakeApp, receiver: Receiver
) -> None:
    receiver.close()
    app = app_with({"statsd_url": receiver.url})
    for _ in range(50):
        assert app.get("/v1/").status_int == 200


def test_closing_the_server_sends_what_is_left(receiver: Receiver) -> None:
    router = make_app({"includes": "statsd", "statsd_url": receiver.url})
    webtest.TestApp(router).get("/v1/")
    router.close()
    receiver.hear()
    assert HELLO in receiver.lines
    router.close()


@pytest.mark.parametrize("includes", ["prometheus statsd", "statsd prometheus"])
def test_prometheus_gets_everything_as_well(
    app_with: MakeApp, receiver: Receiver, includes: str
) -> None:
    """In either order; better than built-in plugins B-191."""
    app = app_with(
        {
            "kinto.includes": includes,
            "statsd_url": receiver.url,
            "prometheus_disabled_metrics": "request_size",
        }
    )
    app.get("/v1/")
    receiver.wait_for(HELLO)
    assert any(line.startswith("kinto.request_size:") for line in receiver.lines)
    text = app.get("/v1/__metrics__").text
    assert 'kinto_request_summary_total{endpoint="hello",method="get",status="200"} 1.0' in text
    assert "kinto_backend_cache_seconds" in text or "kinto_backend_storage_seconds" in text
    assert "kinto_request_size" not in text


def test_without_the_plugin_nothing_is_measured(receiver: Receiver) -> None:
    with make_server({"statsd_url": receiver.url}) as server:
        assert server.metrics is NO_METRICS  # settings S-216
        server.cache.get("unknown")
    receiver.hear()
    assert receiver.lines == []


def test_blocks_are_timed_also_when_they_raise(app_with: MakeApp, receiver: Receiver) -> None:
    metrics = app_with({"statsd_url": receiver.url}).app.registry.site.server.metrics
    with pytest.raises(KeyError), metrics.timer("listeners_mine_seconds"):
        raise KeyError
    heard = receiver.wait_until(lambda lines: any("listeners" in line for line in lines))
    (timer,) = [line for line in heard if "listeners" in line]
    assert timer.startswith("kinto.listeners.mine.seconds:")
    assert timer.endswith("|ms")
