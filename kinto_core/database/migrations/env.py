"""How Alembic runs our steps: on the connection that ``migrating.py`` hands it."""

from alembic import context

from kinto_core.database.tables import metadata

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=metadata,
    version_table="schema_version",
    transaction_per_migration=True,
)
with context.begin_transaction():
    context.run_migrations()
