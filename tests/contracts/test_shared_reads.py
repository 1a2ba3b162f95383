"""Quick reads of many threads on one connection to a real PostgreSQL."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest
from sqlalchemy import BigInteger, bindparam, literal_column, select

from kinto_core.database.connection import Statement
from kinto_core.database.engine import Database, DatabaseOptions
from kinto_core.database.opening import Databases
from kinto_core.errors import BackendError, ConnectionLost

THREADS = 8
NUMBER = bindparam("number", type_=BigInteger)
DIVIDE = Statement(lambda _: select(literal_column("100") / NUMBER), is_quick=True)
OWN = Statement(lambda _: select(literal_column("pg_backend_pid()")), is_quick=True)
OTHER = Statement(lambda _: select(literal_column("pg_backend_pid()")))


@pytest.fixture
def database(shared_postgresql_url: str) -> Iterator[Database]:
    """A database whose connections are all new."""
    with closing(Databases(DatabaseOptions())) as databases:
        yield databases.get(shared_postgresql_url)


def divide(database: Database, number: int) -> int | str:
    """A quick read; by zero it fails."""
    try:
        with database.reading() as connection:
            return int(connection.run(DIVIDE, {"number": number})[0][0])
    except Exception as error:  # noqa: BLE001  its kind is the answer
        return type(error).__name__


def test_each_thread_gets_its_own_answer(database: Database) -> None:
    numbers = [number % 12 for number in range(1200)]
    with ThreadPoolExecutor(THREADS) as pool:
        answers = list(pool.map(lambda number: divide(database, number), numbers))
    right = [100 // number if number else "DivisionByZero" for number in numbers]
    assert answers == right


def test_quick_reads_share_a_connection_that_writers_do_not_use(database: Database) -> None:
    with database.reading() as connection:
        shared = connection.run(OWN, {})
        own = connection.run(OTHER, {})
        assert shared != own
        assert connection.run(OWN, {}) == shared
    with database.writing() as connection:
        assert connection.run(OWN, {}) == own
    with database.reading() as connection:
        assert connection.run(OWN, {}) == shared


def test_a_connection_that_the_server_ends_is_replaced(database: Database) -> None:
    with database.reading() as connection:
        [(shared,)] = connection.run(OWN, {})
        connection.command(f"SELECT pg_terminate_backend({shared}, 5000)")
    with pytest.raises(ConnectionLost), database.reading() as connection:
        connection.run(OWN, {})
    with database.reading() as connection:
        [(again,)] = connection.run(OWN, {})
    assert again != shared


def test_a_writer_that_was_undone_reads_on_the_shared_connection_again(database: Database) -> None:
    with database.reading() as connection:
        shared = connection.run(OWN, {})
    with pytest.raises(BackendError), database.writing() as connection:
        raise BackendError
    with database.reading() as connection:
        assert connection.run(OWN, {}) == shared
