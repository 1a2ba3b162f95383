"""The oldest tables become the newest, with what is in them."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy
from alembic import command
from alembic.script import ScriptDirectory

from kinto_core.database import steps
from kinto_core.database.engine import Database, DatabaseOptions, connected
from kinto_core.database.migrating import HEAD, is_current, migrate, pending
from kinto_core.database.opening import Databases
from kinto_core.database.tables import metadata

OLDEST = "0001"
ROW = {
    "parent_id": "/buckets/b/collections/c",
    "resource": "record",
    "id": "r",
    "last_modified": 5,
    "deleted": False,
    "data": '{"id":"r","last_modified":5,"v":"é"}',
}
GRANT = {
    "parent_id": "",
    "resource": "bucket",
    "object_id": "b",
    "permission": "read",
    "principal": "bob",
}


@pytest.fixture(params=["sqlite_memory", "sqlite_file", "postgresql"])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A database without tables."""
    urls = {"sqlite_memory": "", "sqlite_file": f"sqlite:///{tmp_path / 'k.db'}"}
    url = urls.get(request.param) or (
        request.getfixturevalue("postgresql_url") if request.param == "postgresql" else ""
    )
    with closing(Databases(DatabaseOptions())) as databases:
        yield databases.get(url)


def table(name: str) -> sqlalchemy.Table:
    """One of the tables, by name."""
    return metadata.tables[name]


def shape(database: Database) -> dict[str, Any]:
    """The tables as the database describes them; its own columns and version aside."""
    with connected(database) as connection:
        inspector = sqlalchemy.inspect(connection)
        return {
            name: {
                "columns": {
                    column["name"]: (str(column["type"]), column["nullable"])
                    for column in inspector.get_columns(name)
                    if column["name"] != "fields"
                },
                "key": inspector.get_pk_constraint(name)["constrained_columns"],
                "indexes": {
                    index["name"]: (index["column_names"], index["unique"])
                    for index in inspector.get_indexes(name)
                },
            }
            for name in inspector.get_table_names()
            if name != "schema_version"
        }


def created(database: Database) -> dict[str, Any]:
    """The shape of the declared tables on the same kind of database, which is left without any."""
    declared = [
        one
        for one in metadata.sorted_tables
        if one.info.get("dialect", database.dialect) == database.dialect
    ]
    with connected(database) as connection, connection.begin():
        metadata.create_all(connection, declared)
    found = shape(database)
    with connected(database) as connection, connection.begin():
        metadata.drop_all(connection)
    return found


def to_oldest(database: Database) -> None:
    """Create the tables as they were at first."""
    with connected(database) as connection, connection.begin():
        config = steps._config()
        config.attributes["connection"] = connection
        command.upgrade(config, OLDEST)


def test_migrations_make_the_declared_tables(empty: Database) -> None:
    expected = created(empty)
    migrate(empty)
    assert shape(empty) == expected


def test_the_oldest_tables_become_the_declared_ones(empty: Database) -> None:
    expected = created(empty)
    to_oldest(empty)
    with connected(empty) as connection, connection.begin():
        connection.execute(table("objects").insert().values(ROW))
        connection.execute(table("grants").insert().values(GRANT))
    migrate(empty)
    assert shape(empty) == expected
    with connected(empty) as connection:
        columns = [table("objects").c[name] for name in ROW]
        row = connection.execute(sqlalchemy.select(*columns)).one()
        assert row._asdict() == ROW
        grant = connection.execute(sqlalchemy.select(table("grants"))).one()
        assert grant._asdict() == GRANT


def test_steps_are_told_and_run_once(empty: Database) -> None:
    missing = pending(empty)
    assert missing[0] == f"{OLDEST}: Objects, list timestamps, grants, members and the cache."
    assert not is_current(empty)
    assert migrate(empty) == missing
    assert is_current(empty)
    assert pending(empty) == migrate(empty) == []


def test_only_what_is_missing_runs(empty: Database) -> None:
    every = pending(empty)
    to_oldest(empty)
    assert migrate(empty) == every[1:]


def test_the_head_is_the_newest_step() -> None:
    assert ScriptDirectory.from_config(steps._config()).get_heads() == [HEAD]
