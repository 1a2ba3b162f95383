"""Several servers on one database: separate connections and locks, as in separate processes."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from kinto_core.database.engine import DatabaseOptions
from kinto_core.database.migrating import migrate
from kinto_core.database.opening import Databases
from kinto_core.storage.interface import Storage
from kinto_core.storage.sql import SqlStorage
from kinto_core.testing.contracts.lists import ListUnderTest, retrying

SERVERS = 3
WRITES = 12


@pytest.fixture(params=["sqlite_file", "postgresql"])
def storages(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[list[Storage]]:
    """The storages of several servers on one new database."""
    if request.param == "postgresql":
        url = request.getfixturevalue("postgresql_url")
    else:
        url = f"sqlite:///{tmp_path / 'kinto.db'}"
    with ExitStack() as stack:
        opened = [
            stack.enter_context(closing(Databases(DatabaseOptions()))).get(url)
            for _ in range(SERVERS)
        ]
        migrate(opened[0])
        yield [SqlStorage(database) for database in opened]


def test_reader_of_one_server_misses_no_write_of_another(storages: list[Storage]) -> None:
    """Commit order is timestamp order among servers, too (protocol T-3)."""
    lists = [ListUnderTest(storage) for storage in storages]
    lists[0].open()
    done = threading.Event()

    def write(server: int) -> list[str]:
        ids = [f"{server}-{number}" for number in range(WRITES)]
        for object_id in ids:
            retrying(lambda: lists[server].write_next(object_id, 0.002))  # noqa: B023  at once
        return ids

    with ThreadPoolExecutor(SERVERS + 1) as pool:
        following = pool.submit(_follow, lists[0], done)
        try:
            written = [one for ids in pool.map(write, range(SERVERS)) for one in ids]
        finally:
            done.set()
        seen = following.result()
    assert len(seen) == len(set(seen))
    assert sorted(seen) == sorted(written)
    assert len({found.last_modified for found in lists[1].find()}) == len(written)


def _follow(one: ListUnderTest, done: threading.Event) -> list[str]:
    ids: list[str] = []
    latest = 0
    is_last = False
    while not is_last:
        is_last = done.is_set()
        for found in one.since(latest):
            ids.append(found.id)
            latest = found.last_modified
    return ids
