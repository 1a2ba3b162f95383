"""Declared field indexes."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Create the table; lists begin to be indexed when their parents declare it.

    On PostgreSQL the primary key of ``objects`` is made anew, so that it is the table's newest
    index. Before a table has statistics, that database takes it and ``objects_by_time`` for equally
    good at finding an object by its id, which only the first is, and chooses the newer one.
    """
    is_postgresql = op.get_bind().dialect.name == "postgresql"
    name = sa.Text(collation="C") if is_postgresql else sa.Text()
    op.create_table(
        "indexed_values",
        sa.Column("parent_id", name, nullable=False),
        sa.Column("resource", name, nullable=False),
        sa.Column("field", name, nullable=False),
        sa.Column("value", sa.LargeBinary, nullable=False),
        sa.Column("object_id", name, nullable=False),
        sa.PrimaryKeyConstraint("parent_id", "resource", "field", "value", "object_id"),
        sqlite_with_rowid=False,
    )
    if is_postgresql:
        op.drop_constraint("objects_pkey", "objects")
        op.create_primary_key("objects_pkey", "objects", ["parent_id", "resource", "id"])
