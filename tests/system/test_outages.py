"""Databases go away, are locked, or full: clients are told to come back, and nothing is lost."""

import signal
import sqlite3
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from kinto_core.testing.services import running_postgresql
from tests.system.conftest import StartServer
from tests.system.outages import FULL_DISK, StoppablePostgresql, locked
from tests.system.processes import SECRETS, RunningServer, free_port, kinto
from tests.system.wire import RECORDS, Answer, Wire, at_once, make_blog


@pytest.fixture
def postgresql() -> Iterator[StoppablePostgresql]:
    """A PostgreSQL server of this test alone."""
    with running_postgresql({}) as server:
        stoppable = StoppablePostgresql(server)
        yield stoppable
        stoppable.close()


def put(wire: Wire, name: str, size: int = 10) -> Answer:
    """Write a record."""
    return wire("PUT", f"{RECORDS}/{name}", {"data": {"name": name, "text": "x" * size}})


def put_big_ones(wire: Wire, writer: int) -> list[Answer]:
    """Write three records that need room."""
    return [put(wire, f"big-{writer}-{step}", size=200_000) for step in range(3)]


def assert_told_to_come_back(answer: Answer) -> None:
    """The answer of a server without its database. Source: protocol E-27."""
    assert answer.status == 503
    assert answer.body["errno"] == 201
    assert int(answer.headers["retry-after"]) > 0


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGQUIT])
def test_postgresql_goes_and_comes_back_under_a_running_server(
    how: signal.Signals,
    postgresql: StoppablePostgresql,
    start_server: StartServer,
    tmp_path: Path,
) -> None:
    settings = {**SECRETS, "STORAGE_URL": postgresql.url, "WORKERS": "2"}
    assert kinto(tmp_path, "migrate", settings=settings).returncode == 0
    server = start_server("serve", settings)
    wires = [Wire(server.port) for _ in range(8)]
    make_blog(wires[0])
    for number, wire in enumerate(wires):  # so that many threads have a connection that breaks
        assert put(wire, f"before-{number}").status == 201
    assert wires[0]("GET", "/__heartbeat__").status == 200
    postgresql.stop(how)
    for number, wire in enumerate(wires):
        assert_told_to_come_back(put(wire, f"lost-{number}"))
        assert_told_to_come_back(wire("GET", RECORDS))
        batch = {"requests": [{"method": "PUT", "path": f"{RECORDS}/lost-batch"}]}
        assert_told_to_come_back(wire("POST", "/batch", batch))
        assert wire("GET", "/").status in {200, 503}
    heartbeat = wires[0]("GET", "/__heartbeat__")
    assert (heartbeat.status, heartbeat.body["storage"]) == (503, False)
    assert wires[0]("GET", "/__lbheartbeat__").status == 200
    postgresql.start()
    # Each thread may find out once that its connection is broken; no write is refused for that.
    answers = at_once(8, lambda number: put(wires[number], f"after-{number}"))
    assert [answer.status for answer in answers] == [201] * 8
    assert [wire("GET", RECORDS).status for wire in wires].count(200) == 8
    names = {f"{when}-{number}" for when in ("before", "after") for number in range(8)}
    assert set(wires[0].everything(RECORDS)) == names
    assert wires[0]("GET", "/__heartbeat__").status == 200


def test_a_server_started_without_its_postgresql_works_once_it_is_there(
    postgresql: StoppablePostgresql, start_server: StartServer, tmp_path: Path
) -> None:
    settings = {**SECRETS, "STORAGE_URL": postgresql.url}
    assert kinto(tmp_path, "migrate", settings=settings).returncode == 0
    postgresql.stop(signal.SIGINT)
    server = start_server("serve", settings)
    wire = Wire(server.port)
    assert_told_to_come_back(wire("PUT", "/buckets/blog"))
    postgresql.start()
    make_blog(wire)
    assert put(wire, "first").status == 201
    assert "Traceback" not in server.log().partition("Listening")[0]


def test_a_locked_sqlite_file_answers_503_and_loses_nothing(
    start_server: StartServer, tmp_path: Path
) -> None:
    server = start_server(settings={"STORAGE_BUSY_TIMEOUT_SECONDS": "1"})
    wire = Wire(server.port)
    make_blog(wire)
    assert put(wire, "before").status == 201
    others = [Wire(server.port) for _ in range(8)]
    with locked(tmp_path / "data" / "kinto.db"):
        answers = at_once(8, lambda number: put(others[number], f"lost-{number}"))
        for answer in answers:
            assert_told_to_come_back(answer)
        assert set(wire.everything(RECORDS)) == {"before"}  # readers do not care
    answers = at_once(8, lambda number: put(others[number], f"after-{number}"))
    assert [answer.status for answer in answers] == [201] * 8
    assert set(wire.everything(RECORDS)) == {"before", *(f"after-{n}" for n in range(8))}


def test_a_writer_waits_for_a_lock_that_is_released_in_time(
    start_server: StartServer, tmp_path: Path
) -> None:
    server = start_server(settings={"STORAGE_BUSY_TIMEOUT_SECONDS": "30"})
    make_blog(Wire(server.port))
    statuses: list[int] = []
    writer = threading.Thread(
        target=lambda: statuses.append(put(Wire(server.port), "patient").status)
    )
    with locked(tmp_path / "data" / "kinto.db"):
        writer.start()
        writer.join(0.3)
        assert statuses == []
    writer.join()
    assert statuses == [201]


def test_a_full_database_answers_503_until_there_is_room(
    start_server: StartServer, tmp_path: Path
) -> None:
    (tmp_path / "full_disk.py").write_text(FULL_DISK)
    server = start_server(settings={"INCLUDES": "full_disk", "WORKERS": "1"})
    wire = Wire(server.port)
    make_blog(wire)
    assert put(wire, "before", size=50_000).status == 201
    assert put(wire, "large", size=50_000).status == 201
    (tmp_path / "full").touch()
    wires = [Wire(server.port) for _ in range(8)]
    refused = 0
    for answers in at_once(8, lambda number: put_big_ones(wires[number], number)):
        # The first may find room in pages that are there; whoever is answered 201 stays.
        for one in answers:
            if one.status != 201:
                assert_told_to_come_back(one)
                refused += 1
    assert refused >= 16
    stored = wire.everything(RECORDS)
    assert len(stored) == 2 + 24 - refused
    assert wire("DELETE", f"{RECORDS}/large").status == 200  # room can be made
    (tmp_path / "full").unlink()
    assert put(wire, "small").status == 201  # and is used again
    answers = at_once(8, lambda n: put(wires[n], f"after-{n}", size=200_000))
    assert [answer.status for answer in answers] == [201] * 8
    expected = {*stored, "small", *(f"after-{n}" for n in range(8))} - {"large"}
    assert set(wire.everything(RECORDS)) == expected
    assert_sound(tmp_path)


def test_a_file_that_cannot_grow_answers_503_and_keeps_what_was_acknowledged(
    tmp_path: Path, start_server: StartServer
) -> None:
    server = start_server()
    make_blog(Wire(server.port))
    assert put(Wire(server.port), "before", size=50_000).status == 201
    assert server.stop() == 0
    limited = LimitedServer(tmp_path, "serve")
    limited.start()
    try:
        wire = Wire(limited.port)
        acknowledged = {"before"}
        statuses = []
        for number in range(40):
            answer = put(wire, f"n{number}", size=100_000)
            statuses.append(answer.status)
            if answer.status == 201:
                acknowledged.add(f"n{number}")
            else:
                assert_told_to_come_back(answer)
        assert 503 in statuses
        assert set(wire.everything(RECORDS)) == acknowledged
        limited.stop()
    finally:
        limited.kill()
    server = start_server()
    assert set(Wire(server.port).everything(RECORDS)) == acknowledged
    assert put(Wire(server.port), "after").status == 201
    assert_sound(tmp_path)


class LimitedServer(RunningServer):
    """A server whose files cannot grow beyond a megabyte or so."""

    def command_line(self) -> list[str]:
        """The command, below a limit that its children inherit."""
        code = "import resource, os, sys; m = 1_200_000\n"
        code += "resource.setrlimit(resource.RLIMIT_FSIZE, (m, m)); os.execv(sys.executable, "
        code += "[sys.executable, *sys.argv[1:]])"
        return [sys.executable, "-c", code, *super().command_line()[1:]]


def assert_sound(folder: Path) -> None:
    """The database file is in order."""
    with closing(sqlite3.connect(folder / "data" / "kinto.db")) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_bad_settings_are_told_together_and_nothing_is_started(tmp_path: Path) -> None:
    bad = {
        "STORAGE_URL": "mysql://nowhere/x",
        "WORKERS": "0",
        "STORAGE_SYNCHRONOUS": "maybe",
        "PORT": str(free_port()),
    }
    done = kinto(tmp_path, "serve", settings={**SECRETS, **bad})
    assert done.returncode == 3
    for name in ("storage_url", "workers", "storage_synchronous"):
        assert name in done.stderr
