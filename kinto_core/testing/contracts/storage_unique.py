"""The contract of unique indexes: subclass it and give it the fixture ``storage``.

A storage only tells who is equal to whom, and refuses nothing itself; so equal objects can be
written here.
"""

from collections.abc import Sequence

import pytest

from kinto_core.objects import StoredObject, tombstone
from kinto_core.storage.interface import Storage
from kinto_core.testing.contracts.lists import stored
from kinto_core.testing.contracts.storage_indexes import IndexedList

_LONG = "x" * 1000
_MANY = 450


class _List(IndexedList):
    """A list whose storage is asked who is equal to whom."""

    def rival(self, new: StoredObject, *indexes: str) -> tuple[str, str] | None:
        """Which object has what another is going to have."""
        change = (self.fetch(new.id), new)
        with self.storage.database.writing() as connection:
            self.storage.lock_list(connection, self.parent_id, self.resource)
            place = (self.parent_id, self.resource)
            return self.storage.rival(connection, *place, indexes or self.indexes, change)

    def twins(self, index: str) -> tuple[str, str] | None:
        """Two objects that are equal in an index."""
        with self.storage.database.writing() as connection:
            self.storage.lock_list(connection, self.parent_id, self.resource)
            return self.storage.twins(connection, self.parent_id, self.resource, index)


class StorageUniqueContract:
    """What every storage tells of unique indexes; see ``Storage.rival`` and ``Storage.twins``."""

    @pytest.fixture
    def storage(self) -> Storage:
        """An empty storage. Override it."""
        message = "the subclass gives the fixture 'storage'"
        raise pytest.UsageError(message)

    @pytest.fixture
    def one(self, storage: Storage) -> _List:
        """A list with three indexes and two objects."""
        found = _List(storage)
        found.open(1000)
        found.declare("a", "a,b", "b.c")
        found.write(stored("p", 1001, a=1, b="x"), stored("q", 1002, a="z", b={"c": "é"}))
        return found

    def test_who_has_the_value_is_told(self, one: _List) -> None:
        """By the first index in which another object is equal."""
        assert one.rival(stored("r", 1003, a=1.0)) == ("a", "p")
        assert one.rival(stored("r", 1003, a=1, b="x"), "a,b", "a") == ("a,b", "p")
        assert one.rival(stored("r", 1003, b={"c": "é", "d": 1})) == ("b.c", "q")
        assert one.rival(stored("q", 1003, a=1)) == ("a", "p")

    @pytest.mark.parametrize(
        "fields", [{}, {"a": True}, {"a": "1"}, {"a": None}, {"b": {"c": "e"}}, {"a": 2, "b": "x"}]
    )
    def test_other_values_are_free(self, one: _List, fields: dict[str, object]) -> None:
        """Those of other types, too, and no value at all."""
        assert one.rival(stored("r", 1003, **fields)) is None

    def test_an_object_is_not_its_own_rival(self, one: _List) -> None:
        """Whatever it keeps or changes."""
        assert one.rival(stored("p", 1003, a=1, b="x")) is None
        assert one.rival(stored("p", 1003, a=1, b="y")) is None

    def test_an_object_may_keep_what_it_has(self, one: _List) -> None:
        """Even if another has it, since before the index was unique."""
        one.write(stored("r", 1003, a=1))
        assert one.rival(stored("r", 1004, a=1.0, c=5)) is None
        assert one.rival(stored("r", 1004, a="z")) == ("a", "q")
        one.write(tombstone("r", 1005))
        assert one.rival(stored("r", 1006, a=1)) == ("a", "p")

    def test_nobody_is_equal_in_nothing(self, one: _List) -> None:
        """Objects that lack a field, or have null there, are as many as there may be."""
        one.write(stored("r", 1003, a=None, b="x"), stored("s", 1004, a=None, b="x"))
        one.write(stored("t", 1005, b="x"), stored("u", 1006, b="x"))
        assert one.rival(stored("v", 1007, a=None, b="x")) is None
        assert one.rival(stored("v", 1007, b="x")) is None
        assert [one.twins(index) for index in one.indexes] == [None, None, None]

    def test_what_changes_or_is_deleted_is_free(self, one: _List) -> None:
        """A tombstone holds nothing, and begins with nothing when it comes back."""
        one.write(stored("p", 1003, a=2), tombstone("q", 1004))
        assert one.rival(stored("r", 1005, a=1)) is None
        assert one.rival(stored("r", 1005, a="z")) is None
        one.write(stored("r", 1005, a="z"))
        assert one.rival(stored("q", 1006, a="z")) == ("a", "r")

    def test_long_values_are_told_apart(self, one: _List) -> None:
        """However many begin alike: equal is what is equal to the end."""
        one.write(*(stored(f"l{n:03}", 2000 + n, a=f"{_LONG}{n}") for n in range(_MANY)))
        assert one.rival(stored("r", 3000, a=_LONG)) is None
        assert one.rival(stored("r", 3000, a=f"{_LONG}{_MANY - 1}")) == ("a", f"l{_MANY - 1:03}")
        assert one.rival(stored("l001", 3000, a=f"{_LONG}0")) == ("a", "l000")
        assert one.twins("a") is None
        one.write(stored("z", 3000, a=f"{_LONG}7"))
        assert one.twins("a") == ("l007", "z")

    @pytest.mark.parametrize("beyond", [0, _MANY])
    def test_twins_are_found(self, one: _List, beyond: int) -> None:
        """Behind many objects that have equal values and are free for want of another."""
        free = range(beyond)
        one.write(*(stored(f"f{n:03}", 2000 + n, a=n, b=None) for n in free))
        one.write(*(stored(f"g{n:03}", 4000 + n, a=n, b=None) for n in free))
        assert one.twins("a,b") is None
        one.write(stored("r", 5000, a=_MANY, b="x"), stored("s", 5001, a=float(_MANY), b="x"))
        assert one.twins("a,b") == ("r", "s")

    @pytest.mark.parametrize("names", [("c",), ("c", "a"), ("a,c", "c")])
    def test_an_index_tells_of_what_was_there_before_it(
        self, one: _List, names: Sequence[str]
    ) -> None:
        """Tombstones aside."""
        one.write(stored("r", 1003, c=7), stored("s", 1004, c=7), stored("t", 1005, c=8))
        one.declare(*names)
        assert one.twins("c") == ("r", "s")
        one.write(tombstone("s", 1006))
        assert one.twins("c") is None
        assert one.rival(stored("u", 1007, c=8), "c") == ("c", "t")
