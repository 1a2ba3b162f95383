"""What several threads may rely on in a storage, as a contract.

The property that all synchronisation rests on is here: **commit order is timestamp order**. A
client that has seen everything up to a timestamp never has to look back.

Source: protocol section 5.
"""

import random
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from typing import TypeVar

import pytest

from kinto_core.storage.interface import Storage
from kinto_core.testing.contracts.lists import ListUnderTest, retrying, stored

T = TypeVar("T")

_PATIENCE_SECONDS = 60.0
_WRITERS = 8
_WRITES = 6
_LONGEST_DELAY_SECONDS = 0.008
_RIVALS = 64


class StorageConcurrencyContract:
    """Give it the fixture ``storage``, as for ``StorageContract``."""

    @pytest.fixture
    def storage(self) -> Storage:
        """An empty storage. Override it."""
        message = "the subclass gives the fixture 'storage'"
        raise pytest.UsageError(message)

    @pytest.fixture(params=[True, False], ids=["sharing", "alone"])
    def shares(self, request: pytest.FixtureRequest) -> bool:
        """Whether those who write to one list may share commits."""
        return bool(request.param)

    @pytest.fixture
    def one(self, storage: Storage, shares: bool) -> ListUnderTest:  # noqa: FBT001  a fixture
        """An empty list."""
        return ListUnderTest(storage, shares=shares).open()

    def test_timestamps_of_a_list_are_unique_and_rise(self, one: ListUnderTest) -> None:
        """Each writer's own ones rise, and no two writers get the same (protocol T-3)."""
        results = _together(
            _WRITERS,
            lambda writer: [
                retrying(lambda: one.write_next(f"{writer}-{number}"))  # noqa: B023  runs at once
                for number in range(_WRITES)
            ],
        )
        assert all(times == sorted(set(times)) for times in results)
        every = [timestamp for times in results for timestamp in times]
        assert len(set(every)) == _WRITERS * _WRITES
        state = one.state()
        assert state is not None
        assert state.timestamp == max(every)

    def test_reader_that_follows_timestamps_misses_nothing(
        self,
        storage: Storage,
        shares: bool,  # noqa: FBT001  a fixture
    ) -> None:
        """However long the writers take to commit: commit order is timestamp order."""
        names = ("/buckets/a", "/buckets/b")
        lists = [ListUnderTest(storage, name, shares=shares).open() for name in names]
        done = threading.Event()
        with ThreadPoolExecutor(len(lists)) as readers:
            following = [readers.submit(_follow, some, done) for some in lists]
            try:
                _together(_WRITERS, lambda writer: _write_slowly(lists, writer))
            finally:
                done.set()
            seen = [_result(reading) for reading in following]
        for ids, some in zip(seen, lists, strict=True):
            assert ids == [found.id for found in some.since(0)]
        assert sum(map(len, seen)) == _WRITERS * _WRITES

    def test_one_of_many_wins_who_expect_the_same_version(self, one: ListUnderTest) -> None:
        """What was read while the list was held is current until the commit (protocol T-21)."""
        one.put(stored("x", 1001, writer=-1))
        expected = one.fetch("x")

        def replace(writer: int) -> bool:
            with one.writing() as connection:
                state = one.storage.lock_list(connection, one.parent_id, one.resource)
                assert state is not None
                if one.storage.fetch(connection, one.key("x")) != expected:
                    return False
                new = stored("x", state.timestamp + 1, writer=writer)
                one.put_on(connection, [new])
                return True

        results = _together(_RIVALS, lambda writer: retrying(lambda: replace(writer)))
        assert results.count(True) == 1
        found = one.fetch("x")
        assert found is not None
        assert found.data["writer"] == results.index(True)

    def test_undone_write_is_never_seen(self, one: ListUnderTest) -> None:
        """Nor does it disturb those who write at the same time."""
        seen: set[str] = set()
        done = threading.Event()

        def look() -> None:
            while not done.is_set():
                seen.update(one.ids())

        def write(writer: int) -> None:
            for number in range(_WRITES):
                if (writer + number) % 2:
                    retrying(lambda: one.write_next(f"kept-{writer}-{number}"))  # noqa: B023  runs at once
                else:
                    retrying(lambda: _write_and_undo(one, f"undone-{writer}-{number}"))  # noqa: B023  runs at once

        with ThreadPoolExecutor(1) as reader:
            looking = reader.submit(look)
            try:
                _together(_WRITERS, write)
            finally:
                done.set()
            _result(looking)
        seen.update(one.ids())
        assert not [some for some in seen if some.startswith("undone")]
        assert len(one.ids()) == _WRITERS * _WRITES // 2

    def test_writer_to_a_deleted_parent_learns_it(self, one: ListUnderTest) -> None:
        """Whoever comes first: nothing is left below a parent that was deleted."""
        storage = one.storage

        def act(number: int) -> None:
            with one.writing() as connection:
                if number == 0:
                    storage.delete_below(connection, one.parent_id)
                elif storage.lock_list(connection, one.parent_id, one.resource) is not None:
                    one.put_on(connection, [stored(f"x{number}", 2000 + number)])

        _together(_WRITERS, lambda number: retrying(lambda: act(number)))
        assert one.state() is None
        assert one.since(0) == []


def _follow(some: ListUnderTest, done: threading.Event) -> list[str]:
    """The ids that a client sees who asks again and again for what is newer."""
    ids: list[str] = []
    latest = 0
    is_last = False
    while not is_last:
        is_last = done.is_set()
        for found in some.since(latest):
            ids.append(found.id)
            latest = found.last_modified
    return ids


def _write_slowly(lists: list[ListUnderTest], writer: int) -> None:
    """Write to the lists in turn, with delays before the commits that differ from run to run."""
    for number in range(_WRITES):
        some = lists[(writer + number) % len(lists)]
        delay = random.uniform(0, _LONGEST_DELAY_SECONDS)  # noqa: S311  no secret
        retrying(lambda: some.write_next(f"{writer}-{number}", delay))  # noqa: B023  runs at once


class _Undone(Exception):
    """Undoes a transaction."""


def _write_and_undo(some: ListUnderTest, object_id: str) -> None:
    with suppress(_Undone), some.writing() as connection:
        some.put_on(connection, [stored(object_id, 10**14)])
        raise _Undone


def _together(threads: int, act: Callable[[int], T]) -> list[T]:
    """What several threads get that begin at the same moment."""
    barrier = threading.Barrier(threads)

    def run(number: int) -> T:
        barrier.wait(_PATIENCE_SECONDS)
        return act(number)

    with ThreadPoolExecutor(threads) as pool:
        return [_result(one) for one in [pool.submit(run, number) for number in range(threads)]]


def _result(future: "Future[T]") -> T:
    return future.result(_PATIENCE_SECONDS)
