"""The contract of a storage's declared indexes: subclass it and give it the fixture ``storage``.

An index changes how quickly a query is answered, never the answer; so each test asks the same with
and without it. That answers agree across JSON types is tested against an oracle elsewhere.
"""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from kinto_core.objects import StoredObject, tombstone
from kinto_core.storage.interface import Storage
from kinto_core.storage.query import MISSING, Filter, Operator, Query, Sort
from kinto_core.testing.contracts.lists import ListUnderTest, stored

_INDEXES = ("a", "b", "a,b")
_BY_B = (Sort("b"),)


class IndexedList(ListUnderTest):
    """A list whose objects are indexed as they are written, as the server does it."""

    indexes: tuple[str, ...] = ()

    def declare(self, *names: str) -> None:
        """Declare these indexes and no others."""
        with self.storage.database.writing() as connection:
            self.storage.lock_list(connection, self.parent_id, self.resource)
            self.storage.declare_indexes(
                connection,
                self.parent_id,
                self.resource,
                new=[name for name in names if name not in self.indexes],
                gone=[name for name in self.indexes if name not in names],
            )
        self.indexes = names

    def write(self, *objects: StoredObject) -> None:
        """Write objects or tombstones over what has their ids, and index them."""
        changes = [(self.fetch(one.id), one) for one in objects]
        with self.storage.database.writing() as connection:
            self.put_on(connection, objects)
            self.storage.index(connection, self.parent_id, self.resource, self.indexes, changes)

    def agreed(self, query: Query) -> list[str]:
        """The ids that a query selects, checked to be the same with and without indexes."""
        plain = self.ids(query)
        indexed = replace(query, indexed=frozenset(self.indexes))
        assert self.ids(indexed) == plain, "the index changes the answer"
        alive = replace(query, after=None, limit=None, include_deleted=False)
        assert self.count(indexed) == len(self.ids(alive))
        return plain


def _equal(field: str, value: object) -> Filter:
    return Filter(field, Operator.EQUAL, value)


class StorageIndexContract:
    """What every storage does with declared indexes; see ``Storage.index``."""

    @pytest.fixture
    def storage(self) -> Storage:
        """An empty storage. Override it."""
        message = "the subclass gives the fixture 'storage'"
        raise pytest.UsageError(message)

    @pytest.fixture
    def one(self, storage: Storage) -> IndexedList:
        """A list with three indexes and a few objects."""
        found = IndexedList(storage)
        found.open(1000)
        found.declare(*_INDEXES)
        found.write(
            stored("p", 1001, a=1, b="x"),
            stored("q", 1002, a=1, b="w"),
            stored("r", 1003, a=2, b="x"),
            stored("s", 1004, b="v"),
        )
        return found

    def test_objects_are_found_by_value(self, one: IndexedList) -> None:
        """One index, or one of two fields; a field that is not there is found, too."""
        by_a = Query(filters=(_equal("a", 1),), limit=9)
        assert one.agreed(by_a) == ["q", "p"]
        assert one.agreed(replace(by_a, sorts=_BY_B)) == ["q", "p"]
        both = (_equal("a", 1.0), _equal("b", "x"))
        assert one.agreed(Query(filters=both, limit=9)) == ["p"]
        absent = Filter("a", Operator.HAS, value=False)
        assert one.agreed(Query(filters=(absent,), sorts=_BY_B, limit=9)) == ["s"]

    def test_an_order_goes_on_from_page_to_page(self, one: IndexedList) -> None:
        """Ties are in the rest of the order."""
        sorts = (Sort("a", descending=True), Sort("last_modified", descending=True))
        query = Query(sorts=sorts, limit=2)
        assert one.agreed(query) == ["s", "r"]
        after = {"a": 2, "last_modified": 1003, "id": "r"}
        assert one.agreed(replace(query, after=after)) == ["q", "p"]
        missing = {"a": MISSING, "last_modified": 1004, "id": "s"}
        assert one.agreed(replace(query, after=missing)) == ["r", "q"]

    def test_changed_objects_are_found_by_what_they_are_now(self, one: IndexedList) -> None:
        """The value before finds them no longer."""
        one.write(stored("p", 1005, a=2, b="x"), stored("q", 1006, b="w"))
        assert one.agreed(Query(filters=(_equal("a", 1),), limit=9)) == []
        assert one.agreed(Query(filters=(_equal("a", 2),), limit=9)) == ["p", "r"]

    def test_deleted_objects_are_not_found(self, one: IndexedList) -> None:
        """And are found again when they are created anew."""
        one.write(tombstone("p", 1005))
        by_b = Query(filters=(_equal("b", "x"),), limit=9)
        assert one.agreed(by_b) == ["r"]
        assert "p" in one.agreed(Query(sorts=_BY_B, limit=9, include_deleted=True))
        one.write(stored("p", 1006, b="x"))
        assert one.agreed(by_b) == ["p", "r"]

    def test_an_index_has_what_was_there_before_it(self, one: IndexedList) -> None:
        """Tombstones aside."""
        one.write(tombstone("p", 1005), stored("q", 1006, c=7))
        one.declare("c", "b")
        assert one.agreed(Query(filters=(_equal("c", 7),), limit=9)) == ["q"]
        assert one.agreed(Query(sorts=_BY_B, limit=9)) == ["s", "r", "q"]

    def test_an_index_that_is_gone_changes_no_answer(self, one: IndexedList) -> None:
        """Whoever read the declaration before may still name it."""
        one.declare()
        query = Query(filters=(_equal("a", 1),), limit=9, indexed=frozenset(_INDEXES))
        assert one.ids(query) == ["q", "p"]
        assert one.count(query) == 2
        assert one.ids(replace(query, filters=(), sorts=(Sort("b"),))) == ["s", "q", "p", "r"]

    def test_long_values_are_told_apart(self, one: IndexedList) -> None:
        """However much they have in common."""
        ends = ("b", "", "c", "a")
        names = ("k", "l", "m", "n")
        one.write(
            *(
                stored(name, 1010 + place, a=3, b="x" * 999 + end)
                for place, (name, end) in enumerate(zip(names, ends, strict=True))
            )
        )
        assert one.agreed(Query(filters=(_equal("a", 3),), sorts=_BY_B, limit=3)) == ["l", "n", "k"]
        assert one.agreed(Query(filters=(_equal("b", "x" * 999 + "c"),), limit=9)) == ["m"]
        later = Filter("b", Operator.GREATER, "x" * 999 + "a")
        assert one.agreed(Query(filters=(later,), sorts=_BY_B, limit=9)) == ["k", "m"]

    @pytest.mark.parametrize("names", [("a",), ("a,b",), ("b", "a")])
    def test_what_is_deleted_with_its_parent_is_forgotten(
        self, one: IndexedList, names: Sequence[str]
    ) -> None:
        """Nothing of the old list shows in one of the same name."""
        one.declare(*names)
        with one.storage.database.writing() as connection:
            one.storage.delete_below(connection, "/buckets/b")
        one.indexes = ()
        one.open(2000)
        one.declare(*names)
        one.write(stored("z", 2001, a=1))
        assert one.agreed(Query(filters=(_equal("a", 1),), limit=9)) == ["z"]

    def test_flush_forgets_indexes(self, one: IndexedList) -> None:
        """As everything else."""
        with one.storage.database.writing() as connection:
            one.storage.flush(connection, 5000)
        one.open(5000)
        one.indexes = ()
        one.declare("a")
        assert one.agreed(Query(filters=(_equal("a", 1),), limit=9)) == []
