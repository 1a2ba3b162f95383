"""Versions of trees."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Create the table; a tree that is not in it gets its version with the next change."""
    is_postgresql = op.get_bind().dialect.name == "postgresql"
    op.create_table(
        "tree_versions",
        sa.Column("root", sa.Text(collation="C") if is_postgresql else sa.Text(), primary_key=True),
        sa.Column("version", sa.BigInteger, nullable=False),
        sqlite_with_rowid=False,
    )
    draw = "(random() * 4611686018427387904)::bigint" if is_postgresql else "abs(random() / 2)"
    op.execute(
        f"INSERT INTO tree_versions SELECT '/buckets/' || id, {draw} FROM objects"  # noqa: S608  constants
        " WHERE parent_id = '' AND resource = 'bucket'"
    )
