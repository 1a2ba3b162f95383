"""A statement that fails harms nothing but its own transaction, on every database."""

import pytest
import sqlalchemy

from kinto_core.database.connection import Statement
from kinto_core.database.engine import Database

SEVEN = Statement(lambda _: sqlalchemy.select(sqlalchemy.literal_column("7")))
FAULT = "no_such_column|kinto migrate"  # PostgreSQL: maybe the tables are old
BROKEN = Statement(lambda _: sqlalchemy.select(sqlalchemy.literal_column("no_such_column")))


def constant(number: int) -> Statement:
    """A statement that no connection has seen yet."""
    return Statement(lambda _: sqlalchemy.select(sqlalchemy.literal_column(str(number))))


@pytest.mark.parametrize("times", [1, 3])
def test_the_connection_can_be_used_again(database: Database, times: int) -> None:
    for number in range(times):
        with pytest.raises(Exception, match=FAULT), database.writing() as connection:  # noqa: PT012  both are the point
            connection.send(constant(1000 + number), {})
            connection.run(BROKEN, {})
    with database.reading() as connection:
        assert [tuple(row) for row in connection.run(SEVEN, {})] == [(7,)]
    with database.writing() as connection:
        assert [tuple(row) for row in connection.run(SEVEN, {})] == [(7,)]


def test_reads_that_fail_are_alone_too(database: Database) -> None:
    with pytest.raises(Exception, match=FAULT), database.reading() as connection:
        connection.run(BROKEN, {})
    with database.reading() as connection:
        assert [tuple(row) for row in connection.run(SEVEN, {})] == [(7,)]


def test_a_part_that_fails_is_undone_alone(database: Database) -> None:
    with database.writing() as connection:
        connection.flush()
        connection.set_savepoint()
        with pytest.raises(Exception, match=FAULT):
            connection.run(BROKEN, {})
        connection.undo_savepoint()
        assert [tuple(row) for row in connection.run(SEVEN, {})] == [(7,)]
    with database.reading() as connection:
        assert [tuple(row) for row in connection.run(SEVEN, {})] == [(7,)]
