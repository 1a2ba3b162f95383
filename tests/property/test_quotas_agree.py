"""Whatever is written, in whatever order, by however many: the sums are what a recount gives.

Source: built-in plugins B-162, BW-24.
"""

import random
import threading
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from webtest import TestApp

from kinto_core.app import make_application
from kinto_core.builtin.quotas.rebuilding import rebuild
from kinto_core.builtin.quotas.sql import find, lots_of_buckets
from kinto_core.builtin.quotas.sql_recount import bucket_uris, recount
from kinto_core.server import Server
from kinto_core.testing import make_settings
from kinto_core.testing.services import PostgresqlServer

LIMITS = {
    "quotas.bucket_max_items": "3",
    "quotas.bucket_max_bytes": "900",
    "quotas.collection_max_items": "2",
    "quotas.collection_max_bytes_per_item": "120",
}
BUCKETS = ("/buckets/a", "/buckets/b")
COLLECTIONS = tuple(f"{bucket}/collections/{name}" for bucket in BUCKETS for name in "cd")
RECORDS = tuple(f"{collection}/records/{number}" for collection in COLLECTIONS for number in "123")
OBJECTS = (*RECORDS, "/buckets/a/groups/g", "/buckets/b/groups/g", *COLLECTIONS, *BUCKETS)
LISTS = (*(f"{one}/records" for one in COLLECTIONS), "/buckets/a/collections", "/buckets")


Request = dict[str, object]


def written(path: str, method: str, text: str) -> Request:
    """A request that writes something of any size."""
    data: dict[str, object] = {"x": text}
    if "/groups/" in path:
        data["members"] = []
    return {"method": method, "path": path, "body": {"data": data}}


TEXTS = st.sampled_from(["", "y" * 10, "é" * 5, "\U0001f600" * 3, "y" * 120, '"\n'])


@st.composite
def requests(draw: st.DrawFn) -> Request:
    """Mostly writes of records; the fewer, the more they destroy."""
    roll = draw(st.integers(0, 19))
    if roll < 10:
        method = draw(st.sampled_from(["PUT", "PUT", "PATCH"]))
        return written(draw(st.sampled_from(RECORDS)), method, draw(TEXTS))
    if roll < 16:
        return written(draw(st.sampled_from(OBJECTS[len(RECORDS) :])), "PUT", draw(TEXTS))
    places = RECORDS if roll < 18 else OBJECTS if roll == 18 else LISTS
    return {"method": "DELETE", "path": draw(st.sampled_from(places))}


BATCHES = st.lists(st.lists(requests(), min_size=1, max_size=8), min_size=4, max_size=12)
"""Shallow ones find nothing, so there are a few batches at least."""


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def http(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[TestApp]:
    """An application with small limits."""
    if request.param == "sqlite":
        yield from opened(f"sqlite:///{tmp_path_factory.mktemp('quotas') / 'kinto.db'}")
        return
    server: PostgresqlServer = request.getfixturevalue("postgresql_server")
    with server.database() as url:
        yield from opened(url)


def opened(url: str) -> Iterator[TestApp]:
    """An application on a database."""
    values = {"includes": "quotas flush", "storage_url": url, "batch_max_requests": "50", **LIMITS}
    with Server(make_settings(values)) as server:
        server.migrate()
    application = make_application(make_settings(values))
    yield client(TestApp(application))
    application.close()


def client(http: TestApp) -> TestApp:
    """With credentials."""
    http.authorization = ("Basic", ("alice", "secret"))
    return http


def fill(http: TestApp) -> None:
    """With the buckets and collections, most of the time."""
    for path in (*BUCKETS, *COLLECTIONS):
        http.put(f"/v1{path}")


def server_of(http: TestApp) -> Server:
    """The server of an application."""
    found: Server = http.app.registry.site.server
    return found


def require_agreement(server: Server) -> None:
    """All sums are what a recount gives, and there are no others."""
    database = server.storage.database
    with database.reading() as connection:
        uris = bucket_uris(connection)
        assert set(lots_of_buckets(connection)) == set(uris)
    for uri in uris:
        found = recount(database, uri)
        assert {one: row.sums for one, row in found.known.items()} == found.true


def require_limits(server: Server) -> None:
    """Nothing holds more than it may."""
    with server.storage.database.reading() as connection:
        for uri in (*BUCKETS, *COLLECTIONS):
            row = find(connection, uri)
            if row is not None:
                assert row.sums.records <= (3 if uri in BUCKETS else 2)
                assert uri in COLLECTIONS or row.sums.bytes <= 900


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(batches=BATCHES)
def test_sums_agree_with_a_recount(http: TestApp, batches: list[list[Request]]) -> None:
    http.post("/v1/__flush__")
    fill(http)
    for batch in batches:
        http.post_json("/v1/batch", {"requests": batch}, expect_errors=True)
    require_agreement(server_of(http))
    require_limits(server_of(http))


def random_batch(random_numbers: random.Random) -> list[Request]:
    """A few requests, mostly writes of records."""
    requests: list[Request] = []
    for _ in range(random_numbers.randint(1, 4)):
        path = random_numbers.choice(OBJECTS[:-2])
        roll = random_numbers.random()
        if roll < 0.2:
            requests.append({"method": "DELETE", "path": path})
        else:
            requests.append(written(path, "PUT", "y" * random_numbers.randint(0, 150)))
    return requests


def test_sums_agree_whoever_writes_and_counts_at_once(http: TestApp) -> None:
    http.post("/v1/__flush__")
    server = server_of(http)
    fill(http)
    for path in (RECORDS[0], RECORDS[-1], OBJECTS[len(RECORDS)]):
        http.put_json(f"/v1{path}", {"data": {"members": []}})
    with server.storage.database.writing() as connection:  # as if filled without the plugin
        connection.command("DELETE FROM quotas_usage")
    statuses: set[int] = set()
    failures: list[BaseException] = []

    def write(seed: int) -> None:
        own, numbers = client(TestApp(http.app)), random.Random(seed)
        try:
            for _ in range(25):
                body = {"requests": random_batch(numbers)}
                answer = own.post_json("/v1/batch", body, expect_errors=True)
                statuses.add(answer.status_int)
        except BaseException as error:
            failures.append(error)
            raise

    writers = [threading.Thread(target=write, args=(seed,)) for seed in range(4)]
    for writer in writers:
        writer.start()
    rebuild(server.storage.database, lambda _: None)
    for writer in writers:
        writer.join()
    assert failures == []
    assert statuses == {200, 507}
    require_agreement(server)
