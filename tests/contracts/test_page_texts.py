"""A page as one text takes the databases no more than the page, and needs no limit of theirs."""

import sqlite3
from pathlib import Path

import pytest
import sqlalchemy

from kinto_core.database.engine import Database, DatabaseOptions
from kinto_core.database.migrating import migrate
from kinto_core.database.opening import Databases
from kinto_core.errors import BackendUnavailable
from kinto_core.storage.pages import joined
from kinto_core.storage.query import Filter, Operator, Query
from kinto_core.storage.sql import SqlStorage
from kinto_core.testing.contracts.lists import ListUnderTest, stored
from tests.contracts.test_index_plans import rows_read, steps_taken

SIZE = 3000
PAGE = 20
PLACE = ("/buckets/b/collections/c", "record")
QUERIES = {
    "newest": Query(limit=PAGE),
    "a later page": Query(limit=PAGE, after={"last_modified": 1500, "id": "r500"}),
    "changes": Query(
        limit=PAGE,
        filters=(Filter("last_modified", Operator.GREATER, 1500),),
        include_deleted=True,
    ),
}


@pytest.mark.parametrize("query", QUERIES.values(), ids=QUERIES)
@pytest.mark.parametrize("analyzed", [True, False], ids=["fresh statistics", "no statistics"])
def test_a_page_reads_little_more_than_itself(
    new_database: Database, query: Query, *, analyzed: bool
) -> None:
    database = new_database
    storage = SqlStorage(database)
    one = ListUnderTest(storage, *PLACE).open()
    one.put(*(stored(f"r{n}", 1000 + n) for n in range(SIZE)))
    if analyzed:
        with database.reading() as connection:
            connection.execute(sqlalchemy.text("ANALYZE"))
    with database.writing() as connection:

        def read() -> list[str]:
            return [storage.page_text(connection, *PLACE, query).text]

        measure = rows_read if database.dialect == "postgresql" else steps_taken
        [text], effort, most = measure(connection, read)
    assert text == joined(one.find, query).text
    assert effort <= most


def test_what_is_too_long_for_one_value_is_found_object_by_object(tmp_path: Path) -> None:
    databases = Databases(DatabaseOptions())
    database = databases.get(f"sqlite:///{tmp_path / 'kinto.db'}")
    migrate(database)
    one = ListUnderTest(SqlStorage(database)).open()
    one.put(*(stored(f"r{n}", 1001 + n, text="é" * 5000) for n in range(20)))
    expected = joined(one.find, Query(limit=10))
    with database.reading() as connection:
        driver: sqlite3.Connection = connection._driver
        driver.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, 50_000)
    assert one.page_text(Query(limit=10)) == expected
    with database.reading() as connection:
        connection.execute(sqlalchemy.text("ALTER TABLE objects RENAME TO lost"))
    with pytest.raises(BackendUnavailable):
        one.page_text(Query(limit=10))
    databases.close()
