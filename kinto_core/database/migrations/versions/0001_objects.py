"""Objects, list timestamps, grants, members and the cache."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Create the tables."""
    is_postgresql = op.get_bind().dialect.name == "postgresql"
    name = sa.Text(collation="C") if is_postgresql else sa.Text()
    objects: list[sa.Column[Any]] = [
        sa.Column("parent_id", name, nullable=False),
        sa.Column("resource", name, nullable=False),
        sa.Column("id", name, nullable=False),
        sa.Column("last_modified", sa.BigInteger, nullable=False),
        sa.Column("deleted", sa.Boolean(create_constraint=False), nullable=False),
        sa.Column("data", sa.Text, nullable=False),
    ]
    if is_postgresql:
        parsed = sa.Computed("data::jsonb", persisted=True)
        objects.append(sa.Column("fields", JSONB, parsed, nullable=True))
    op.create_table(
        "objects",
        *objects,
        sa.PrimaryKeyConstraint("parent_id", "resource", "id"),
        sqlite_with_rowid=False,
    )
    op.create_index("objects_by_time", "objects", ["parent_id", "resource", "last_modified", "id"])
    op.create_table(
        "timestamps",
        sa.Column("parent_id", name, nullable=False),
        sa.Column("resource", name, nullable=False),
        sa.Column("last_modified", sa.BigInteger, nullable=False),
        sa.Column("version", sa.BigInteger, nullable=False, server_default="0"),
        sa.PrimaryKeyConstraint("parent_id", "resource"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "grants",
        sa.Column("parent_id", name, nullable=False),
        sa.Column("resource", name, nullable=False),
        sa.Column("object_id", name, nullable=False),
        sa.Column("permission", name, nullable=False),
        sa.Column("principal", name, nullable=False),
        sa.PrimaryKeyConstraint("parent_id", "resource", "object_id", "permission", "principal"),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "grants_by_principal",
        "grants",
        ["principal", "parent_id", "resource", "object_id", "permission"],
    )
    op.create_table(
        "members",
        sa.Column("user_id", name, nullable=False),
        sa.Column("principal", name, nullable=False),
        sa.PrimaryKeyConstraint("user_id", "principal"),
        sqlite_with_rowid=False,
    )
    op.create_index("members_by_principal", "members", ["principal", "user_id"])
    op.create_table(
        "cache",
        sa.Column("key", name, primary_key=True),
        sa.Column("value", sa.Text, nullable=False),
        sa.Column("expires_at", sa.Float, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index("cache_by_expiry", "cache", ["expires_at"])
