"""The steps from one schema to the next, run by Alembic.

Only ``migrating.py`` imports this, and only when there is something to do: Alembic costs memory
that a serving process need not spend.
"""

from pathlib import Path

import sqlalchemy
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.engine import Connection as CoreConnection

from kinto_core.database.engine import Database, connected

_FOLDER = Path(__file__).parent / "migrations"
_LOCK = 5_254_001
"""Held on PostgreSQL, so that two migrations never run at once."""


def missing_steps(database: Database) -> list[str]:
    """The steps that are missing, oldest first, each with what it does.

    Raises:
        BackendUnavailable: the database cannot be reached.
    """
    with connected(database) as connection:
        return _pending(connection)


def run_steps(database: Database) -> list[str]:
    """Run the steps that are missing; gives them, each with what it did.

    Raises:
        BackendUnavailable: the database cannot be reached.
    """
    with connected(database) as connection, connection.begin():
        if database.dialect == "postgresql":
            connection.execute(sqlalchemy.select(sqlalchemy.func.pg_advisory_xact_lock(_LOCK)))
        steps = _pending(connection)
        if steps:
            config = _config()
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    return steps


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_FOLDER).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


def _pending(connection: CoreConnection) -> list[str]:
    context = MigrationContext.configure(connection, opts={"version_table": "schema_version"})
    current = context.get_current_revision()
    script = ScriptDirectory.from_config(_config())
    steps = list(script.iterate_revisions("head", current or "base"))
    return [f"{step.revision}: {step.doc}" for step in reversed(steps)]
