"""The event log."""

import secrets

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Create the tables; the history begins."""
    is_postgresql = op.get_bind().dialect.name == "postgresql"
    name = sa.Text(collation="C") if is_postgresql else sa.Text()
    event = (
        ("moment", sa.BigInteger),
        ("resource", name),
        ("parent_id", name),
        ("text", sa.Text),
    )
    if is_postgresql:
        op.create_table(
            "event_inbox",
            sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
            *(sa.Column(label, kind, nullable=False) for label, kind in event),
        )
    op.create_table(
        "event_log",
        sa.Column("position", sa.BigInteger if is_postgresql else sa.Integer, primary_key=True),
        *(sa.Column(label, kind, nullable=False) for label, kind in event),
        sqlite_autoincrement=True,
    )
    epoch = op.create_table(
        "event_epoch",
        sa.Column("epoch", name, nullable=False),
        sa.Column("trimmed", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "event_cursors",
        sa.Column("name", name, primary_key=True),
        sa.Column("position", sa.BigInteger, nullable=False),
        sa.Column("failures", sa.BigInteger, nullable=False),
        sa.Column("error", sa.Text, nullable=False),
        sa.Column("updated", sa.BigInteger, nullable=False),
        sqlite_with_rowid=False,
    )
    op.bulk_insert(epoch, [{"epoch": secrets.token_hex(8), "trimmed": 0}])
