"""Quotas over HTTP, on both databases. Source: built-in plugins section 6, BW-24."""

import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from openapi_spec_validator import validate
from webtest import TestApp

from kinto_core.app import make_application
from kinto_core.server import Server
from kinto_core.testing import make_settings
from kinto_core.testing.services import PostgresqlServer

Make = Callable[..., TestApp]

BUCKET = "/v1/buckets/b"
COLLECTION = f"{BUCKET}/collections/c"
RECORDS = f"{COLLECTION}/records"


@pytest.fixture(scope="module")
def shared_postgresql_url(postgresql_server: PostgresqlServer) -> Iterator[str]:
    """One database for all tests, since making one takes long."""
    with postgresql_server.database() as url:
        settings = make_settings({"includes": "quotas", "storage_url": url})
        with Server(settings) as server:
            server.migrate()
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'kinto.db'}"
    found: str = request.getfixturevalue("shared_postgresql_url")
    with Server(make_settings({"includes": "quotas", "storage_url": found})) as server:
        server.flush()
    return found


@pytest.fixture
def make(url: str) -> Iterator[Make]:
    """Makes an application with quotas, or without."""
    opened = []

    def make_one(includes: str = "quotas", **limits: int | str) -> TestApp:
        settings = {f"quotas.{name}": str(value) for name, value in limits.items()}
        application = make_application(
            make_settings({"includes": includes, "storage_url": url, **settings})
        )
        opened.append(application)
        http = TestApp(application)
        http.authorization = ("Basic", ("alice", "secret"))
        return http

    yield make_one
    for application in opened:
        application.close()


def filled(http: TestApp) -> TestApp:
    """With a bucket and a collection."""
    http.put(BUCKET, status=201)
    http.put(COLLECTION, status=201)
    return http


def usage(http: TestApp, path: str = BUCKET) -> dict[str, Any]:
    """What a bucket or collection holds."""
    found: dict[str, Any] = http.get(f"{path}/usage").json["data"]
    return found


def counts(http: TestApp, path: str = BUCKET) -> list[int]:
    """The three numbers of a bucket, or the two of a collection."""
    shown = usage(http, path)
    names = ("collection_count", "record_count", "storage_size")
    return [shown[name] for name in names if name in shown]


def test_a_size_is_that_of_the_json_with_everything_escaped(make: Make) -> None:
    http = filled(make())
    before = counts(http, COLLECTION)[1]
    http.put_json(f"{RECORDS}/r0", {"data": {"x": "y"}})
    assert counts(http, COLLECTION) == [1, before + 49]  # B-161
    http.put_json(f"{RECORDS}/r0", {"data": {"x": "é\U0001f600"}})
    assert counts(http, COLLECTION) == [1, before + 48 + 6 + 12]


def test_a_bucket_holds_itself_and_all_that_is_in_it(make: Make) -> None:
    http = make()
    http.put(BUCKET)
    assert counts(http) == [0, 0, 40]  # B-161, B-162
    http.put_json(f"{BUCKET}/groups/g", {"data": {"members": []}})
    http.put(COLLECTION)
    http.put(f"{RECORDS}/a")
    assert counts(http) == [1, 1, 4 * 40 + len(',"members":[]')]
    assert counts(http, COLLECTION) == [1, 80]
    http.delete(f"{RECORDS}/a")
    assert counts(http, COLLECTION) == [0, 40]  # a tombstone is nothing
    http.put(f"{RECORDS}/a")
    http.delete(COLLECTION)  # with what is in it
    assert counts(http) == [0, 0, 80 + len(',"members":[]')]
    http.delete(BUCKET)
    http.put(BUCKET)
    assert counts(http) == [0, 0, 40]


def test_what_exceeds_the_number_of_records_is_refused(make: Make) -> None:
    http = filled(make(collection_max_items=2))
    http.put(f"{RECORDS}/a")
    http.put(f"{RECORDS}/b")
    answer = http.put(f"{RECORDS}/c", status=507)
    assert answer.json == {
        "code": 507,
        "errno": 123,  # BW-24: one of its own
        "error": "Insufficient Storage",
        "message": "Collection maximum number of objects exceeded (3 > 2 objects). Delete something"
        " in /buckets/b/collections/c first, or ask for a larger quota.",
        "details": {
            "uri": "/buckets/b/collections/c",
            "quota": "max_items",
            "limit": 2,
            "value": 3,
        },
    }
    http.get(f"{RECORDS}/c", status=404)
    assert counts(http)[1] == 2
    http.put_json(f"{RECORDS}/a", {"data": {"x": 1}}, status=200)


def test_a_limit_that_is_reached_is_not_exceeded(make: Make) -> None:
    http = filled(make(bucket_max_bytes=120, collection_max_bytes=80))  # B-164
    http.put(f"{RECORDS}/a", status=201)
    answer = http.patch_json(f"{RECORDS}/a", {"data": {"x": 1}}, status=507)
    assert answer.json["message"].startswith(
        "Bucket maximum total size exceeded (126 > 120 Bytes)."
    )
    assert counts(http) == [1, 1, 120]


def test_deletions_are_always_allowed(make: Make) -> None:
    http = filled(make())
    for name in "abc":
        http.put_json(f"{RECORDS}/{name}", {"data": {"x": "y" * 50}})
    full = make(bucket_max_bytes=10, bucket_max_items=1, collection_max_bytes_per_item=5)
    full.put_json(f"{RECORDS}/d", {}, status=507)
    full.patch_json(f"{RECORDS}/a", {"data": {"x": "y"}}, status=200)  # it becomes less
    full.delete(f"{RECORDS}/a", status=200)
    full.delete(RECORDS, status=200)
    full.delete(COLLECTION, status=200)
    full.delete(BUCKET, status=200)


def test_a_large_object_is_refused(make: Make) -> None:
    http = filled(make(bucket_max_bytes_per_item=60, collection_b_big_max_bytes_per_item=100))
    large = {"data": {"x": "y" * 30}}
    answer = http.put_json(f"{RECORDS}/a", large, status=507)
    assert answer.json["message"].startswith("Maximum bytes per object exceeded (77 > 60 Bytes).")
    http.put_json(f"{BUCKET}/groups/g", {"data": {"members": ["x" * 30]}}, status=507)
    # The limit of a collection is for its records, and counts instead of the bucket's. BW-24
    big = f"{BUCKET}/collections/big"
    http.put_json(big, large, status=507)
    http.put(big, status=201)
    http.put_json(f"{big}/records/a", large, status=201)


def test_a_batch_that_exceeds_leaves_nothing(make: Make) -> None:
    http = filled(make(collection_max_items=2))
    before = counts(http)
    requests = [{"method": "PUT", "path": f"{RECORDS}/{name}"} for name in "abc"]
    answer = http.post_json("/v1/batch", {"requests": requests}, status=507)  # B-166
    assert answer.json["details"]["uri"] == "/buckets/b/collections/c"
    assert http.get(RECORDS).json["data"] == []
    assert counts(http) == before
    # What matters is what there is in the end.
    requests.append({"method": "DELETE", "path": f"{RECORDS}/a"})
    http.post_json("/v1/batch", {"requests": requests}, status=200)
    assert counts(http, COLLECTION) == [2, 120]


def test_deleting_and_making_anew_in_one_batch(make: Make) -> None:
    http = filled(make())
    http.put(f"{RECORDS}/a")
    requests = [
        {"method": "PUT", "path": f"{RECORDS}/b"},
        {"method": "DELETE", "path": COLLECTION},
        {"method": "PUT", "path": COLLECTION},
        {"method": "PUT", "path": f"{RECORDS}/c"},
    ]
    http.post_json("/v1/batch", {"requests": requests})
    assert counts(http) == [1, 1, 120]
    assert counts(http, COLLECTION) == [1, 80]
    requests[1:3] = [{"method": "DELETE", "path": BUCKET}, {"method": "PUT", "path": BUCKET}]
    requests.insert(3, {"method": "PUT", "path": COLLECTION})
    http.post_json("/v1/batch", {"requests": requests})
    assert counts(http) == [1, 1, 120]
    assert counts(http, COLLECTION) == [1, 80]


def test_one_bucket_and_one_collection_may_have_limits_of_their_own(make: Make) -> None:
    http = filled(  # B-157 to B-160
        make(
            bucket_max_items=0,
            bucket_b_max_items="",
            collection_max_items=0,
            collection_b_max_items=1,
            collection_b_d_max_items=2,
        )
    )
    assert usage(http)["limits"]["max_items"] is None
    assert usage(http, COLLECTION)["limits"]["max_items"] == 1
    http.put(f"{BUCKET}/collections/d")
    assert usage(http, f"{BUCKET}/collections/d")["limits"]["max_items"] == 2
    http.put("/v1/buckets/x")
    http.put("/v1/buckets/x/collections/c")
    http.post("/v1/buckets/x/collections/c/records", status=507)


def test_a_bucket_may_set_itself_smaller_limits(make: Make) -> None:
    http = filled(make(bucket_max_items=2, collection_max_items=1))
    http.patch_json(BUCKET, {"data": {"quotas": {"max_items": 0}}})  # BW-24
    http.patch_json(COLLECTION, {"data": {"quotas": {"max_items": 5}}})
    http.put(f"{RECORDS}/a", status=507)
    assert usage(http, COLLECTION)["limits"]["max_items"] == 1
    http.patch_json(BUCKET, {"data": {"quotas": {"max_items": 5}}})
    assert usage(http)["limits"] == {"max_bytes": None, "max_items": 2, "max_bytes_per_item": None}
    http.put(f"{RECORDS}/a", status=201)
    answer = http.patch_json(BUCKET, {"data": {"quotas": {"max_items": "many"}}}, status=400)
    assert answer.json["details"][0]["name"] == "data.quotas.max_items"
    http.put_json("/v1/buckets/x", {"data": {"quotas": {"items": 5}}}, status=400)
    http.put_json("/v1/buckets/x", {"data": {"quotas": 5}}, status=400)
    http.put_json("/v1/buckets/x", {"data": {"quotas": {"max_bytes": 40}}}, status=507)


def test_the_usage_is_for_whom_may_read(make: Make) -> None:
    http = filled(make())
    http.authorization = ("Basic", ("bob", "secret"))
    http.get(f"{BUCKET}/usage", status=403)
    http.get(f"{COLLECTION}/usage", status=403)
    http.authorization = None
    http.get(f"{BUCKET}/usage", status=401)
    http.authorization = ("Basic", ("alice", "secret"))
    http.patch_json(COLLECTION, {"permissions": {"read": ["system.Everyone"]}})
    http.authorization = ("Basic", ("bob", "secret"))
    assert usage(http, COLLECTION)["is_complete"] is True
    http.get("/v1/buckets/nowhere/usage", status=403)
    http.authorization = ("Basic", ("alice", "secret"))
    http.get(f"{BUCKET}/collections/nowhere/usage", status=404)
    http.post(f"{BUCKET}/usage", status=405)


def test_the_usage_of_the_personal_bucket_and_within_a_batch(make: Make) -> None:
    http = make("quotas default_bucket")
    http.put("/v1/buckets/default/collections/c/records/a")
    assert counts(http, "/v1/buckets/default")[:2] == [1, 1]
    requests = [{"path": "/v1/buckets/default/collections/c/usage"}]
    (inner,) = http.post_json("/v1/batch", {"requests": requests}).json["responses"]
    assert inner["body"]["data"]["record_count"] == 1


def test_flushing_forgets_the_sums(make: Make) -> None:
    http = filled(make("quotas flush"))
    http.post("/v1/__flush__")
    http.put(BUCKET)
    assert counts(http) == [0, 0, 40]


def test_it_is_announced(make: Make) -> None:
    assert make().get("/v1/").json["capabilities"]["quotas"] == {
        "description": "Quotas Management on buckets and collections.",  # B-16
        "url": "https://kinto.readthedocs.io",
    }


def test_the_description_of_the_api_has_it(make: Make) -> None:
    described = make("quotas counters").get("/v1/__api__").json
    validate(described)
    assert "/buckets/{bucket_id}/collections/{collection_id}/usage" in described["paths"]


def test_a_start_on_data_that_nobody_counted_says_what_to_run(
    make: Make, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, logger="kinto_core.builtin.quotas"):
        make()
        assert caplog.messages == []
        http = filled(make("default_bucket"))
        http.put(f"{RECORDS}/a")
        shown = usage(make())
    assert "run: kinto quotas rebuild" in caplog.text
    assert shown["is_complete"] is False
