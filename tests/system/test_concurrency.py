"""Many clients at once: nobody is refused, nothing is missed, one winner where there is one.

All of it on two server processes, on SQLite and on PostgreSQL. A plugin sleeps inside transactions,
so that those that began first often end last.
"""

import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import pytest

from kinto_core.testing.services import PostgresqlServer
from tests.system.conftest import emptied, kept_server, settings_on
from tests.system.processes import RunningServer, scaled
from tests.system.wire import RECORDS, Wire, at_once, make_blog

WRITERS = 8
CROWD = 64
WRITES = scaled(1200, least=240) // WRITERS
"""Of each writer."""

SLOW = '''
import random
import time

from kinto_core import hookimpl


@hookimpl
def resource_changed(event):
    """Keep some transactions open for a while."""
    if random.random() < 0.5:
        time.sleep(random.uniform(0, 0.02))
'''


SlowServers = Callable[[str], RunningServer]


@pytest.fixture(scope="module")
def slow_servers(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[SlowServers]:
    """Gives the server of a kind of database, whose transactions take a random time to commit."""
    with ExitStack() as stack:

        @cache
        def server_on(kind: str) -> RunningServer:
            folder = tmp_path_factory.mktemp(kind)
            url = f"sqlite:///{folder / 'kinto.db'}"
            if kind == "postgresql":
                databases: PostgresqlServer = request.getfixturevalue("postgresql_server")
                url = stack.enter_context(databases.database())
            (folder / "slow.py").write_text(SLOW)
            settings = {**settings_on(url), "INCLUDES": "slow flush", "THREADS": "16"}
            return stack.enter_context(kept_server(folder, "serve", settings))

        yield server_on


@pytest.fixture(params=["sqlite", "postgresql"])
def slow_server(request: pytest.FixtureRequest, slow_servers: SlowServers) -> RunningServer:
    """A slow server with an empty collection and nothing else."""
    server = emptied(slow_servers(request.param))
    make_blog(Wire(server.port))
    return server


@dataclass
class Mirror:
    """A client's copy of a collection, kept up to date with `_since` alone.

    Attributes:
        since: the version that it has.
        records: live ones by id.
        seen: how often each version of a record was delivered.
    """

    wire: Wire
    query: str = ""
    since: str = "0"
    records: dict[str, Any] = field(default_factory=dict)
    seen: Counter[tuple[str, int]] = field(default_factory=Counter)

    def update_from_etag(self) -> None:
        """Ask for what changed since the list's last `ETag`; may see a record twice, never none."""
        answer = self.wire("GET", f"{RECORDS}?_since={self.since}")
        assert answer.status == 200, answer
        self._apply(answer.body["data"])
        self.since = answer.headers["etag"].strip('"')

    def update_in_pages(self) -> None:
        """Take small pages in the order of change, and remember the last record alone."""
        path = f"{RECORDS}?_since={self.since}&_sort=last_modified&_limit=5"
        answer = self.wire("GET", path)
        assert answer.status == 200, answer
        self._apply(answer.body["data"])
        for one in answer.body["data"]:
            self.since = str(one["last_modified"])

    def _apply(self, changes: list[dict[str, Any]]) -> None:
        for one in changes:
            self.seen[one["id"], one["last_modified"]] += 1
            if one.get("deleted"):
                self.records.pop(one["id"], None)
            else:
                self.records[one["id"]] = one


@dataclass
class Writing:
    """Writers and the versions that they were told of."""

    port: int
    versions: dict[str, list[int]] = field(default_factory=dict)
    refused: list[object] = field(default_factory=list)

    def write(self, number: int) -> None:
        """Create, change and delete records of its own."""
        wire = Wire(self.port, user="alice")
        dice = random.Random(number)
        mine: list[str] = []
        for step in range(WRITES):
            throw = dice.random()
            if mine and throw < 0.15:
                self._note(wire("DELETE", f"{RECORDS}/{mine.pop()}"))
            elif mine and throw < 0.4:
                path = f"{RECORDS}/{dice.choice(mine)}"
                self._note(wire("PATCH", path, {"data": {"step": step}}))
            else:
                answer = wire("POST", RECORDS, {"data": {"writer": number, "step": step}})
                self._note(answer)
                mine.append(answer.body["data"]["id"])

    def _note(self, answer: Any) -> None:  # noqa: ANN401  an Answer, read as it comes
        if answer.status not in {200, 201}:
            self.refused.append(answer)
            return
        data = answer.body["data"]
        self.versions.setdefault(data["id"], []).append(data["last_modified"])


def follow(update: Callable[[], None], done: threading.Event) -> None:
    """Poll until the writers are done, and then until nothing is new."""
    while not done.is_set():
        update()
        time.sleep(0.002)  # lets the writers write: this is a busy client, not a wait


def test_a_client_that_polls_since_misses_nothing_and_no_writer_is_refused(
    slow_server: RunningServer,
) -> None:
    writing = Writing(slow_server.port)
    done = threading.Event()
    mirrors = [Mirror(Wire(slow_server.port)) for _ in range(2)]
    updates = [mirrors[0].update_from_etag, mirrors[1].update_in_pages]
    readers = [threading.Thread(target=follow, args=(update, done)) for update in updates]
    for reader in readers:
        reader.start()
    try:
        at_once(WRITERS, writing.write)
    finally:
        done.set()
        for reader in readers:
            reader.join()
    assert writing.refused == []
    final = Wire(slow_server.port).everything(RECORDS)
    stamps = [stamp for versions in writing.versions.values() for stamp in versions]
    assert len(set(stamps)) == len(stamps) == WRITERS * WRITES
    for mirror, update in zip(mirrors, updates, strict=True):
        before = None
        while before != mirror.since:
            before = mirror.since
            update()
        assert mirror.records == final  # protocol T-3: nothing commits behind a version seen
        for id_, versions in writing.versions.items():
            assert mirror.seen[id_, versions[-1]] >= 1
    assert set(mirrors[1].seen.values()) == {1}  # who follows the records gets each once


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_one_of_64_writers_with_the_same_precondition_wins(
    method: str, slow_server: RunningServer
) -> None:
    wires = [Wire(slow_server.port) for _ in range(CROWD)]
    barrier = threading.Barrier(CROWD)
    for round_ in range(scaled(10, least=2)):
        path = f"{RECORDS}/wanted-{round_}"
        version = wires[0]("PUT", path, {"data": {"round": round_}}).headers["etag"]

        def write(number: int, path: str = path, version: str = version) -> int:
            barrier.wait()
            body = None if method == "DELETE" else {"data": {"winner": number}}
            return wires[number](method, path, body, If_Match=version).status

        statuses = at_once(CROWD, write)
        # protocol T-17: the version is compared inside the transaction. Who comes after the
        # deletion finds nothing.
        lost = {404, 412} if method == "DELETE" else {412}
        assert statuses.count(200) == 1
        assert set(statuses) - {200} <= lost
        if method != "DELETE":
            winner = wires[0]("GET", path).body["data"]["winner"]
            assert statuses[winner] == 200


@pytest.mark.parametrize(
    ("method", "headers", "expected"),
    [
        ("PUT", {}, {201: 1, 200: CROWD - 1}),
        ("POST", {}, {201: 1, 200: CROWD - 1}),
        ("PUT", {"If_None_Match": "*"}, {201: 1, 412: CROWD - 1}),
    ],
)
def test_64_creations_of_one_id_make_one_object(
    method: str, headers: Mapping[str, str], expected: Mapping[int, int], slow_server: RunningServer
) -> None:
    wires = [Wire(slow_server.port) for _ in range(CROWD)]
    barrier = threading.Barrier(CROWD)
    for round_ in range(scaled(10, least=2)):
        id_ = f"one-{round_}"
        path = f"{RECORDS}/{id_}" if method == "PUT" else RECORDS

        def create(number: int, path: str = path, id_: str = id_) -> int:
            barrier.wait()
            body = {"data": {"id": id_, "by": number}}
            return wires[number](method, path, body, **headers).status

        assert Counter(at_once(CROWD, create)) == expected


def test_64_creations_of_one_bucket_make_one_bucket(slow_server: RunningServer) -> None:
    wires = [Wire(slow_server.port) for _ in range(CROWD)]
    barrier = threading.Barrier(CROWD)
    for round_ in range(scaled(10, least=2)):

        def create(number: int, path: str = f"/buckets/new-{round_}") -> int:
            barrier.wait()
            return wires[number]("PUT", path).status

        assert Counter(at_once(CROWD, create)) == {201: 1, 200: CROWD - 1}


def test_batches_that_write_the_same_records_in_other_orders_all_succeed(
    slow_server: RunningServer,
) -> None:
    names = [f"shared-{number}" for number in range(10)]

    def write(number: int) -> list[int]:
        wire = Wire(slow_server.port)
        order = random.Random(number).sample(names, len(names))
        # two lists, in either order: what would be a deadlock if locks were taken carelessly
        paths = [f"{RECORDS}/{name}" for name in order]
        paths.insert(number % len(paths), "/buckets/blog/groups/readers")
        body = {"data": {"members": [f"user-{number}"]}}
        requests = [{"method": "PUT", "path": path, "body": body} for path in paths]
        statuses = []
        for _ in range(scaled(10, least=2)):
            answer = wire("POST", "/batch", {"requests": requests})
            statuses.append(answer.status)
            statuses += [one["status"] for one in answer.body.get("responses", [])]
        return statuses

    statuses = [status for found in at_once(WRITERS, write) for status in found]
    assert set(statuses) <= {200, 201}
    stored = Wire(slow_server.port).everything(RECORDS)
    assert len({tuple(one["members"]) for one in stored.values()}) == 1  # one batch came last
