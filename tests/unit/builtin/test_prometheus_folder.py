"""Processes that add up what they measure."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import msgspec
import pytest

from kinto_core.builtin.prometheus import folder as folder_module
from kinto_core.builtin.prometheus.adding import Snapshot, snapshot_of, total
from kinto_core.builtin.prometheus.folder import Folder
from kinto_core.builtin.prometheus.publishing import Publisher
from kinto_core.metrics import Registry

BUCKETS = (0.1, 1.0)

ANOTHER_PROCESS = """
import sys
from pathlib import Path
from kinto_core.builtin.prometheus.publishing import Publisher
from kinto_core.metrics import Registry

registry = Registry((0.1, 1.0))
publisher = Publisher(registry, Path(sys.argv[1]))
registry.count("hits", 5)
publisher.total()
print("written", flush=True)
sys.stdin.read()
"""


FolderIn = Callable[[Path], Folder]
Publish = Callable[[Registry, Path], Publisher]


def snapshot(hits: int, *, process: int = 1, buckets: tuple[float, ...] = BUCKETS) -> Snapshot:
    registry = Registry(buckets)
    registry.count("hits", hits)
    registry.observe("seconds", 0.5)
    return snapshot_of(registry.measured(), buckets, process=process, started=float(hits))


def hits(snapshots: list[Snapshot] | None) -> float:
    assert snapshots is not None
    return total(snapshots, BUCKETS).counters["hits"][()]


def ended(path: Path, count: int) -> None:
    """Leave behind what a process that has ended has measured."""
    data = msgspec.msgpack.encode(snapshot(1, process=999))
    (path / f"999-{count}.data").write_bytes(data)
    (path / f"999-{count}.life").touch()


@pytest.fixture
def folder_in() -> Iterator[FolderIn]:
    """Makes what one process sees of a folder."""
    with ExitStack() as stack:
        yield lambda path: stack.enter_context(closing(Folder(path)))


@pytest.fixture
def publish() -> Iterator[Publish]:
    """Makes publishers."""
    with ExitStack() as stack:

        def make(registry: Registry, path: Path) -> Publisher:
            made = Publisher(registry, path, interval_seconds=0.0)
            stack.callback(made.close)
            return made

        yield make


@pytest.fixture
def folder(folder_in: FolderIn, tmp_path: Path) -> Folder:
    """What one process sees."""
    return folder_in(tmp_path)


def test_processes_add_up() -> None:
    found = total([snapshot(1), snapshot(2)], BUCKETS)
    assert found.counters == {"hits": {(): 3}}
    assert found.histograms["seconds"][()].counts == (0, 2, 0)


def test_histograms_with_other_buckets_do_not_add_up() -> None:
    found = total([snapshot(1), snapshot(2, buckets=(9.0,))], BUCKETS)
    assert found.counters == {"hits": {(): 3}}
    assert found.histograms["seconds"][()].counts == (0, 1, 0)


def test_the_folder_is_private(folder_in: FolderIn, tmp_path: Path) -> None:
    path = tmp_path / "a" / "shared"
    folder_in(path)
    assert path.stat().st_mode & 0o077 == 0  # settings SW-20


def test_each_process_replaces_its_own(folder: Folder, folder_in: FolderIn, tmp_path: Path) -> None:
    other = folder_in(tmp_path)
    folder.write(snapshot(1))
    folder.write(snapshot(3))
    other.write(snapshot(4))
    assert hits(folder.read()) == hits(other.read()) == 7


def test_what_ended_processes_measured_stays(folder: Folder, tmp_path: Path) -> None:
    folder.write(snapshot(1))
    ended(tmp_path, 0)
    found = folder.read()
    assert hits(found) == 2
    assert sorted(one.process for one in found) == [0, 1]


def test_many_ended_processes_are_folded_into_one_file(folder: Folder, tmp_path: Path) -> None:
    for count in range(folder_module.MAX_ENDED + 1):
        ended(tmp_path, count)
    assert hits(folder.read()) == folder_module.MAX_ENDED + 1
    assert list(tmp_path.glob("999-*")) == []
    assert hits(folder.read()) == folder_module.MAX_ENDED + 1


def test_a_crash_while_folding_counts_nothing_twice(folder: Folder, tmp_path: Path) -> None:
    for count in range(folder_module.MAX_ENDED + 1):
        ended(tmp_path, count)
    folder.read()
    ended(tmp_path, 3)  # as if it had not been removed
    assert hits(folder.read()) == folder_module.MAX_ENDED + 1
    for count in range(10, 10 + folder_module.MAX_ENDED + 1):
        ended(tmp_path, count)
    assert hits(folder.read()) == 2 * (folder_module.MAX_ENDED + 1)
    assert list(tmp_path.glob("999-*")) == []


def test_files_of_another_release_are_ignored(folder: Folder, tmp_path: Path) -> None:
    (tmp_path / "5-a.data").write_bytes(b"something else")
    folder.write(snapshot(1))
    assert hits(folder.read()) == 1


def test_a_process_that_is_killed_leaves_what_it_wrote(publish: Publish, tmp_path: Path) -> None:
    publisher = publish(Registry(BUCKETS), tmp_path)
    command = [sys.executable, "-c", ANOTHER_PROCESS, str(tmp_path)]
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environ
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"written\n"
        alive = publisher.total() or []
        assert (hits(alive), {one.process for one in alive}) == (5, {os.getpid(), other.pid})
        other.kill()
    left = publisher.total() or []
    assert (hits(left), {one.process for one in left}) == (5, {os.getpid(), 0})


def test_measurements_are_written_before_anybody_asks(
    folder: Folder, publish: Publish, tmp_path: Path
) -> None:
    registry = Registry(BUCKETS)
    publish(registry, tmp_path)
    registry.count("hits")
    while not (found := folder.read()):
        time.sleep(0.01)
    assert hits(found) == 1


def test_a_forked_process_has_a_file_of_its_own(publish: Publish, tmp_path: Path) -> None:
    registry = Registry(BUCKETS)
    publisher = publish(registry, tmp_path)
    child = os.fork()
    if child == 0:
        registry.count("hits")
        publisher.total()
        os._exit(0)
    os.waitpid(child, 0)
    assert hits(publisher.total()) == 1
    assert len(list(tmp_path.glob("*.life"))) == 2


def test_a_vanished_folder_is_no_error(publish: Publish, tmp_path: Path) -> None:
    path = tmp_path / "shared"
    publisher = publish(Registry(BUCKETS), path)
    for file in path.iterdir():
        file.unlink()
    path.rmdir()
    assert publisher.total() is None
