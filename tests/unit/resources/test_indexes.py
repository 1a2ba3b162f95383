"""What the fields ``indexes`` and ``unique`` of a collection may hold."""

import pytest

from kinto_core import json
from kinto_core.objects import StoredObject, tombstone
from kinto_core.resources.bodies import collection_fields
from kinto_core.resources.collection import COLLECTION
from kinto_core.resources.indexes import (
    MOST_INDEXES,
    declaration,
    declaration_of,
    declared,
    indexed,
)
from kinto_core.resources.record import RECORD


def collection(**fields: object) -> StoredObject:
    """A collection as it is stored."""
    return StoredObject("c", 1, json.dumps({"id": "c", "last_modified": 1, **fields}))


@pytest.mark.parametrize(
    "value",
    [
        [],
        ["status"],
        ["status", "score", "status,score", "a.b-c_D.0", "a,b,c"],
        [f"field{number}" for number in range(MOST_INDEXES)],
    ],
)
def test_a_list_of_fields_is_accepted(value: list[str]) -> None:
    for field, unique in (("indexes", ()), ("unique", tuple(value))):
        data = {field: value}
        assert collection_fields(data, "data.") == (data, [])
        assert declaration_of(data) == declaration(collection(**data)) == (tuple(value), unique)
        assert declared(collection(**data)) == tuple(value)


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (None, "a list of field names is expected"),
        ("status", "a list of field names is expected"),
        ({"status": True}, "a list of field names is expected"),
        ([f"f{number}" for number in range(MOST_INDEXES + 1)], "at most 8 indexes"),
        ([5], "the name of a field is expected"),
        ([["a", "b"]], "the name of a field is expected"),
        ([""], "the name of a field is expected"),
        (["a", ""], "index 1"),
        (["a b"], "only letters"),
        (["a..b"], "only letters"),
        ([".a"], "only letters"),
        (["a,"], "only letters"),
        (["é"], "only letters"),
        (["a\n"], "only letters"),
        (["id"], "quick without an index"),
        (["a,last_modified"], "quick without an index"),
        (["a,b,c,d"], "up to 3 different fields"),
        (["a,a"], "up to 3 different fields"),
        (["a", "a"], "there twice"),
        (["x" * 201], "at most 200 characters"),
    ],
)
def test_anything_else_is_refused(value: object, reason: str) -> None:
    for field in ("indexes", "unique"):
        _, faults = collection_fields({field: value}, "data.")
        assert [(fault.location, fault.name) for fault in faults] == [("body", f"data.{field}")]
        assert reason in faults[0].description
        assert declared(collection(**{field: value})) == ()
    _, faults = collection_fields({"indexes": value, "unique": value}, "")
    assert [fault.name for fault in faults] == ["indexes", "unique"]


def test_an_index_may_be_named_in_both_fields_and_counts_once() -> None:
    names = [f"field{number}" for number in range(MOST_INDEXES)]
    data = {"unique": names[2:5], "indexes": names}
    assert collection_fields(data, "data.") == (data, [])
    assert declaration_of(data) == (tuple(names), tuple(names[2:5]))


def test_both_fields_together_have_a_limit() -> None:
    names = [f"field{number}" for number in range(MOST_INDEXES)]
    _, faults = collection_fields({"unique": ["more"], "indexes": names}, "data.")
    assert [(fault.name, fault.description) for fault in faults] == [
        ("data.unique", "at most 8 indexes are accepted with 'indexes', not 9")
    ]


def test_nothing_is_declared_by_what_is_not_there() -> None:
    assert declared(None) == declared(tombstone("c", 1)) == declared(collection()) == ()
    assert declared(collection(text='"indexes" "unique"')) == ()
    assert declaration(collection(schema={"unique": ["a"]})) == ((), ())


def test_only_records_are_indexed() -> None:
    parent = collection(indexes=["a"], unique=["b"])
    assert indexed(RECORD, parent) == {"a", "b"}
    assert indexed(COLLECTION, parent) == frozenset()
