"""``GET /__counters__``. Source: built-in plugins section 8."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Dialect, Select
from webtest import TestApp

from kinto_core.app import make_application
from kinto_core.builtin.counters import sql
from kinto_core.builtin.counters.counting import Counter
from kinto_core.cli.weaknesses import weaknesses
from kinto_core.database.moment import Source
from kinto_core.server import Server
from kinto_core.testing import make_server, make_settings

Make = Callable[..., TestApp]

PATH = "/v1/__counters__"


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database of each kind."""
    if request.param == "memory":
        return ""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'kinto.db'}"
    found: str = request.getfixturevalue("postgresql_url")
    return found


@pytest.fixture
def make(url: str) -> Iterator[Make]:
    """Makes an application with the plugin."""
    opened = []

    def make_one(**values: str) -> TestApp:
        settings = make_settings({"includes": "counters", "storage_url": url, **values})
        if url:
            with Server(settings) as server:
                server.migrate()
        application = make_application(settings)
        opened.append(application)
        http = TestApp(application)
        http.authorization = ("Basic", ("alice", "secret"))
        return http

    yield make_one
    for application in opened:
        application.close()


def test_what_is_stored_is_counted_by_type(make: Make) -> None:
    http = make()
    assert http.get(PATH).json == {"objects": {}, "tombstones": {}}  # B-171
    for path in ("", "/groups/g", "/collections/c", "/collections/d"):
        http.put_json(f"/v1/buckets/b{path}", {"data": {"members": []}})
    for name in "abc":
        http.put(f"/v1/buckets/b/collections/c/records/{name}")
    http.delete("/v1/buckets/b/collections/c/records/a")
    http.delete("/v1/buckets/b/collections/d")
    http.authorization = None
    assert http.get(PATH).json == {
        "objects": {"bucket": 1, "collection": 1, "group": 1, "record": 2},
        "tombstones": {"collection": 1, "record": 1},
    }
    assert http.head(PATH).body == b""


def test_a_batch_counts_what_it_wrote(make: Make) -> None:
    http = make()
    requests = [{"method": "PUT", "path": "/v1/buckets/b"}, {"path": PATH}]
    answers = http.post_json("/v1/batch", {"requests": requests}).json["responses"]
    assert answers[1]["body"] == {"objects": {"bucket": 1}, "tombstones": {}}


def test_a_token_keeps_others_out(make: Make) -> None:
    http = make(counters_token="sesame")
    answer = http.get(PATH, status=401)  # BW-13
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    http.authorization = None
    http.get(PATH, headers={"Authorization": "Bearer wrong"}, status=401)
    http.get(PATH, headers={"Authorization": "Bearer sesame"}, status=200)
    requests = [{"path": PATH}]
    (inner,) = http.post_json("/v1/batch", {"requests": requests}).json["responses"]
    assert inner["status"] == 401


def test_a_check_tells_who_may_look() -> None:
    open_one = make_settings({"includes": "kinto.plugins.counters"})
    assert any("counters_token" in one for one in weaknesses(open_one, None))
    closed = make_settings({"includes": "counters", "counters_token": "sesame"})
    assert not any("counters_token" in one for one in weaknesses(closed, None))


def test_it_is_announced(make: Make) -> None:
    assert make().get("/v1/").json["capabilities"]["counters_endpoint"] == {  # B-8
        "description": "The __counters__ endpoint exposes how many objects are stored.",
        "url": "https://kinto.readthedocs.io/en/latest/api/1.x/counters.html",
    }
    make().post(PATH, status=405)


def plan(server: Server, query: Select[Any], dialect: Dialect) -> str:
    """How a database goes about a query."""
    text = str(query.compile(dialect=dialect, compile_kwargs={"literal_binds": True}))
    prefix = "EXPLAIN QUERY PLAN" if dialect.name == "sqlite" else "EXPLAIN"
    with server.storage.database.engine().connect() as connection:
        if dialect.name == "postgresql":
            connection.exec_driver_sql("SET enable_seqscan = off")
            connection.exec_driver_sql("SET enable_bitmapscan = off")
        rows = connection.exec_driver_sql(f"{prefix} {text}")
        return " ".join(str(column) for row in rows for column in row)


def test_indexes_are_enough_to_count(make: Make) -> None:
    server: Server = make().app.registry.site.server
    dialect = server.storage.database.engine().dialect
    word = "COVERING INDEX" if dialect.name == "sqlite" else "Index Only Scan"
    assert word in plan(server, sql.ALL, dialect)
    found = plan(server, sql.TOMBSTONES, dialect)
    assert word in found
    assert "counters_tombstones" in found


class Slow:
    """Counts the counts, and makes them take a second each."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.calls = 0

    def now(self) -> float:
        """The time."""
        return self.seconds

    def count(self, _connection: Source) -> tuple[int, int]:
        """One thing more each time."""
        self.calls += 1
        self.seconds += 1
        return self.calls, 0


def things(answer: bytes) -> bytes:
    """The number of things in an answer."""
    return answer.partition(b'"things":')[2][:1]


def test_what_was_dear_to_count_is_kept_for_fifty_times_as_long() -> None:
    slow = Slow()
    with make_server() as server:
        counter = Counter(server, {"things": slow.count}, slow.now)
        assert things(counter.text()) == b"1"
        slow.seconds += 49
        assert things(counter.text()) == b"1"
        slow.seconds += 2
        assert things(counter.text()) == b"2"


def test_one_counts_while_others_get_what_was_counted_last() -> None:
    slow = Slow()
    begun, go_on = threading.Event(), threading.Event()

    def count(connection: Source) -> tuple[int, int]:
        if slow.calls:
            begun.set()
            go_on.wait(10)
        return slow.count(connection)

    with make_server() as server:
        counter = Counter(server, {"things": count}, slow.now)
        counter.text()
        slow.seconds += 60
        other = threading.Thread(target=counter.text)
        other.start()
        begun.wait(10)
        assert things(counter.text()) == b"1"
        go_on.set()
        other.join()
        assert things(counter.text()) == b"2"


def test_quick_counts_are_never_kept() -> None:
    numbers = iter(range(1, 9))
    with make_server() as server:
        counter = Counter(server, {"things": lambda _: (next(numbers), 0)})
        assert [things(counter.text()) for _ in range(3)] == [b"1", b"2", b"3"]


PLUGIN = """
from kinto_core import hookimpl
from sqlalchemy import literal, select
QUERY = select(literal(1))
@hookimpl
def register_counters():
    return {"letters": lambda connection: (len(list(connection.execute(QUERY))), 2)}
"""


def test_hook_register_counters(
    make: Make, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """What a plugin counts is among the counters."""
    (tmp_path / "letters_under_test.py").write_text(PLUGIN)
    monkeypatch.syspath_prepend(str(tmp_path))
    http = make(includes="counters letters_under_test")
    assert http.get(PATH).json == {"objects": {"letters": 1}, "tombstones": {"letters": 2}}


def test_entries_of_history_are_counted(make: Make) -> None:
    http = make(includes="counters history")
    for path in ("/v1/buckets/b", "/v1/buckets/b/collections/c"):
        http.put(path)
    assert http.get(PATH).json["objects"]["history"] == 2  # B-171
