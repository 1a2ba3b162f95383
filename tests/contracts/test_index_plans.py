"""A declared index spares the databases the reading of a whole list."""

import sqlite3
from collections.abc import Callable
from dataclasses import replace

import pytest
import sqlalchemy

from kinto_core.database.engine import Connection, Database
from kinto_core.storage.query import Filter, Operator, Query, Sort
from kinto_core.storage.sql import SqlStorage
from kinto_core.testing.contracts.lists import stored

PLACE = ("/buckets/b/collections/c", "record")
SIZE = 3000
PAGE = 20
NEWEST = Sort("last_modified", descending=True)
BY_STATUS = Filter("status", Operator.EQUAL, "s7")
HIGH = Filter("score", Operator.GREATER, 500)
QUERIES = {
    "equality and sort": Query(filters=(BY_STATUS,), sorts=(Sort("score"), NEWEST), limit=PAGE),
    "the other way round": Query(
        filters=(BY_STATUS,), sorts=(Sort("score", descending=True), NEWEST), limit=PAGE
    ),
    "range and sort": Query(filters=(HIGH,), sorts=(Sort("score"), NEWEST), limit=PAGE),
    "equality, range and sort": Query(
        filters=(BY_STATUS, HIGH), sorts=(Sort("score"), NEWEST), limit=PAGE
    ),
    "sort": Query(sorts=(Sort("score", descending=True), NEWEST), limit=PAGE),
    "a later page": Query(
        filters=(BY_STATUS,),
        sorts=(Sort("score", descending=True), NEWEST),
        after={"score": 1507, "last_modified": 2507, "id": "r1507"},
        limit=PAGE,
    ),
}


@pytest.fixture(params=[True, False], ids=["fresh statistics", "no statistics"])
def storage(request: pytest.FixtureRequest, new_database: Database) -> SqlStorage:
    """A list of three thousand records with two indexes."""
    database = new_database
    storage = SqlStorage(database)
    with database.writing() as connection:
        storage.open_list(connection, *PLACE, 1)
        records = [stored(f"r{n}", 1000 + n, status=f"s{n % 10}", score=n) for n in range(SIZE)]
        storage.save(connection, *PLACE, records)
        storage.declare_indexes(connection, *PLACE, new=["score", "status,score"], gone=[])
    if request.param:
        with database.reading() as connection:
            connection.execute(sqlalchemy.text("ANALYZE"))
    return storage


@pytest.mark.parametrize("query", QUERIES.values(), ids=QUERIES)
def test_a_page_reads_little_more_than_itself(storage: SqlStorage, query: Query) -> None:
    indexed = replace(query, indexed=frozenset(("score", "status,score")))
    with storage.database.writing() as connection:

        def find() -> list[str]:
            return [item.id for item in storage.find(connection, *PLACE, indexed)]

        plain = [item.id for item in storage.find(connection, *PLACE, query)]
        assert len(plain) == PAGE
        measure = rows_read if storage.database.dialect == "postgresql" else steps_taken
        found, effort, most = measure(connection, find)
    assert found == plain
    assert effort <= most


@pytest.mark.parametrize("score", [1500, SIZE])
def test_a_unique_value_is_looked_up_without_reading_the_others(
    storage: SqlStorage, score: int
) -> None:
    change = (None, stored("new", 9000, score=score))
    with storage.database.writing() as connection:

        def find() -> list[str]:
            return list(storage.rival(connection, *PLACE, ["score"], change) or ())

        find()  # SQLite reads new statistics with the first statement
        measure = rows_read if storage.database.dialect == "postgresql" else steps_taken
        found, effort, most = measure(connection, find)
    assert found == (["score", "r1500"] if score < SIZE else [])
    assert effort <= most / PAGE


def rows_read(connection: Connection, find: Callable[[], list[str]]) -> tuple[list[str], int, int]:
    """What is found, how many rows PostgreSQL reads for it, and how many it may."""
    counting = sqlalchemy.text(
        "SELECT coalesce(sum(seq_tup_read + idx_tup_fetch), 0) FROM pg_stat_xact_user_tables"
        " WHERE relname IN ('objects', 'indexed_values')"
    )
    before = int(connection.execute(counting)[0][0])
    found = find()
    return found, int(connection.execute(counting)[0][0]) - before, 5 * PAGE


def steps_taken(
    connection: Connection, find: Callable[[], list[str]]
) -> tuple[list[str], int, int]:
    """What is found, how many instructions SQLite runs for it, and how many it may."""
    steps = 0

    def count() -> int:
        nonlocal steps
        steps += 1
        return 0

    driver: sqlite3.Connection = connection._driver
    driver.set_progress_handler(count, 1)
    found = find()
    driver.set_progress_handler(None, 1)
    return found, steps, 100 * PAGE
