"""A list looks the same, byte for byte, whether its objects are joined by the database or by us.

A plugin that listens to reads wants the objects one by one, so a server with such a plugin shows
what a server without it must answer.
"""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import webtest

from kinto_core.objects import StoredObject, tombstone
from kinto_core.testing.contracts.lists import ListUnderTest, stored
from kinto_core.testing.recorder import HookRecorder
from tests.unit.http.conftest import MakeApp

C = "/buckets/b/collections/c"
R = f"{C}/records"
SIZE = 1000
Page = tuple[bytes, list[tuple[str, str]]]
QUERIES = (
    "",
    "?_limit=300",
    "?_limit=1000",
    "?_limit=1001",
    "?_limit=999",
    "?_since=2000",
    "?_since=2900&_limit=30",
    "?_since=%222990%22",
    "?_since=2999",
    "?_since=5000",
    "?_before=1100",
    "?_since=1400&_before=1450&_limit=7",
    "?gt_last_modified=2950",
    "?n=5",
    "?min_n=990&_limit=3",
    "?_sort=n&_limit=400",
    "?_sort=-last_modified&_limit=400",
    "?_sort=last_modified&_limit=400",
    "?_fields=n&_limit=400",
    "?deleted=true&_since=0&_limit=40",
    "?n=none",
)


def records() -> list[StoredObject]:
    """A thousand records and tombstones; the timestamps of some are the same."""
    found: list[StoredObject] = []
    for n in range(SIZE):
        moment = 2000 + n - n % 4 if n < SIZE // 2 else 2000 + n
        if n % 10 == 3:
            found.append(tombstone(f"r{n * 7 % SIZE}", moment))
        else:
            found.append(stored(f"r{n * 7 % SIZE}", moment, n=n, text=f"é\u2028😀\\\"{n}', }}"))
    return found


@pytest.fixture(params=["sqlite", "postgresql"])
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> dict[str, str]:
    """Of a server with an empty storage."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'kinto.db'}"
    else:
        url = request.getfixturevalue("postgresql_url")
    return {"storage_url": url, "userid_hmac_secret": "of both servers"}


@pytest.fixture
def app(app_with: MakeApp, settings: dict[str, str]) -> webtest.TestApp:
    """A server with an empty list of records."""
    app = app_with(settings)
    app.app.registry.site.server.migrate()
    for path in ("/v1/buckets/b", f"/v1{C}"):
        app.put_json(path, {})
    return app


@pytest.fixture
def told(app: webtest.TestApp, app_with: MakeApp, settings: dict[str, str]) -> webtest.TestApp:
    """Another server on the same storage, with a plugin that listens to reads."""
    del app  # it makes the tables
    told = app_with(settings)
    told.app.registry.site.server.plugins.add(HookRecorder(), "recorder")
    return told


def pages(app: webtest.TestApp, query: str) -> Iterator[Page]:
    """The bodies and headers of all pages of a list."""
    path = f"/v1{R}{query}"
    while path:
        answer = app.get(path)
        headers = [pair for pair in answer.headerlist if pair[0] != "X-Request-Id"]
        yield answer.body, headers
        url = urlsplit(answer.headers.get("Next-Page", ""))
        path = f"{url.path}?{url.query}" if url.path else ""


def test_pages_are_the_same_joined_by_the_database(
    app: webtest.TestApp, told: webtest.TestApp
) -> None:
    storage = app.app.registry.site.server.storage
    ListUnderTest(storage, C, "record").put(*records())
    for query in QUERIES:
        joined = list(pages(app, query))
        assert joined == list(pages(told, query)), query
    assert len(list(pages(app, "?_limit=300"))) == 3


def test_lists_without_records_are_the_same(app: webtest.TestApp, told: webtest.TestApp) -> None:
    for query in ("", "?_limit=1", "?_since=5", "?_sort=n", "?_fields=n"):
        [page] = pages(app, query)
        assert [page] == list(pages(told, query))
        assert page[0] == b'{"data":[]}'


def test_a_page_in_a_batch_shows_what_the_batch_wrote(app: webtest.TestApp) -> None:
    write = {"method": "PUT", "path": f"{R}/new", "body": {"data": {"text": "é"}}}
    requests = [write, {"path": f"{R}?_limit=1"}, {"path": f"{R}?_fields=id"}]
    _, page, fields = app.post_json("/v1/batch", {"requests": requests}).json["responses"]
    [record] = page["body"]["data"]
    assert (record["id"], record["text"]) == ("new", "é")
    assert fields["body"]["data"] == [{"id": "new", "last_modified": record["last_modified"]}]
