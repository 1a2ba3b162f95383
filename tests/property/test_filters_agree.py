"""Both databases select the same objects in the same order, page by page, as plain Python does."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from kinto_core import json
from kinto_core.database.engine import Connection, DatabaseOptions
from kinto_core.database.migrating import migrate
from kinto_core.database.opening import Databases
from kinto_core.objects import StoredObject
from kinto_core.resources.paging import decode, encode
from kinto_core.storage.pages import sort_values
from kinto_core.storage.query import Filter, Query
from kinto_core.storage.sql import SqlStorage
from tests.property import oracle
from tests.property.queries import QUERIES, filters, stored

PLACE = ("/buckets/b/collections/c", "record")
CHECKED = settings(
    max_examples=100,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.fixture(params=["sqlite", "postgresql"])
def storage(request: pytest.FixtureRequest) -> Iterator[SqlStorage]:
    """An empty storage on each kind of database."""
    url = "" if request.param == "sqlite" else request.getfixturevalue("postgresql_url")
    databases = Databases(DatabaseOptions())
    database = databases.get(url)
    migrate(database)
    yield SqlStorage(database)
    databases.close()


def _fill(storage: SqlStorage, connection: Connection, objects: list[dict[str, Any]]) -> None:
    storage.delete_below(connection, "/buckets/b")
    rows = [
        StoredObject(item["id"], item["last_modified"], json.dumps(item), deleted="deleted" in item)
        for item in objects
    ]
    storage.save(connection, *PLACE, rows)


def _walk(storage: SqlStorage, connection: Connection, query: Query) -> list[str]:
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
@given(objects=stored(), query=QUERIES)
def test_pages_agree_with_the_oracle(
    storage: SqlStorage, objects: list[dict[str, Any]], query: Query
) -> None:
    live = [{k: v for k, v in o.items() if k != "deleted" or o.get(k) is True} for o in objects]
    with storage.database.writing() as connection:
        _fill(storage, connection, live)
        assert _walk(storage, connection, query) == oracle.select(live, query)


# protocol F-10 to F-22
@CHECKED
@given(objects=stored(), one=filters())
def test_counts_agree_with_the_oracle(
    storage: SqlStorage, objects: list[dict[str, Any]], one: Filter
) -> None:
    query = Query(filters=(one,))
    with storage.database.writing() as connection:
        _fill(storage, connection, objects)
        assert storage.count(connection, *PLACE, query) == len(oracle.select(objects, query))
