"""Filters, sorts and pages on both databases, on the values that the protocol was recorded with."""

from collections.abc import Iterator
from typing import Any

import pytest

from kinto_core import json
from kinto_core.database.engine import DatabaseOptions
from kinto_core.database.migrating import migrate
from kinto_core.database.opening import Databases
from kinto_core.objects import StoredObject
from kinto_core.storage.query import (
    MISSING,
    NEWEST_FIRST,
    Filter,
    Operator,
    Query,
    Rank,
    Sort,
    rank_of,
)
from kinto_core.storage.sql import SqlStorage

PLACE = ("/buckets/b/collections/c", "record")
VALUES: dict[str, Any] = {
    "int1": 1,
    "int2": 2,
    "flt": 1.0,
    "flt2": 1.5,
    "neg": -3,
    "zero": 0,
    "true": True,
    "false": False,
    "null": None,
    "s1": "1",
    "sa": "a",
    "sA": "A",
    "sb": "b",
    "sempty": "",
    "sacc": "é",
    "arr": [1, 2],
    "arr2": ["a"],
    "arre": [],
    "obj": {"x": 1},
    "obj2": {"x": 2, "y": None},
    "obje": {},
}
OBJECTS = [{"id": name, "v": value} for name, value in VALUES.items()]
OBJECTS += [{"id": "missing"}, {"id": "dotted", "n.p": 1, 'q"': {"\\": 5}}]
ALL = [item["id"] for item in OBJECTS]
ABOVE_NUMBERS = "true false arr arr2 arre obj obj2 obje missing dotted"
OP = Operator


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def storage(request: pytest.FixtureRequest) -> Iterator[SqlStorage]:
    """A storage with the recorded objects, on each kind of database; tests only read it."""
    if request.param == "sqlite":
        yield from _filled("")
    else:
        server = request.getfixturevalue("postgresql_server")
        with server.database() as url:
            yield from _filled(url)


def _filled(url: str) -> Iterator[SqlStorage]:
    databases = Databases(DatabaseOptions())
    database = databases.get(url)
    migrate(database)
    storage = SqlStorage(database)
    rows = [
        StoredObject(item["id"], 7 + place // 2, json.dumps({**item, "last_modified": 7}))
        for place, item in enumerate(OBJECTS)
    ]
    with database.writing() as connection:
        storage.save(connection, *PLACE, rows)
    yield storage
    databases.close()


def find(
    storage: SqlStorage,
    *filters: Filter,
    sorts: tuple[Sort, ...] = NEWEST_FIRST,
    after: dict[str, Any] | None = None,
) -> list[str]:
    query = Query(filters=filters, sorts=sorts, after=after)
    with storage.database.reading() as connection:
        return [item.id for item in storage.find(connection, *PLACE, query)]


@pytest.mark.parametrize(
    ("field", "operator", "value", "found"),
    [
        ("v", OP.EQUAL, 1, "int1 flt"),
        ("v", OP.EQUAL, "1", "s1"),
        ("v", OP.EQUAL, None, "null"),
        ("v", OP.EQUAL, [1, 2.0], "arr"),
        ("v", OP.EQUAL, {"x": 1}, "obj"),
        ("v", OP.EQUAL, "[1,2]", ""),
        ("v", OP.GREATER, 1, f"int2 flt2 {ABOVE_NUMBERS}"),
        ("v", OP.LESS, 1, "neg zero null s1 sa sA sb sempty sacc"),
        ("v", OP.LESS, "a", "s1 sA sempty null"),
        ("v", OP.LESS, None, ""),
        ("v", OP.AT_MOST, None, "null"),
        ("v", OP.GREATER, True, "arr arr2 arre obj obj2 obje missing dotted"),
        ("v", OP.AT_LEAST, [], "arr arr2 arre obj obj2 obje missing dotted"),
        ("v", OP.GREATER, {"x": 1}, "obj2 missing dotted"),
        ("v", OP.IN, ("a", "b"), "sa sb"),
        ("v", OP.IN, (1,), "int1 flt"),
        ("v", OP.IN, (), ""),
        ("v", OP.HAS, False, "missing dotted"),
        ("v", OP.CONTAINS, (1,), "arr"),
        ("v", OP.CONTAINS, (), "arr arr2 arre"),
        ("v", OP.CONTAINS_ANY, (1, "a"), "arr arr2"),
        ("v", OP.CONTAINS_ANY, (), ""),
        ("v.x", OP.EQUAL, 1, "obj"),
        ("v.0", OP.EQUAL, 1, ""),
        ("n.p", OP.EQUAL, 1, ""),
        ('q".\\', OP.EQUAL, 5, "dotted"),
        ("v", OP.LIKE, "A", "sa sA false"),
        ("v", OP.LIKE, "É", "sacc"),
        ("v", OP.LIKE, "_", ""),
        ("v", OP.LIKE, "%", ""),
        ("v", OP.LIKE, "1.*", "flt flt2"),
        ("id", OP.LIKE, "INT", "int1 int2"),
        ("last_modified", OP.AT_MOST, 7, "int1 int2"),
        ("last_modified", OP.LESS, 10**30, " ".join(ALL)),
        ("last_modified", OP.EQUAL, 7.5, ""),
        ("last_modified", OP.LESS, 7.5, "int1 int2"),
        ("last_modified", OP.LESS, "7", ""),
    ],
)
def test_filters(
    storage: SqlStorage, field: str, operator: Operator, value: object, found: str
) -> None:  # protocol F-10 to F-31
    assert set(find(storage, Filter(field, operator, value))) == set(found.split())


@pytest.mark.parametrize(
    ("operator", "opposite", "value"),
    [(OP.NOT, OP.EQUAL, None), (OP.NOT, OP.EQUAL, 1), (OP.EXCLUDE, OP.IN, ("a", 1, None))],
)
def test_missing_fields_meet_a_negation(
    storage: SqlStorage, operator: Operator, opposite: Operator, value: object
) -> None:  # protocol F-11, F-15
    kept = find(storage, Filter("v", operator, value))
    left_out = find(storage, Filter("v", opposite, value))
    assert sorted([*kept, *left_out]) == sorted(ALL)
    assert {"missing", "dotted"} <= set(kept)


def test_the_order_of_values(storage: SqlStorage) -> None:  # protocol F-30
    order = "null sempty s1 sA sa sb sacc neg zero flt int1 flt2 int2 false true arre arr2 arr"
    order += " obje obj obj2 dotted missing"
    sorts = (Sort("v"), Sort("last_modified", descending=True))
    found = find(storage, sorts=sorts)
    assert found == order.split()
    assert find(storage, sorts=(Sort("v", descending=True),))[:2] == ["missing", "dotted"]


def test_a_page_begins_after_a_missing_value(storage: SqlStorage) -> None:  # protocol G-6
    sorts = (Sort("v"), Sort("id"))
    assert find(storage, sorts=sorts, after={"v": MISSING, "id": "dotted"}) == ["missing"]
    assert find(storage, sorts=sorts, after={"id": "missing"}) == []


@pytest.mark.parametrize(
    "field", ["'", '"', "a b", "$.v", "v[0]", "\\", ";--", "{}", "v.", ".", "é\n", "0", "%s", ":x"]
)
def test_any_name_is_just_a_name(storage: SqlStorage, field: str) -> None:  # protocol F-24
    for operator in (OP.EQUAL, OP.LESS, OP.LIKE):
        assert find(storage, Filter(field, operator, "x")) == []
    assert len(find(storage, sorts=(Sort(field),))) == len(ALL)


@pytest.mark.parametrize("value", [10**30, -(10**30), 2**63, 1e308, 10**350])
def test_any_number_can_be_compared_with(storage: SqlStorage, value: float) -> None:
    assert find(storage, Filter("v", OP.EQUAL, value)) == []
    assert ("int1" in find(storage, Filter("v", OP.LESS, value))) == (value > 0)
    assert len(find(storage, sorts=(Sort("v"),), after={"id": "x", "v": value})) == (
        10 if value > 0 else 16
    )


def test_very_many_values_can_be_looked_for(storage: SqlStorage) -> None:
    values = (*range(1, 5000), *(f"x{place}" for place in range(2000)), None, True)
    for field, found in (("v", {"int1", "flt", "int2", "null", "true"}), ("id", set())):
        assert set(find(storage, Filter(field, OP.IN, values))) == found
    assert len(find(storage, Filter("v", OP.CONTAINS_ANY, values))) == 1
    assert find(storage, Filter("v", OP.CONTAINS, values)) == []


def test_many_sorts_can_be_walked(storage: SqlStorage) -> None:
    sorts = tuple(Sort(f"f{place}.x", descending=place % 2 == 0) for place in range(20))
    assert find(storage, sorts=sorts, after={"id": "zero"}) == []


def test_a_very_deep_name_is_missing_everywhere(storage: SqlStorage) -> None:
    deep = "v" + ".x" * 3000
    assert len(find(storage, Filter(deep, OP.HAS, value=False))) == len(ALL)


def test_ranks() -> None:  # protocol F-30
    values: list[Any] = [None, "", 0, False, [], {}, MISSING]
    assert [rank_of(value) for value in values] == list(Rank)
