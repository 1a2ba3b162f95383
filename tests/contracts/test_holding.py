"""What writers who share a transaction know to be held is held, on a real PostgreSQL."""

from collections.abc import Iterator
from contextlib import closing

import pytest

from kinto_core.database.engine import Database, DatabaseOptions
from kinto_core.database.opening import Databases

LIST = ("/buckets/b/collections/c", "record")
OTHER = ("/buckets/b/collections/d", "record")


@pytest.fixture
def database(shared_postgresql_url: str) -> Iterator[Database]:
    """A database whose connections are all new."""
    with closing(Databases(DatabaseOptions())) as databases:
        yield databases.get(shared_postgresql_url)


def test_what_a_transaction_holds_is_known_until_it_ends(database: Database) -> None:
    with database.writing() as connection:
        assert not connection.holds(LIST)
        connection.keep(LIST)
        assert connection.holds(LIST)
        assert not connection.holds(OTHER)
    with database.writing() as connection:
        assert not connection.holds(LIST)


def test_what_is_taken_in_a_part_that_can_be_undone_is_not(database: Database) -> None:
    with database.writing() as connection:
        connection.keep(LIST)
        connection.flush()
        connection.set_savepoint()
        connection.keep(OTHER)
        assert (connection.holds(LIST), connection.holds(OTHER)) == (True, False)
        connection.undo_savepoint()
        assert connection.holds(LIST)


def test_a_transaction_that_was_undone_holds_nothing(database: Database) -> None:
    with pytest.raises(ZeroDivisionError), database.writing() as connection:  # noqa: PT012  both are the point
        connection.keep(LIST)
        raise ZeroDivisionError
    with database.writing() as connection:
        assert not connection.holds(LIST)
