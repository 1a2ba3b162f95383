"""Bring the tables of a database to the version that this code expects."""

import sqlalchemy

from kinto_core.database.engine import Database, connected

HEAD = "0004"
"""The newest step in ``migrations/versions``."""


def is_current(database: Database) -> bool:
    """Whether the tables are what this code expects; a cheap question.

    Raises:
        BackendUnavailable: the database cannot be reached.
    """
    version = sqlalchemy.table("schema_version", sqlalchemy.column("version_num"))
    with connected(database) as connection:
        if not sqlalchemy.inspect(connection).has_table(version.name):
            return False
        return connection.scalar(sqlalchemy.select(version.c.version_num)) == HEAD


def pending(database: Database) -> list[str]:
    """The steps that are missing, oldest first, each with what it does.

    Raises:
        BackendUnavailable: the database cannot be reached.
    """
    if is_current(database):
        return []
    # Late, so that a server whose tables are current needs no memory for Alembic.
    from kinto_core.database.steps import missing_steps

    return missing_steps(database)


def migrate(database: Database) -> list[str]:
    """Run the steps that are missing; gives them, each with what it did.

    Raises:
        BackendUnavailable: the database cannot be reached.
    """
    if is_current(database):
        return []
    # Late, as above.
    from kinto_core.database.steps import run_steps

    return run_steps(database)
