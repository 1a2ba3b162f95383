"""Settings, text and endpoint of the metrics."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
import webtest
from sqlalchemy.schema import DropTable

from kinto_core.builtin.prometheus.gauges import event_gauges, gauges_of, process_gauges
from kinto_core.builtin.prometheus.settings import (
    PrometheusSettings,
    clean,
    disabled_names,
    folder_of,
    make_registry,
    prefix_of,
)
from kinto_core.builtin.prometheus.text import Gauge, Page
from kinto_core.database import tables
from kinto_core.errors import ConfigurationError
from kinto_core.eventlog.interface import Extent
from kinto_core.eventlog.status import ConsumerStatus, LogStatus
from kinto_core.metrics import Measured, Registry
from kinto_core.server import Server
from kinto_core.settings import Settings
from kinto_core.testing import make_app
from kinto_core.testing.consuming import deliver_pending, sequence_pending
from kinto_core.testing.server import make_settings

MakeApp = Callable[..., webtest.TestApp]


def settings_with(values: Mapping[str, str]) -> Settings:
    return make_settings(values).with_plugins([PrometheusSettings])


@pytest.fixture
def app_with() -> Iterator[MakeApp]:
    """Makes servers with the endpoint."""
    made = []

    def make(values: Mapping[str, str] | None = None) -> webtest.TestApp:
        router = make_app({"includes": "prometheus", **(values or {})})
        made.append(router)
        return webtest.TestApp(router)

    yield make
    for router in made:
        router.close()


@pytest.mark.parametrize(
    ("values", "prefix"),
    [
        ({}, "kinto_"),
        ({"project_name": "Kinto-prod_x"}, "kintoprodx_"),
        ({"project_name": "kinto PROD"}, "kintoprod_"),
        ({"prometheus_prefix": "my.own"}, "myown_"),
        ({"project_name": "Some Project", "prometheus_prefix": ""}, ""),
    ],
)
def test_names_have_a_prefix(values: Mapping[str, str], prefix: str) -> None:
    assert prefix_of(settings_with(values)) == prefix  # settings S-217


def test_names_have_no_separators() -> None:
    assert clean("listeners_my-own.one it_seconds") == "listeners_my_own_one_it_seconds"


def test_names_can_be_disabled_with_and_without_prefix() -> None:
    settings = settings_with({"prometheus_disabled_metrics": "kinto_users_total request_size"})
    assert {"users", "request_size"} <= disabled_names(settings)  # settings S-210
    assert "users" in disabled_names(settings_with({}))  # settings SW-20
    assert "users" not in disabled_names(settings_with({"prometheus_user_ids": "true"}))


def test_buckets_may_end_with_infinity() -> None:
    settings = settings_with({"prometheus_histogram_buckets": "0.1 1 Inf"})
    assert make_registry(settings).buckets == (0.1, 1.0)  # settings S-212


@pytest.mark.parametrize("buckets", ["1 0.5", "1 1", ""])
def test_buckets_must_rise(buckets: str) -> None:
    settings = settings_with({"prometheus_histogram_buckets": buckets})
    with pytest.raises(ConfigurationError, match="prometheus_histogram_buckets"):
        make_registry(settings)


def test_the_folder_is_that_of_the_settings_or_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert folder_of(settings_with({})) is None
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", "/run/shared")
    assert folder_of(settings_with({})) == Path("/run/shared")  # settings S-218
    chosen = settings_with({"prometheus_multiproc_dir": "/run/own"})
    assert folder_of(chosen) == Path("/run/own")


def page_of(registry: Registry, created: float | None = None) -> list[str]:
    page = Page(
        prefix="kinto_", measured=registry.measured(), buckets=registry.buckets, created=created
    )
    return page.text().splitlines()


def test_a_counter_is_a_total() -> None:
    registry = Registry()
    registry.count("cache_hits", 2)
    assert page_of(registry) == [
        "# HELP kinto_cache_hits_total Entries found in the cache.",
        "# TYPE kinto_cache_hits_total counter",
        "kinto_cache_hits_total 2.0",
    ]


def test_a_histogram_adds_up_from_bucket_to_bucket() -> None:
    registry = Registry((0.1, 1.0))
    for seconds in (0.0625, 0.5, 0.5, 4):
        registry.observe("own_seconds", seconds, {"method": "get"})
    assert page_of(registry, created=17.5) == [
        "# HELP kinto_own_seconds Seconds of own.",
        "# TYPE kinto_own_seconds histogram",
        'kinto_own_seconds_bucket{method="get",le="0.1"} 1.0',
        'kinto_own_seconds_bucket{method="get",le="1.0"} 3.0',
        'kinto_own_seconds_bucket{method="get",le="+Inf"} 4.0',
        'kinto_own_seconds_count{method="get"} 4.0',
        'kinto_own_seconds_sum{method="get"} 5.0625',
        "# HELP kinto_own_seconds_created Seconds of own.",
        "# TYPE kinto_own_seconds_created gauge",
        'kinto_own_seconds_created{method="get"} 17.5',  # settings S-211
    ]


def test_sizes_are_a_summary() -> None:
    registry = Registry()
    registry.observe("request_size", 12)
    assert page_of(registry)[1:] == [
        "# TYPE kinto_request_size summary",  # settings S-222
        "kinto_request_size_count 1.0",
        "kinto_request_size_sum 12.0",
    ]


def test_odd_labels_are_escaped() -> None:
    gauge = Gauge("g", "a\nb", {(("who", 'a"b\\c\nd'),): 1})
    nothing = Measured({}, {})
    page = Page(prefix="", measured=nothing, buckets=(), created=None, gauges=[gauge])
    assert page.text().splitlines() == [
        r"# HELP g a\nb",
        "# TYPE g gauge",
        r'g{who="a\"b\\c\nd"} 1.0',
    ]


def test_processes_tell_what_they_use(tmp_path: Path) -> None:
    (tmp_path / "stat").write_text("cpu 1 2\nbtime 1000\n")
    process = tmp_path / "7"
    (process / "fd").mkdir(parents=True)
    (process / "fd" / "0").touch()
    columns = ["S", *map(str, range(1, 40))]
    (process / "stat").write_text(f"7 (a (b) c) {' '.join(columns)}\n")
    (process / "statm").write_text("9 3 1 1 0 1 0\n")
    found = {one.name: one.values for one in process_gauges([7, 8], folder=tmp_path)}
    assert found["process_open_fds"] == {(("pid", "7"),): 1}
    assert found["process_start_time_seconds"][(("pid", "7"),)] > 1000
    assert set(found) == {
        "process_cpu_seconds_total",
        "process_resident_memory_bytes",
        "process_open_fds",
        "process_start_time_seconds",
    }


def test_systems_without_such_files_tell_nothing(tmp_path: Path) -> None:
    assert process_gauges([7], folder=tmp_path) == []


def test_without_an_event_log_there_is_nothing_to_tell(app_with: MakeApp) -> None:
    assert event_gauges(app_with().app.registry.site.server, "kinto_") == []


CONSUMER_PLUGIN = """
from kinto_core import hookimpl
from kinto_core.eventlog.consumer import Consumer

def deliver(events):
    pass

@hookimpl
def register_consumers():
    return [Consumer(name="search", deliver=deliver)]
"""


@pytest.fixture
def consumed(app_with: MakeApp, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> webtest.TestApp:
    """A server with a consumer of the event log; its caller is alice."""
    (tmp_path / "consumer_of_metrics.py").write_text(CONSUMER_PLUGIN)
    monkeypatch.syspath_prepend(tmp_path)
    app = app_with({"includes": "prometheus consumer_of_metrics"})
    app.authorization = ("Basic", ("alice", "pw"))
    return app


def test_consumers_tell_how_far_they_are(consumed: webtest.TestApp) -> None:
    server: Server = consumed.app.registry.site.server
    consumed.put("/v1/buckets/a")
    consumed.put("/v1/buckets/b")
    sequence_pending(server)
    text = consumed.get("/v1/__metrics__").text
    assert "kinto_events_last_offset 2.0\n" in text
    assert 'kinto_events_consumer_lag{consumer="search"} 2.0\n' in text
    assert 'kinto_events_consumer_failures{consumer="search"} 0.0\n' in text
    deliver_pending(server)
    text = consumed.get("/v1/__metrics__").text
    assert 'kinto_events_consumer_lag{consumer="search"} 0.0\n' in text
    assert 'kinto_events_consumer_waiting_seconds{consumer="search"} 0.0\n' in text


def test_the_age_of_what_waits_is_in_seconds() -> None:
    waiting = ConsumerStatus("search", position=3, lag=1, waiting_ms=1500, failures=2, error="x")
    found = gauges_of(LogStatus(Extent(epoch="e", trimmed=0, last=4), (waiting,)), "kinto_")
    values = {one.name: [*one.values.values()] for one in found}
    assert values == {
        "kinto_events_last_offset": [4],
        "kinto_events_consumer_lag": [1],
        "kinto_events_consumer_waiting_seconds": [1.5],
        "kinto_events_consumer_failures": [2],
    }


def test_a_lost_database_leaves_the_other_metrics(
    consumed: webtest.TestApp, caplog: pytest.LogCaptureFixture
) -> None:
    server: Server = consumed.app.registry.site.server
    with server.storage.database.writing() as connection:
        connection.execute(DropTable(tables.event_cursors))
    text = consumed.get("/v1/__metrics__").text
    assert "kinto_events" not in text
    assert "process_" in text
    assert "The event log cannot be asked" in caplog.text


def test_disabled_names_are_left_out(app_with: MakeApp) -> None:
    app = app_with({"prometheus_disabled_metrics": "kinto_request_size backend_storage_seconds"})
    app.get("/v1/")
    text = app.get("/v1/__metrics__").text
    assert "request_size" not in text
    assert "backend_storage" not in text
    assert "kinto_request_summary_total" in text


def test_starts_can_be_left_out(app_with: MakeApp) -> None:
    app = app_with({"prometheus_created_metrics_enabled": "false"})
    app.get("/v1/")
    assert "_created" not in app.get("/v1/__metrics__").text  # settings S-211


OTHER_PLUGIN = """
from kinto_core import hookimpl
from kinto_core.metrics import Registry

@hookimpl
def register_metrics():
    return Registry()
"""


def test_each_of_several_plugins_gets_everything(
    app_with: MakeApp, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "metrics_elsewhere.py").write_text(OTHER_PLUGIN)
    monkeypatch.syspath_prepend(tmp_path)
    for includes in ("prometheus metrics_elsewhere", "metrics_elsewhere prometheus"):
        app = app_with({"includes": includes})
        app.get("/v1/")
        text = app.get("/v1/__metrics__").text
        assert "kinto_request_summary_total" in text  # built-in plugins B-191: the last one only
        (other,) = (
            one for one in app.app.registry.site.server.metrics.takers if type(one) is Registry
        )
        assert "request_summary" in other.measured().counters


def test_what_counts_for_itself_says_so(
    app_with: MakeApp, caplog: pytest.LogCaptureFixture
) -> None:
    app_with()
    words = "Prometheus metrics will run in single-process mode only."
    assert [one.getMessage() for one in caplog.records] == [words]  # settings S-218


def test_a_vanished_folder_leaves_nothing_to_tell(app_with: MakeApp, tmp_path: Path) -> None:
    folder = tmp_path / "shared"
    app = app_with({"prometheus_multiproc_dir": str(folder)})
    assert app.get("/v1/__metrics__").status_int == 200
    for file in folder.iterdir():
        file.unlink()
    folder.rmdir()
    answer = app.get("/v1/__metrics__", status=204)  # built-in plugins B-189
    assert answer.body == b""
