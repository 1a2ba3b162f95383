"""Tables of plugins are made once, upgraded step by step, and never taken back."""

from types import SimpleNamespace

import pytest
import sqlalchemy
from sqlalchemy import Column, Integer, MetaData, Table, Text
from sqlalchemy.engine import Connection as CoreConnection

from kinto_core.database.engine import Database, connected
from kinto_core.database.plugin_tables import PluginTables, pending_tables, prepare_tables
from kinto_core.errors import BackendUnavailable
from kinto_core.hookspecs import hookimpl
from kinto_core.server import Server
from kinto_core.testing import make_settings


def _tables(*names: str) -> MetaData:
    metadata = MetaData()
    columns = (Column(name, Integer) for name in names)
    Table("printer_pages", metadata, Column("id", Text, primary_key=True), *columns)
    return metadata


def _add_colour(connection: CoreConnection) -> None:
    connection.exec_driver_sql("ALTER TABLE printer_pages ADD COLUMN colour INTEGER")


FIRST = PluginTables(name="printer", metadata=_tables(), version=1)
SECOND = PluginTables(
    name="printer", metadata=_tables("colour"), version=2, upgrades={2: _add_colour}
)


@pytest.fixture
def empty(database: Database) -> Database:
    """A database without tables of plugins; PostgreSQL's is that of all tests."""
    with connected(database) as connection, connection.begin():
        for name in ("printer_pages", "plugin_schema_versions"):
            connection.exec_driver_sql(f"DROP TABLE IF EXISTS {name}")
    return database


def _columns(database: Database) -> set[str]:
    with connected(database) as connection:
        return {one["name"] for one in sqlalchemy.inspect(connection).get_columns("printer_pages")}


def test_new_tables_are_the_newest_at_once(empty: Database) -> None:
    assert pending_tables(empty, [SECOND]) == ["tables of plugin 'printer', version 2"]
    assert prepare_tables(empty, [SECOND]) == ["tables of plugin 'printer', version 2"]
    assert _columns(empty) == {"id", "colour"}
    assert pending_tables(empty, [SECOND]) == []
    assert prepare_tables(empty, [SECOND]) == []


def test_older_tables_are_upgraded(empty: Database) -> None:
    prepare_tables(empty, [FIRST])
    assert _columns(empty) == {"id"}
    assert prepare_tables(empty, [SECOND]) == ["tables of plugin 'printer', version 2"]
    assert _columns(empty) == {"id", "colour"}


def test_a_failing_upgrade_leaves_everything_as_it_was(empty: Database) -> None:
    def fail(connection: CoreConnection) -> None:
        _add_colour(connection)
        message = "the upgrade failed"
        raise ValueError(message)

    prepare_tables(empty, [FIRST])
    broken = PluginTables(name="printer", metadata=_tables("colour"), version=2, upgrades={2: fail})
    with pytest.raises(ValueError, match="the upgrade failed"):
        prepare_tables(empty, [broken])
    assert _columns(empty) == {"id"}
    assert len(pending_tables(empty, [SECOND])) == 1


def test_an_older_release_does_not_touch_newer_tables(empty: Database) -> None:
    prepare_tables(empty, [SECOND])
    with pytest.raises(BackendUnavailable, match="install the newer release"):
        prepare_tables(empty, [FIRST])


def test_no_plugin_makes_no_table(empty: Database) -> None:
    assert prepare_tables(empty, []) == []
    with connected(empty) as connection:
        assert not sqlalchemy.inspect(connection).has_table("plugin_schema_versions")


def test_hook_register_tables() -> None:
    """A plugin's tables are there when the server is ready, beside those of the objects."""

    def register_tables(server: Server) -> list[PluginTables]:
        del server
        return [FIRST]

    with Server(make_settings()) as server:
        server.plugins.add(SimpleNamespace(register_tables=hookimpl(register_tables)), "printer")
        server.tables = tuple(server.plugins.gather("register_tables", server=server)[0])
        server.prepare()
        assert _columns(server.storage.database) == {"id"}
        assert server.check()["storage"] is None
