"""The contract of a storage: subclass it and give it the fixture ``storage``.

::

    class TestMine(StorageContract):
        @pytest.fixture
        def storage(self): ...

What several threads may rely on is in ``storage_concurrency.py``, declared indexes are in
``storage_indexes.py``, pages as texts in ``storage_pages.py``; what filters and sorts mean across
JSON types is tested against an oracle elsewhere.
"""

import pytest

from kinto_core.objects import tombstone
from kinto_core.storage.interface import Storage
from kinto_core.storage.query import Filter, Operator, Query
from kinto_core.testing.contracts.lists import OLDEST_FIRST, ListUnderTest, stored

_DELETED = Query(include_deleted=True)
_NEIGHBOURS = [("a", "aa"), ("x_y", "xzy"), ("a%", "abc"), ("b", "B"), ("q", "q-"), ("m", "m0")]


class StorageContract:
    """What every storage does; see ``kinto_core.storage.interface.Storage``."""

    @pytest.fixture
    def storage(self) -> Storage:
        """An empty storage. Override it."""
        message = "the subclass gives the fixture 'storage'"
        raise pytest.UsageError(message)

    @pytest.fixture
    def one(self, storage: Storage) -> ListUnderTest:
        """An empty list whose timestamp is 1000."""
        return ListUnderTest(storage).open(1000)

    # -- objects ----------------------------------------------------------------------------------

    def test_object_comes_back_as_it_was_saved(self, one: ListUnderTest) -> None:
        """The text is kept as it is, character by character."""
        saved = stored("x", 1001, text="é\n\u2028😀 'a\" %s \\", number=2**63, nested={"a": [None]})
        one.put(saved)
        assert one.fetch("x") == saved
        assert one.find() == [saved]

    def test_unknown_object_is_none(self, one: ListUnderTest) -> None:
        """Never an error."""
        assert one.fetch("x") is None
        assert one.find() == []
        assert one.count() == 0

    def test_saving_replaces_what_has_the_id(self, one: ListUnderTest) -> None:
        """There is one object of an id."""
        one.put(stored("x", 1001, a=1, b=2))
        one.put(stored("x", 1002, a=3))
        assert one.find() == [stored("x", 1002, a=3)]

    def test_ids_differ_by_case(self, one: ListUnderTest) -> None:
        """Identifiers are compared by code point."""
        one.put(stored("x", 1001), stored("X", 1002), stored("x_", 1003), stored("x-", 1004))
        assert sorted(one.ids()) == ["X", "x", "x-", "x_"]
        assert one.fetch("X") == stored("X", 1002)

    def test_lists_are_told_apart_by_parent_and_type(self, storage: Storage) -> None:
        """The same id elsewhere is another object."""
        lists = [
            ListUnderTest(storage, parent, resource).open()
            for parent, resource in (
                ("/buckets/b", "collection"),
                ("/buckets/b", "group"),
                ("/buckets/B", "collection"),
                ("", "bucket"),
            )
        ]
        for number, some in enumerate(lists):
            some.put(stored("x", 1001, number=number))
        assert [some.find() for some in lists] == [
            [stored("x", 1001, number=number)] for number in range(4)
        ]

    def test_delete_leaves_a_tombstone(self, one: ListUnderTest) -> None:
        """It can be fetched, and is listed when asked for (protocol R-28, F-40)."""
        one.put(stored("x", 1001, a=1), stored("y", 1002))
        one.bury(("x", 1003))
        assert one.fetch("x") == tombstone("x", 1003)
        assert one.ids() == ["y"]
        assert one.find(_DELETED) == [tombstone("x", 1003), stored("y", 1002)]
        assert one.count() == one.count(_DELETED) == 1

    def test_object_can_be_made_again_over_its_tombstone(self, one: ListUnderTest) -> None:
        """No tombstone stays beside it."""
        one.put(stored("x", 1001))
        one.bury(("x", 1002))
        one.put(stored("x", 1003))
        assert one.find(_DELETED) == [stored("x", 1003)]

    def test_saving_nothing_is_no_error(self, one: ListUnderTest) -> None:
        """The list stays as it is."""
        one.put()
        assert one.find(_DELETED) == []

    # -- queries ----------------------------------------------------------------------------------

    def test_newest_comes_first_by_default(self, one: ListUnderTest) -> None:
        """Protocol S-2."""
        one.put(stored("b", 1001), stored("a", 1003), stored("c", 1002))
        assert one.ids() == ["a", "c", "b"]

    def test_since_gives_what_is_newer_with_tombstones(self, one: ListUnderTest) -> None:
        """How a client catches up (protocol F-40)."""
        one.put(stored("a", 1001), stored("b", 1002), stored("c", 1003))
        one.bury(("a", 1004))
        assert [found.id for found in one.since(1002)] == ["c", "a"]
        assert one.since(1004) == []

    def test_pages_follow_each_other_without_gap_or_repetition(self, one: ListUnderTest) -> None:
        """Also where sort fields are equal: the id decides."""
        one.put(*(stored(f"id{number}", 1001 + number // 3) for number in range(10)))
        found: list[str] = []
        after = None
        while page := one.find(Query(sorts=OLDEST_FIRST, limit=3, after=after)):
            assert len(page) <= 3
            found += [some.id for some in page]
            after = {"last_modified": page[-1].last_modified, "id": page[-1].id}
        assert sorted(found) == [f"id{number}" for number in range(10)]

    def test_count_ignores_order_and_page(self, one: ListUnderTest) -> None:
        """It is the number of all matches."""
        one.put(*(stored(f"id{number}", 1001 + number) for number in range(5)))
        newer = Filter("last_modified", Operator.GREATER, 1002)
        assert one.count(Query(limit=1)) == 5
        assert one.count(Query(filters=(newer,), limit=1)) == 3

    # -- lists ------------------------------------------------------------------------------------

    def test_list_exists_from_its_opening(self, storage: Storage) -> None:
        """Before, there is nothing to hold."""
        some = ListUnderTest(storage)
        assert some.state() is None
        with storage.database.writing() as connection:
            assert storage.lock_list(connection, some.parent_id, some.resource) is None
        assert some.open(1234).timestamp() == 1234

    def test_opening_an_open_list_changes_nothing(self, one: ListUnderTest) -> None:
        """Not its timestamp either."""
        one.put(stored("x", 1001))
        before = one.state()
        one.open(5000)
        assert one.state() == before
        assert one.ids() == ["x"]

    def test_every_write_counts_the_version_on(self, one: ListUnderTest) -> None:
        """Two equal versions mean the same content, whatever the timestamp."""
        states = [one.state()]
        for _ in range(3):
            one.put(stored("x", 1001))
            states.append(one.state())
        versions = [state.version for state in states if state is not None]
        assert len(versions) == 4
        assert versions == sorted(set(versions))

    def test_held_list_shows_its_state(self, one: ListUnderTest) -> None:
        """Holding is reading, too."""
        one.put(stored("x", 1005))
        with one.storage.database.writing() as connection:
            held = one.storage.lock_list(connection, one.parent_id, one.resource)
        assert held == one.state()
        assert held is not None
        assert held.timestamp == 1005

    # -- everything or nothing --------------------------------------------------------------------

    def test_failed_transaction_changes_nothing(self, one: ListUnderTest) -> None:
        """Objects, lists and timestamps stay as they were."""
        one.put(stored("x", 1001))
        before = one.state()
        with pytest.raises(_Broken):
            _write_and_break(one)
        assert one.find() == [stored("x", 1001)]
        assert one.state() == before
        assert ListUnderTest(one.storage, "/buckets/new").state() is None

    def test_transaction_reads_what_it_wrote(self, one: ListUnderTest) -> None:
        """Later steps of a batch see the earlier ones."""
        with one.storage.database.writing() as connection:
            one.put_on(connection, [stored("x", 1001)])
            assert one.storage.fetch(connection, one.key("x")) == stored("x", 1001)
            found = one.storage.find(connection, one.parent_id, one.resource, Query())
            assert found == [stored("x", 1001)]

    # -- forgetting -------------------------------------------------------------------------------

    @pytest.mark.parametrize(("deleted", "kept"), _NEIGHBOURS)
    def test_deleting_below_is_exact(self, storage: Storage, deleted: str, kept: str) -> None:
        """Names are no patterns and no beginnings of others (protocol R-30)."""
        doomed, spared = _inside(storage, deleted), _inside(storage, kept)
        for number, some in enumerate((*doomed, *spared)):
            some.put(stored("x", 2000 + number))
            some.bury(("gone", 3000 + number))
        top = ListUnderTest(storage, "", "bucket").open()
        top.put(stored(deleted, 2000), stored(kept, 2001))
        with storage.database.writing() as connection:
            assert storage.delete_below(connection, f"/buckets/{deleted}") == 3002
        assert [(some.find(_DELETED), some.state()) for some in doomed] == [([], None)] * 3
        assert [some.ids(_DELETED) for some in spared] == [["gone", "x"]] * 3
        assert sorted(top.ids()) == sorted((deleted, kept)), "the object itself stays"

    def test_deleting_below_nothing_gives_zero(self, storage: Storage) -> None:
        """Not an error."""
        with storage.database.writing() as connection:
            assert storage.delete_below(connection, "/buckets/unknown") == 0

    @pytest.mark.parametrize(
        ("keep", "older_than", "left"),
        [
            (None, None, []),
            (0, None, []),
            (1, None, ["t3"]),
            (9, None, ["t3", "t2", "t1"]),
            (None, 1002, ["t3", "t2"]),
            (1, 1002, ["t3", "t2"]),
            (2, 9999, ["t3", "t2"]),
            (None, 1, ["t3", "t2", "t1"]),
        ],
    )
    def test_purge_forgets_old_tombstones(
        self, one: ListUnderTest, keep: int | None, older_than: int | None, left: list[str]
    ) -> None:
        """By number in each list, by age, or by both; live objects stay."""
        one.put(stored("live", 1000))
        one.bury(("t1", 1001), ("t2", 1002), ("t3", 1003))
        other = ListUnderTest(one.storage, "/buckets/other").open()
        other.bury(("t1", 1001), ("t2", 1002), ("t3", 1003))
        with one.storage.database.writing() as connection:
            gone = one.storage.purge_tombstones(
                connection, "collection", keep=keep, older_than=older_than
            )
        assert gone == 2 * (3 - len(left))
        assert one.ids(_DELETED) == [*left, "live"]
        assert other.ids(_DELETED) == left

    def test_purge_leaves_other_types_alone(self, one: ListUnderTest) -> None:
        """Only the type named."""
        one.bury(("t", 1001))
        with one.storage.database.writing() as connection:
            gone = one.storage.purge_tombstones(connection, "record", keep=None, older_than=None)
        assert gone == 0
        assert one.ids(_DELETED) == ["t"]

    def test_flush_forgets_everything(self, one: ListUnderTest) -> None:
        """The lists of the top begin anew; others are gone with their parents."""
        top = ListUnderTest(one.storage, "", "bucket").open(1000)
        top.put(stored("b", 1001))
        one.bury(("x", 1001))
        with one.storage.database.writing() as connection:
            one.storage.flush(connection, 5000)
        assert (top.find(_DELETED), one.find(_DELETED)) == ([], [])
        assert one.state() is None
        assert top.timestamp() == 5000


class _Broken(Exception):
    """Undoes a transaction."""


def _write_and_break(one: ListUnderTest) -> None:
    with one.storage.database.writing() as connection:
        one.put_on(connection, [stored("x", 1002), stored("y", 1003)])
        one.storage.open_list(connection, "/buckets/new", "collection", 1)
        raise _Broken


def _inside(storage: Storage, name: str) -> tuple[ListUnderTest, ...]:
    """The lists inside a bucket, at two depths."""
    bucket = f"/buckets/{name}"
    return (
        ListUnderTest(storage, bucket, "collection").open(),
        ListUnderTest(storage, bucket, "group").open(),
        ListUnderTest(storage, f"{bucket}/collections/c", "record").open(),
    )
