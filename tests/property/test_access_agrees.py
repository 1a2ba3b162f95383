"""Single reads, lists and batches show each caller the same, on both storages: what P-15 says."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
import webtest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kinto_core.database.engine import DatabaseOptions
from kinto_core.database.migrating import migrate
from kinto_core.database.opening import Databases
from kinto_core.testing import make_app
from kinto_core.testing.services import PostgresqlServer
from tests.property.access import READING, Layout, type_of
from tests.protocol.client import ALICE, BOB, SECRET, Client

GROUP = "/buckets/p/groups/g"
URIS = (
    "/buckets/p",
    "/buckets/q",
    "/buckets/p/collections/c",
    "/buckets/p/collections/d",
    "/buckets/q/collections/c",
    GROUP,
    "/buckets/p/collections/c/records/r1",
    "/buckets/p/collections/c/records/r2",
    "/buckets/p/collections/d/records/r1",
    "/buckets/q/collections/c/records/r1",
)
MISSING = ("/buckets/p/collections/c/records/none", "/buckets/p/groups/none")
LISTS = sorted({uri.rpartition("/")[0] for uri in URIS})
WHO = ("basicauth:stranger", BOB, GROUP, "system.Authenticated", "system.Everyone")
CHECKED = settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)

ENTRIES = [(uri, name) for uri in URIS for name in sorted(READING[type_of(uri)])]


@st.composite
def layouts(draw: st.DrawFn) -> Layout:
    """The objects above with a few entries in their lists."""
    objects: dict[str, dict[str, set[str]]] = {uri: {"write": {ALICE}} for uri in URIS}
    entry = st.tuples(st.sampled_from(ENTRIES), st.sampled_from(WHO))
    for (uri, name), who in draw(st.lists(entry, max_size=4)):
        objects[uri].setdefault(name, set()).add(who)
    members = draw(st.sets(st.sampled_from([BOB, "system.Authenticated", "basicauth:stranger"])))
    return Layout(objects, {GROUP: members})


@pytest.fixture(params=["sqlite", "postgresql"])
def app(request: pytest.FixtureRequest) -> Iterator[webtest.TestApp]:
    """A server on each storage."""
    values = {"userid_hmac_secret": SECRET}
    if request.param == "sqlite":
        yield from served(values)
        return
    server: PostgresqlServer = request.getfixturevalue("postgresql_server")
    with server.database() as url:
        databases = Databases(DatabaseOptions())
        migrate(databases.get(url))
        databases.close()
        yield from served({**values, "storage_url": url})


def served(values: Mapping[str, str]) -> Iterator[webtest.TestApp]:
    """A server until the test is over."""
    router = make_app(values)
    yield webtest.TestApp(router, lint=False)
    router.close()


def build(alice: Client, layout: Layout) -> None:
    """Create the objects of a layout."""
    requests: list[dict[str, Any]] = []
    for uri, lists in layout.objects.items():
        body: dict[str, Any] = {"permissions": {name: sorted(who) for name, who in lists.items()}}
        if uri in layout.members:
            body["data"] = {"members": sorted(layout.members[uri])}
        requests.append({"method": "PUT", "path": uri, "body": body})
    assert [one["status"] for one in alice.batch(*requests)] == [201] * len(URIS)


def shown(uri: str, status: int, body: Mapping[str, Any]) -> int | set[str]:
    """The URIs of a list, or the status of anything else."""
    if status == 200 and isinstance(body["data"], list):
        return {f"{uri}/{item['id']}" for item in body["data"]}
    return status


@given(layout=layouts())
@CHECKED
def test_reads_lists_and_batches_follow_the_permissions(
    app: webtest.TestApp, layout: Layout
) -> None:
    app.app.registry.site.server.flush()
    alice = Client(app)
    build(alice, layout)
    for name, user in (("bob", BOB), (None, None), ("alice", ALICE)):
        client = alice.as_(name)
        expected: dict[str, int | set[str]] = {
            **{uri: layout.get(user, uri) for uri in (*URIS, *MISSING)},
            **{uri: layout.list(user, uri) for uri in LISTS},
        }
        single = {}
        for uri in expected:
            answer = client.get(uri)
            single[uri] = shown(uri, answer.status, answer.json)
            if uri in layout.objects and answer.status == 200:  # protocol W-12
                assert bool(answer.permissions) is layout.may_write(user, uri)
        assert single == expected
        responses = client.batch(*({"path": uri} for uri in expected))
        batched = {
            uri: shown(uri, one["status"], one["body"])
            for uri, one in zip(expected, responses, strict=True)
        }
        assert batched == expected
