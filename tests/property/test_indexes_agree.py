"""Declared indexes change no answer: both databases agree with plain Python, indexed or not."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kinto_core import json
from kinto_core.database.engine import Connection, Database, DatabaseOptions
from kinto_core.database.migrating import migrate
from kinto_core.database.opening import Databases
from kinto_core.objects import StoredObject
from kinto_core.resources.paging import decode, encode
from kinto_core.storage.pages import sort_values
from kinto_core.storage.query import Filter, Operator, Query, Sort
from kinto_core.storage.sql import SqlStorage
from tests.property import oracle
from tests.property.queries import SCALARS, VALUES, filters, stored

Object = dict[str, Any]
PLACE = ("/buckets/b/collections/c", "record")
CHECKED = settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)

LONG = st.sampled_from(["x" * 250, "x" * 250 + "a", "x" * 250 + "b", "\U0001f600" * 60, "y" * 196])
FEW_VALUES: st.SearchStrategy[Any] = st.sampled_from(
    [None, True, 0, 1, 1.0, 2**53 + 1, 2**53, "", "a", "b", [], [1], {}]
)
FIELDS = st.sampled_from(["a", "a", "b", "b", "b.a", "a.b", "é", "last_modified", "id"])
INDEXES = st.frozensets(
    st.sampled_from(["a", "b", "a,b", "b,a", "b.a", "é,a,b", "a.b,b", "b,a,é"]),
    min_size=1,
    max_size=4,
)


@st.composite
def objects(draw: st.DrawFn) -> list[Object]:
    """Objects that often share values in the fields that are indexed; some values are long."""
    found = draw(stored())
    for item in found:
        if "deleted" in item:
            continue
        for field in ("a", "b"):
            value = draw(st.none() | st.tuples(FEW_VALUES | FEW_VALUES | LONG | VALUES))
            if value is not None:
                item[field] = value[0]
        if draw(st.integers(0, 5)) == 0:
            item["b"] = {"a": draw(FEW_VALUES | LONG)}
    return found


@st.composite
def conditions(draw: st.DrawFn) -> Filter:
    """A filter that an index may serve, more often than not."""
    one = draw(filters())
    if draw(st.booleans()) and one.operator not in (Operator.LIKE, Operator.HAS):
        value: Any = draw(FEW_VALUES | LONG | VALUES)
        if one.operator not in (Operator.EQUAL, Operator.NOT) and not isinstance(one.value, tuple):
            return Filter(draw(FIELDS), one.operator, value)
        several = tuple(draw(st.lists(FEW_VALUES | SCALARS, max_size=3)))
        return Filter(
            draw(FIELDS), one.operator, several if isinstance(one.value, tuple) else value
        )
    return replace(one, field=draw(FIELDS))


SORTS = st.lists(st.builds(Sort, FIELDS, st.booleans()), max_size=3).map(tuple)
TAILS = st.sampled_from([(), (), (Sort("last_modified", descending=True),)])
QUERIES = st.builds(
    lambda sorts, tail, **parts: Query(sorts=(*sorts, *tail), **parts),
    SORTS,
    TAILS,
    filters=st.lists(conditions(), max_size=3).map(tuple),
    include_deleted=st.sampled_from([False, False, False, True]),
    limit=st.integers(1, 4),
    indexed=INDEXES,
)


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> Iterator[Database]:
    """An empty database of each kind."""
    url = "" if request.param == "sqlite" else request.getfixturevalue("postgresql_url")
    with closing(Databases(DatabaseOptions())) as databases:
        database = databases.get(url)
        migrate(database)
        yield database


def stored_object(item: Object) -> StoredObject:
    """An object or tombstone as it is kept."""
    is_dead = item.get("deleted") is True
    return StoredObject(item["id"], item["last_modified"], json.dumps(item), deleted=is_dead)


def fill(
    storage: SqlStorage,
    connection: Connection,
    before: list[Object],
    after: list[Object],
    indexed: frozenset[str],
) -> list[Object]:
    """Store some objects, declare the indexes, write others over them; gives what is there then."""
    storage.delete_below(connection, "/buckets/b")
    final = {item["id"]: item for item in before}
    storage.save(connection, *PLACE, list(map(stored_object, before)))
    storage.declare_indexes(connection, *PLACE, new=[*sorted(indexed), "gone"], gone=[])
    changes = []
    for item, place in zip(after, [*final, *[None] * len(after)], strict=False):
        new = item if place is None else {**item, "id": place}
        old = final.get(new["id"])
        changes.append((stored_object(old) if old else None, stored_object(new)))
        final[new["id"]] = new
    storage.save(connection, *PLACE, [new for _, new in changes])
    storage.index(connection, *PLACE, sorted(indexed), changes)
    storage.declare_indexes(connection, *PLACE, new=[], gone=["gone"])
    return list(final.values())


def walk(storage: SqlStorage, connection: Connection, query: Query) -> list[str]:
    """The ids of all pages, through tokens as a client would."""
    ids: list[str] = []
    while True:
        page = storage.find(connection, *PLACE, query)
        ids += [item.id for item in page]
        if not page:
            return ids
        token = encode(sort_values(page[-1], query.sorts), "f", b"secret", None)
        query = replace(query, after=decode(token, "f", b"secret")[0])


# protocol F-10 to F-31, S-1 to S-3, G-6
@CHECKED
@given(before=objects(), after=objects(), query=QUERIES, few=st.sampled_from([0, 2, 9]))
def test_indexed_queries_agree_with_the_oracle(
    database: Database, before: list[Object], after: list[Object], query: Query, few: int
) -> None:
    storage = SqlStorage(database, few=few)
    with database.writing() as connection:
        final = fill(storage, connection, before, after, query.indexed)
        chosen = oracle.select(final, query)
        assert walk(storage, connection, query) == chosen
        live = oracle.select(final, replace(query, include_deleted=False))
        counted = replace(query, include_deleted=False, after=None)
        assert storage.count(connection, *PLACE, counted) == len(live)
        unpaged = storage.find(connection, *PLACE, replace(query, limit=None))
        assert [item.id for item in unpaged] == chosen


# An index that was dropped after its declaration was read.
@CHECKED
@given(before=objects(), query=QUERIES)
def test_a_query_that_names_an_index_which_is_gone_is_answered(
    database: Database, before: list[Object], query: Query
) -> None:
    storage = SqlStorage(database)
    with database.writing() as connection:
        final = fill(storage, connection, before, [], frozenset())
        assert walk(storage, connection, query) == oracle.select(final, query)
