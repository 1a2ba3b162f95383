"""Declared field indexes."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Create the table; lists begin to be indexed when their parents declare it."""
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
