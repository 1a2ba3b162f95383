"""Who is equal to whom in a unique index: both databases agree with plain Python."""

from collections.abc import Iterator, Sequence
from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from kinto_core.database.engine import Database
from kinto_core.storage.query import MISSING
from kinto_core.storage.sql import SqlStorage
from tests.property import oracle
from tests.property.test_indexes_agree import (
    CHECKED,
    INDEXES,
    PLACE,
    Object,
    database,
    fill,
    objects,
    stored_object,
)

__all__ = ["database"]


def are_equal(one: Object, other: Object, index: str) -> bool:
    """Whether only one of two objects may exist."""
    if "deleted" in one or "deleted" in other:
        return False
    pairs = [(oracle.reach(one, name), oracle.reach(other, name)) for name in index.split(",")]
    return all(
        a is not None and a is not MISSING and b is not MISSING and not oracle.compare(a, b)
        for a, b in pairs
    )


def rivals(final: Sequence[Object], new: Object, indexes: Sequence[str]) -> Iterator[set[str]]:
    """For each index the others that are equal to an object, unless it has kept its values."""
    old = next((item for item in final if item["id"] == new["id"]), None)
    for index in indexes:
        found = {item["id"] for item in final if are_equal(item, new, index)} - {new["id"]}
        yield set() if old is not None and are_equal(old, new, index) else found


# protocol F-23, F-30, F-31
@CHECKED
@given(before=objects(), after=objects(), more=objects(), indexed=INDEXES, place=st.integers(0, 9))
def test_rivals_and_twins_agree_with_the_oracle(  # noqa: PLR0917  drawn values
    database: Database,
    before: list[Object],
    after: list[Object],
    more: list[Object],
    indexed: frozenset[str],
    place: int,
) -> None:
    storage = SqlStorage(database)
    names = sorted(indexed)
    with database.writing() as connection:
        final = fill(storage, connection, before, after, indexed)
        for index in names:
            found = storage.twins(connection, *PLACE, index)
            pairs = {
                frozenset((a["id"], b["id"]))
                for a, b in combinations(final, 2)
                if are_equal(a, b, index)
            }
            assert (frozenset(found) in pairs) if found is not None else not pairs
        for item in more:
            if "deleted" in item:
                continue
            ids = [one["id"] for one in final]
            new = {**item, "id": ids[place] if place < len(ids) else "new"}
            old = next((one for one in final if one["id"] == new["id"]), None)
            change = (stored_object(old) if old else None, stored_object(new))
            rival = storage.rival(connection, *PLACE, names, change)
            expected = [(n, s) for n, s in zip(names, rivals(final, new, names), strict=True) if s]
            if rival is None:
                assert expected == []
            else:
                assert rival[0] == expected[0][0]
                assert rival[1] in expected[0][1]
