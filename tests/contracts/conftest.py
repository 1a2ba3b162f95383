"""The databases under test, empty for each test."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import Table

from kinto_core.database.connection import Statement
from kinto_core.database.engine import Database, DatabaseOptions
from kinto_core.database.migrating import migrate
from kinto_core.database.opening import Databases
from kinto_core.database.tables import metadata
from kinto_core.testing.services import PostgresqlServer

KINDS = ("sqlite_memory", "sqlite_file", "postgresql")


def _emptying(table: Table) -> Statement:
    return Statement(lambda _: table.delete())


EMPTY = [_emptying(table) for table in metadata.sorted_tables]


@pytest.fixture(scope="session")
def shared_postgresql_url(postgresql_server: PostgresqlServer) -> Iterator[str]:
    """One database with its tables for all tests, since making one takes long."""
    with postgresql_server.database() as url, closing(Databases(DatabaseOptions())) as databases:
        migrate(databases.get(url))
        yield url


@pytest.fixture(params=KINDS)
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A database of each kind, with its tables, and nothing in them."""
    with closing(Databases(DatabaseOptions())) as databases:
        if request.param == "postgresql":
            opened = databases.get(request.getfixturevalue("shared_postgresql_url"))
            with opened.writing() as connection:
                for statement in EMPTY:
                    connection.run(statement, {})
            yield opened
        else:
            yield _sqlite(databases, request.param, tmp_path)


@pytest.fixture(params=KINDS)
def new_database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """As ``database``, but one that PostgreSQL knows nothing about from earlier tests."""
    with closing(Databases(DatabaseOptions())) as databases:
        if request.param == "postgresql":
            opened = databases.get(request.getfixturevalue("postgresql_url"))
            migrate(opened)
            yield opened
        else:
            yield _sqlite(databases, request.param, tmp_path)


def _sqlite(databases: Databases, kind: str, folder: Path) -> Database:
    path = "" if kind == "sqlite_memory" else f"/{folder / 'kinto.db'}"
    opened = databases.get(f"sqlite://{path}")
    migrate(opened)
    return opened
