"""Tables of plugins, which live beside the server's own and change with each plugin's releases.

A plugin returns ``PluginTables`` from its hook ``register_tables``. ``kinto migrate``, and the
start on an embedded database, create them and bring them up to date. The version of each is kept in
the table ``plugin_schema_versions``. The server's own tables are a matter of ``migrating.py``.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

import sqlalchemy
from sqlalchemy import BigInteger, Column, MetaData, Table, Text
from sqlalchemy.engine import Connection as CoreConnection

from kinto_core.database.engine import Database, connected
from kinto_core.errors import BackendUnavailable

Upgrade = Callable[[CoreConnection], None]
"""Changes older tables, in a transaction of the SQLAlchemy connection that it gets."""

_LOCK = 5_254_003
"""Held on PostgreSQL, so that two upgrades never run at once."""

_own = MetaData()
_versions = Table(
    "plugin_schema_versions",
    _own,
    Column("plugin", Text, primary_key=True),
    Column("version", BigInteger, nullable=False),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PluginTables:
    """The tables of one plugin, in the database of the objects.

    Attributes:
        name: of the plugin, the same for ever. Let the names of its tables begin with it.
        metadata: the tables as the newest version has them.
        version: counts from 1; raise it with each change of the tables.
        upgrades: by version, how the tables of the one before become those of this one. A database
            without the plugin's tables gets the newest at once and needs none of them.
    """

    name: str
    metadata: MetaData
    version: int
    upgrades: Mapping[int, Upgrade] = field(default_factory=dict)


def pending_tables(database: Database, plugins: Iterable[PluginTables]) -> list[str]:
    """What ``prepare_tables`` would do, a line for each step.

    Raises:
        BackendUnavailable: the database cannot be reached, or was upgraded by a newer release.
    """
    plugins = tuple(plugins)
    if not plugins:
        return []
    with connected(database) as connection:
        return [_label(one, step) for one in plugins for step in _steps(connection, one)]


def prepare_tables(database: Database, plugins: Iterable[PluginTables]) -> list[str]:
    """Create and upgrade the tables of plugins in one transaction; gives a line for each step.

    Raises:
        BackendUnavailable: the database cannot be reached, or was upgraded by a newer release.
    """
    plugins = tuple(plugins)
    if not plugins:
        return []
    lines: list[str] = []
    with connected(database) as connection, connection.begin():
        if database.dialect == "postgresql":
            connection.execute(sqlalchemy.select(sqlalchemy.func.pg_advisory_xact_lock(_LOCK)))
        else:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        _own.create_all(connection)
        for one in plugins:
            for step in _steps(connection, one):
                _run(connection, one, step)
                lines.append(_label(one, step))
    return lines


def _steps(connection: CoreConnection, plugin: PluginTables) -> list[int]:
    """The versions that are missing: the newest alone when there are no tables yet."""
    current = _current(connection, plugin.name)
    if current > plugin.version:
        message = (
            f"the tables of plugin {plugin.name!r} are of version {current}, newer than"
            f" {plugin.version}, which this release knows: install the newer release"
        )
        raise BackendUnavailable(message)
    return list(range(current + 1, plugin.version + 1)) if current else [plugin.version]


def _current(connection: CoreConnection, name: str) -> int:
    """The version in the database; 0 without one."""
    if not sqlalchemy.inspect(connection).has_table(_versions.name):
        return 0
    query = sqlalchemy.select(_versions.c.version).where(_versions.c.plugin == name)
    return connection.scalar(query) or 0


def _run(connection: CoreConnection, plugin: PluginTables, step: int) -> None:
    if _current(connection, plugin.name) == 0:
        plugin.metadata.create_all(connection)
        row = sqlalchemy.insert(_versions).values(plugin=plugin.name, version=step)
        connection.execute(row)
        return
    upgrade = plugin.upgrades.get(step)
    if upgrade is not None:
        upgrade(connection)
    change = sqlalchemy.update(_versions).where(_versions.c.plugin == plugin.name)
    connection.execute(change.values(version=step))


def _label(plugin: PluginTables, step: int) -> str:
    return f"tables of plugin {plugin.name!r}, version {step}"
