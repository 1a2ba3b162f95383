"""What is measured about requests and operations of batches."""

from collections.abc import Callable, Iterator, Mapping

import pytest
import webtest

from kinto_core.authentication.interface import Identity
from kinto_core.http.measuring import Measurement, Meter
from kinto_core.metrics import NO_METRICS, Registry
from kinto_core.testing import make_app

Measure = Callable[..., webtest.TestApp]
FIELDS = "bucket_id collection_id group_id record_id"


def registry_of(app: webtest.TestApp) -> Registry:
    registry: Registry = app.app.registry.site.server.metrics
    return registry


def counted(app: webtest.TestApp, name: str = "request_summary") -> list[dict[str, str]]:
    """The labels of a counter that are not empty, one for each series."""
    series = registry_of(app).measured().counters.get(name, {})
    return [{key: value for key, value in labels if value} for labels in series]


@pytest.fixture
def measured() -> Iterator[Measure]:
    """Makes servers that are measured; their caller is alice."""
    made = []

    def make(values: Mapping[str, str] | None = None) -> webtest.TestApp:
        router = make_app({"includes": "prometheus", **(values or {})})
        made.append(router)
        app = webtest.TestApp(router)
        app.authorization = ("Basic", ("alice", "pw"))
        return app

    yield make
    for router in made:
        router.close()


def test_a_request_has_a_method_an_endpoint_and_a_status(measured: Measure) -> None:
    app = measured()
    app.put("/v1/buckets/b")
    app.post_json("/v1/buckets/b/collections", {"data": {"id": "c"}})
    assert counted(app) == [  # settings S-220, S-230
        {"method": "put", "endpoint": "bucket-object", "status": "201"},
        {"method": "post", "endpoint": "collection-plural", "status": "201"},
    ]


def test_identifiers_become_labels_where_they_are_wanted(measured: Measure) -> None:
    app = measured({"metrics_matchdict_fields": FIELDS})
    app.put("/v1/buckets/b")
    app.put_json("/v1/buckets/b/groups/g", {"data": 1}, status=400)
    found = counted(app)
    assert [one.get("bucket_id") for one in found] == ["b", None]  # settings S-208, S-230
    assert "group_id" not in found[1]
    (labels, *_) = registry_of(app).measured().counters["request_summary"]
    assert {"collection_id", "group_id", "record_id"} <= {name for name, _ in labels}


def test_what_has_no_endpoint_is_unknown_or_a_redirect(measured: Measure) -> None:
    app = measured()
    app.get("/v1/nothing", status=404)
    app.get("/buckets", status=307)
    found = [one["endpoint"] for one in counted(app)]
    assert found == ["unknown", "redirect_to_version"]  # settings S-230


def test_a_refused_write_of_a_read_only_server_reached_nothing(measured: Measure) -> None:
    app = measured({"readonly": "true"})
    app.put("/v1/buckets/b", status=405)
    assert [one["endpoint"] for one in counted(app)] == ["unnamed"]  # settings S-230


def test_operations_of_a_batch_count_beside_it(measured: Measure) -> None:
    app = measured({"metrics_matchdict_fields": FIELDS})
    paths = ["/buckets/b", "/v1/", "/nothing", "/__api__"]
    requests = [{"method": "PUT", "path": paths[0]}] + [{"path": path} for path in paths[1:]]
    app.post_json("/v1/batch", {"requests": requests})
    found = [(one["endpoint"], one["status"]) for one in counted(app)]
    assert found == [  # settings S-230
        ("bucket-object", "201"),
        ("hello", "200"),
        ("unknown", "404"),
        ("openapi", "200"),
        ("batch", "200"),
    ]
    assert counted(app)[0]["bucket_id"] == "b"


def test_durations_and_sizes_have_no_status(measured: Measure) -> None:
    app = measured()
    body = app.get("/v1/").body
    found = registry_of(app).measured().histograms
    labels = (("endpoint", "hello"), ("method", "get"))
    assert sum(found["request_duration_seconds"][labels].counts) == 1  # settings S-221
    assert found["request_size"][labels].total == len(body)  # settings S-222


def test_users_are_counted_by_how_they_proved_it(measured: Measure) -> None:
    app = measured()
    app.get("/v1/")
    app.authorization = None
    app.get("/v1/buckets", status=401)
    assert counted(app, "authentication") == [{"type": "basicauth"}]  # settings S-224
    assert counted(app, "users") == []  # settings SW-20
    timed = registry_of(app).measured().histograms["authentication_basicauth_seconds"]
    assert sum(timed[(("method", "authenticate"),)].counts) == 1  # settings S-226


def test_users_are_counted_by_id_where_that_is_wanted(measured: Measure) -> None:
    app = measured({"prometheus_user_ids": "true"})
    user = app.get("/v1/").json["user"]["id"]
    (found,) = counted(app, "users")
    assert f"{found['auth']}:{found['userid']}" == user  # settings S-223


def test_colons_of_user_ids_become_dots() -> None:
    registry = Registry()
    Meter(registry, ()).take(
        Measurement(
            method="GET",
            endpoint="hello",
            ids={},
            status=200,
            seconds=0.1,
            size=2,
            identity=Identity("openid:https://a", "openid"),
        )
    )
    (labels,) = registry.measured().counters["users"]
    assert dict(labels) == {"auth": "openid", "userid": "https.//a"}  # settings S-223


def test_backends_are_timed(measured: Measure) -> None:
    app = measured()
    app.put("/v1/buckets/b")
    found = registry_of(app).measured().histograms
    assert (("method", "save"),) in found["backend_storage_seconds"]  # settings S-225
    assert (("method", "set_grants"),) in found["backend_permission_seconds"]


def test_nothing_is_measured_without_a_plugin(app: webtest.TestApp) -> None:
    server = app.app.registry.site.server
    assert server.metrics is NO_METRICS  # settings S-216
    assert type(server.storage).__name__ == "SqlStorage"
