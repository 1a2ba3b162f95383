"""Who needs no events pays for none; a flush begins a new epoch."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import webtest

from kinto_core.eventlog.sql import SqlEventLog
from kinto_core.server import Server
from kinto_core.testing import make_app, make_settings

READER = '''
from kinto_core import hookimpl
from kinto_core.eventlog import Consumer, LogReader


@hookimpl
def register_consumers(server):
    """What the name of the module says."""
    return {answer}
'''
ANSWERS = {
    "reading_events": '[LogReader("streams")]',
    "consuming_events": '[Consumer(name="one", deliver=print)]',
    "wanting_no_events": "[]",
}


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """An empty database with its tables, and plugins beside it that can be imported."""
    monkeypatch.syspath_prepend(str(tmp_path))
    for name, answer in ANSWERS.items():
        (tmp_path / f"{name}.py").write_text(READER.replace("{answer}", answer))
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'kinto.db'}"
    made = str(request.getfixturevalue("postgresql_url"))
    with Server(make_settings({"storage_url": made})) as server:
        server.migrate()
    return made


@pytest.fixture
def includes() -> str:
    """The plugins to enable."""
    return "consuming_events"


@pytest.fixture
def app(url: str, includes: str) -> Iterator[webtest.TestApp]:
    """A client of a server with some plugins."""
    router = make_app({"storage_url": url, "includes": f"{includes} flush"})
    client = webtest.TestApp(router)
    client.authorization = ("Basic", ("alice", "pw"))
    yield client
    router.close()


def server_of(app: webtest.TestApp) -> Server:
    """The server behind a client."""
    server: Server = app.app.registry.site.server
    return server


def rows(app: webtest.TestApp) -> int:
    """How many events are in the tables, with an offset or without."""
    log = SqlEventLog(server_of(app).storage.database)
    with log.database.reading() as connection:
        return len(log.read(connection, 0)) + log.unsequenced(connection).number


def write(app: webtest.TestApp) -> None:
    """Three events: a bucket, a collection, a batch of two records."""
    app.put_json("/v1/buckets/b", {})
    app.put_json("/v1/buckets/b/collections/c", {})
    paths = [f"/buckets/b/collections/c/records/{number}" for number in range(2)]
    app.post_json("/v1/batch", {"requests": [{"method": "PUT", "path": path} for path in paths]})


@pytest.mark.parametrize("includes", ["", "wanting_no_events"])
def test_without_a_consumer_nothing_is_written(app: webtest.TestApp) -> None:
    write(app)
    assert server_of(app).event_log is None
    assert rows(app) == 0


@pytest.mark.parametrize("includes", ["consuming_events", "reading_events"])
def test_with_a_consumer_or_reader_each_event_is_a_row(app: webtest.TestApp) -> None:
    write(app)
    assert rows(app) == 3
    app.get("/v1/buckets/b/collections/c/records")
    app.put_json("/v1/buckets/b", {}, status=412, headers={"If-None-Match": "*"})
    assert rows(app) == 3


def test_a_flush_begins_a_new_epoch(app: webtest.TestApp) -> None:
    log = server_of(app).event_log
    assert log is not None
    write(app)
    with log.database.writing() as connection:
        log.sequence(connection)
        before = log.extent(connection)
    app.post("/v1/__flush__", status=202)
    with log.database.writing() as connection:
        log.sequence(connection)
        after = log.extent(connection)
    assert after.epoch != before.epoch
    assert after.last >= before.last == 3
