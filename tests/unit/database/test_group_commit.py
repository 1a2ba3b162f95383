"""Several writers, one commit."""

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy
from sqlalchemy.pool import NullPool

from kinto_core.database.connection import Connection
from kinto_core.database.file_turn import FileTurn
from kinto_core.database.group_commit import GroupCommit
from kinto_core.database.sqlite import translate
from kinto_core.errors import BackendUnavailable

TICK = 0.001


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A database with one table."""
    file = tmp_path / "k.db"
    with closing(sqlite3.connect(file)) as driver:
        driver.execute("PRAGMA journal_mode = WAL")
        driver.execute("CREATE TABLE t (v INTEGER PRIMARY KEY)")
    return file


class Traced:
    """A group commit and what its connection was told.

    Attributes:
        group: takes turns.
        told: the statements, in order.
    """

    def __init__(self, path: Path) -> None:
        engine = sqlalchemy.create_engine(
            f"sqlite:///{path}",
            poolclass=NullPool,
            isolation_level="AUTOCOMMIT",
            connect_args={"check_same_thread": False, "timeout": 0.05},
        )
        core = engine.connect()
        self.told: list[str] = []
        driver: Any = core.connection.driver_connection
        driver.set_trace_callback(self.told.append)
        self.connection = Connection(core, translate)
        self.group = GroupCommit(lambda: self.connection)
        self.driver = driver

    def count(self, command: str) -> int:
        """How often a command was run."""
        return sum(text.startswith(command) for text in self.told)


@pytest.fixture
def traced(path: Path) -> Iterator[Traced]:
    """A group commit on that database."""
    made = Traced(path)
    yield made
    made.connection.close()


def rows(path: Path) -> list[int]:
    """What another connection sees."""
    with closing(sqlite3.connect(path)) as driver:
        return [value for (value,) in driver.execute("SELECT v FROM t ORDER BY v")]


def insert(traced: Traced, value: int) -> None:
    """One writer's work, in its turn."""
    traced.driver.execute("INSERT INTO t VALUES (?)", (value,))


def run_waiting(traced: Traced, *works: Callable[[], None]) -> list[threading.Thread]:
    """Start writers in threads; returns once all wait for their turn."""
    threads = [threading.Thread(target=work) for work in works]
    for thread in threads:
        thread.start()
    pause = threading.Event()
    while traced.group._waiting < len(works):
        pause.wait(TICK)
    return threads


def fail() -> None:
    """Raise an error of the writer's own."""
    message = "no"
    raise ValueError(message)


def writer(traced: Traced, value: int, errors: list[BaseException]) -> Callable[[], None]:
    """Work that writes one value and tells what went wrong."""

    def work() -> None:
        try:
            with traced.group.writing():
                insert(traced, value)
                if value < 0:
                    fail()
        except (ValueError, BackendUnavailable) as error:
            errors.append(error)

    return work


def test_a_single_writer_commits_at_once(traced: Traced, path: Path) -> None:
    with traced.group.writing():
        insert(traced, 1)
        assert rows(path) == []
    assert rows(path) == [1]


def test_those_who_wait_share_a_commit(traced: Traced, path: Path) -> None:
    errors: list[BaseException] = []
    with traced.group.writing():
        insert(traced, 0)
        threads = run_waiting(traced, *(writer(traced, n, errors) for n in (1, 2, 3)))
    for thread in threads:
        thread.join()
    assert errors == []
    assert rows(path) == [0, 1, 2, 3]
    assert traced.count("COMMIT") == 1


def test_who_fails_undoes_its_own_work_only(traced: Traced, path: Path) -> None:
    errors: list[BaseException] = []
    with traced.group.writing():
        insert(traced, 0)
        threads = run_waiting(traced, *(writer(traced, n, errors) for n in (1, -1, 2)))
    for thread in threads:
        thread.join()
    assert [str(error) for error in errors] == ["no"]
    assert rows(path) == [0, 1, 2]


def test_the_first_one_may_fail_too(traced: Traced, path: Path) -> None:
    errors: list[BaseException] = []
    with pytest.raises(ValueError, match="no"), traced.group.writing():  # noqa: PT012  the block is the point
        insert(traced, 0)
        threads = run_waiting(traced, *(writer(traced, n, errors) for n in (1, 2)))
        fail()
    for thread in threads:
        thread.join()
    assert errors == []
    assert rows(path) == [1, 2]


def test_a_locked_database_is_told_and_may_come_back(traced: Traced, path: Path) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(BackendUnavailable), traced.group.writing():
            insert(traced, 1)
        other.execute("ROLLBACK")
    with traced.group.writing():
        insert(traced, 2)
    assert rows(path) == [2]


def test_every_member_is_told_when_the_commit_fails(traced: Traced, path: Path) -> None:
    traced.driver.execute("CREATE TABLE parent (id INTEGER PRIMARY KEY)")
    traced.driver.execute(
        "CREATE TABLE child (id REFERENCES parent(id) DEFERRABLE INITIALLY DEFERRED)"
    )
    traced.driver.execute("PRAGMA foreign_keys = ON")
    errors: list[BaseException] = []
    caught: list[BaseException] = []

    def orphan() -> None:
        try:
            with traced.group.writing():
                traced.driver.execute("INSERT INTO child VALUES (5)")
        except Exception as error:  # noqa: BLE001  whatever it is, it is told
            caught.append(error)

    with pytest.raises(Exception, match=r"FOREIGN KEY"), traced.group.writing():  # noqa: PT012  the block is the point
        insert(traced, 1)
        threads = run_waiting(traced, orphan)
    for thread in threads:
        thread.join()
    assert len(caught) == 1
    assert errors == []
    assert rows(path) == []
    with traced.group.writing():
        insert(traced, 2)
    assert rows(path) == [2]


def test_what_fails_at_the_end_of_a_turn_undoes_that_writer_only(
    traced: Traced, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    errors: list[BaseException] = []
    release = traced.connection.release_savepoint
    failures = [BackendUnavailable("sent earlier, failed now")]

    def releasing() -> None:
        if failures:
            raise failures.pop()
        release()

    monkeypatch.setattr(type(traced.connection), "release_savepoint", lambda _: releasing())
    with traced.group.writing():
        insert(traced, 0)
        threads = run_waiting(traced, *(writer(traced, n, errors) for n in (1, 2)))
    for thread in threads:
        thread.join()
    assert len(errors) == 1
    assert len(rows(path)) == 2


def test_processes_take_turns(path: Path) -> None:
    one, other = FileTurn(path), FileTurn(path)
    one.acquire()
    got: list[bool] = []

    def wait() -> None:
        other.acquire()
        got.append(True)

    waiting = threading.Thread(target=wait)
    waiting.start()
    waiting.join(20 * TICK)
    assert got == []
    one.release()
    waiting.join()
    assert got == [True]
    one.close()
    other.close()


def test_a_turn_needs_a_writable_folder(tmp_path: Path) -> None:
    turn = FileTurn(tmp_path / "missing" / "k.db")
    with pytest.raises(BackendUnavailable, match="cannot be locked"):
        turn.acquire()
