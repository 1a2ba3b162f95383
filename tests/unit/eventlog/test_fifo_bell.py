"""Rings between the processes of a SQLite file."""

import os
import stat
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from kinto_core.eventlog import fifo_bell
from kinto_core.eventlog.fifo_bell import FifoDoorbell


@pytest.fixture(autouse=True)
def _look_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fifo_bell, "LOOK_SECONDS", 0.0)


@pytest.fixture
def doorbell(tmp_path: Path) -> Iterator[FifoDoorbell]:
    """A doorbell, as a process that writes has it."""
    with closing(FifoDoorbell(tmp_path / "kinto.db")) as made:
        yield made


@pytest.fixture
def listener(tmp_path: Path) -> FifoDoorbell:
    """A doorbell of another process."""
    return FifoDoorbell(tmp_path / "kinto.db")


def pipes(tmp_path: Path) -> list[str]:
    """The names of the pipes."""
    return [path.name for path in (tmp_path / "kinto.db-bells").iterdir()]


def test_ringing_without_listeners_does_nothing(doorbell: FifoDoorbell, tmp_path: Path) -> None:
    doorbell.ring()
    assert list(tmp_path.iterdir()) == []


def test_rings_that_come_together_count_as_one(
    doorbell: FifoDoorbell, listener: FifoDoorbell
) -> None:
    with listener.bell() as first, listener.bell() as second:
        assert not first.wait(0)
        doorbell.ring()
        doorbell.ring()
        for bell in (first, second):
            assert bell.wait(5)
            assert not bell.wait(0)
        doorbell.ring()
        assert first.wait(5)


def test_a_listener_that_is_woken_stops_waiting(listener: FifoDoorbell) -> None:
    with listener.bell() as bell:
        bell.wake()
        assert bell.wait(5)
        assert not bell.wait(0)


def test_more_rings_than_a_pipe_holds_block_nobody(
    doorbell: FifoDoorbell, listener: FifoDoorbell
) -> None:
    with listener.bell() as bell:
        for _ in range(70_000):
            doorbell.ring()
        assert bell.wait(5)
        assert not bell.wait(0)


def test_a_listener_that_comes_soon_after_another_is_found(
    doorbell: FifoDoorbell, listener: FifoDoorbell
) -> None:
    # The folder may bear the same time after both: times have grains.
    for _ in range(50):
        with listener.bell() as first:
            doorbell.ring()
            with listener.bell() as second:
                doorbell.ring()
                assert first.wait(5)
                assert second.wait(5)


def test_the_pipe_of_a_dead_process_is_removed(doorbell: FifoDoorbell, tmp_path: Path) -> None:
    folder = tmp_path / "kinto.db-bells"
    folder.mkdir()
    os.mkfifo(folder / "1-dead")
    doorbell.ring()
    assert pipes(tmp_path) == []


def test_a_pipe_whose_reader_goes_away_is_forgotten(
    doorbell: FifoDoorbell, listener: FifoDoorbell, tmp_path: Path
) -> None:
    with listener.bell() as bell:
        doorbell.ring()
        assert bell.wait(5)
        os.link(next((tmp_path / "kinto.db-bells").iterdir()), tmp_path / "kinto.db-bells" / "2")
    doorbell.ring()
    doorbell.ring()
    assert pipes(tmp_path) == []


def test_a_pipe_that_is_not_ready_is_left_alone(doorbell: FifoDoorbell, tmp_path: Path) -> None:
    # Its maker has not opened it yet.
    folder = tmp_path / "kinto.db-bells"
    folder.mkdir()
    os.mkfifo(folder / ".3-new")
    doorbell.ring()
    assert pipes(tmp_path) == [".3-new"]


def test_only_the_owner_may_listen(listener: FifoDoorbell, tmp_path: Path) -> None:
    with listener.bell():
        folder = tmp_path / "kinto.db-bells"
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        (pipe,) = folder.iterdir()
        assert stat.S_IMODE(pipe.stat().st_mode) == 0o600
    assert pipes(tmp_path) == []


def open_files() -> int:
    """How many descriptors this process has."""
    return len(list(Path("/proc/self/fd").iterdir()))


def test_many_threads_ring_while_listeners_come_and_go(
    doorbell: FifoDoorbell, listener: FifoDoorbell
) -> None:
    before = open_files()
    done = threading.Event()

    def ring() -> None:
        while not done.is_set():
            doorbell.ring()

    threads = [threading.Thread(target=ring) for _ in range(4)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(100):
            with listener.bell() as bell:
                assert bell.wait(5)
    finally:
        done.set()
        for thread in threads:
            thread.join()
    doorbell.close()
    assert open_files() <= before  # other tests' garbage may go meanwhile
