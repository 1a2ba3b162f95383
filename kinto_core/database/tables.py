"""Every table, on one page.

Text that identifies is compared by code point on both databases (collation ``C`` on PostgreSQL,
binary on SQLite), so that "everything below /buckets/b" is one index range.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Computed,
    Float,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
)
from sqlalchemy.dialects.postgresql import JSONB

metadata = MetaData()

_name = Text().with_variant(Text(collation="C"), "postgresql")

objects = Table(
    "objects",
    metadata,
    Column("parent_id", _name, nullable=False, comment="URI of the parent; '' at the top"),
    Column("resource", _name, nullable=False, comment="resource type, such as 'record'"),
    Column("id", _name, nullable=False),
    Column("last_modified", BigInteger, nullable=False, comment="milliseconds since 1970"),
    Column("deleted", Boolean(create_constraint=False), nullable=False, comment="a tombstone"),
    Column("data", Text, nullable=False, comment="the JSON object as it is served"),
    PrimaryKeyConstraint("parent_id", "resource", "id"),
    Index("objects_by_time", "parent_id", "resource", "last_modified", "id"),
    sqlite_with_rowid=False,
)
"""The stored objects and their tombstones."""

postgresql_fields = Column("fields", JSONB, Computed("data::jsonb", persisted=True), nullable=True)
"""On PostgreSQL only: ``data`` parsed once when written, for filters and sorts."""

indexed_values = Table(
    "indexed_values",
    metadata,
    Column("parent_id", _name, nullable=False),
    Column("resource", _name, nullable=False),
    Column("field", _name, nullable=False, comment="name of the index; several fields by commas"),
    Column("value", LargeBinary, nullable=False, comment="sorts as the fields' values do"),
    Column("object_id", _name, nullable=False),
    PrimaryKeyConstraint("parent_id", "resource", "field", "value", "object_id"),
    sqlite_with_rowid=False,
)
"""What collections declare to be indexed: a row for each index and live object, and one with empty
``value`` and ``object_id`` for the index itself. A row follows from its object's data alone."""

timestamps = Table(
    "timestamps",
    metadata,
    Column("parent_id", _name, nullable=False),
    Column("resource", _name, nullable=False),
    Column("last_modified", BigInteger, nullable=False),
    Column("version", BigInteger, nullable=False, server_default="0", comment="counts writes"),
    PrimaryKeyConstraint("parent_id", "resource"),
    sqlite_with_rowid=False,
)
"""One row for each list of objects. Writers of a list hold its row until they commit, so that
commit order is timestamp order. The row lives and dies with the parent: no row, no list."""

grants = Table(
    "grants",
    metadata,
    Column("parent_id", _name, nullable=False),
    Column("resource", _name, nullable=False),
    Column("object_id", _name, nullable=False),
    Column("permission", _name, nullable=False),
    Column("principal", _name, nullable=False),
    PrimaryKeyConstraint("parent_id", "resource", "object_id", "permission", "principal"),
    Index("grants_by_principal", "principal", "parent_id", "resource", "object_id", "permission"),
    sqlite_with_rowid=False,
)
"""Who has which permission on which object."""

members = Table(
    "members",
    metadata,
    Column("user_id", _name, nullable=False),
    Column("principal", _name, nullable=False, comment="URI of the group"),
    PrimaryKeyConstraint("user_id", "principal"),
    Index("members_by_principal", "principal", "user_id"),
    sqlite_with_rowid=False,
)
"""The groups of each user."""

tree_versions = Table(
    "tree_versions",
    metadata,
    Column("root", _name, primary_key=True, comment="URI of an object at the top"),
    Column("version", BigInteger, nullable=False, comment="drawn by lot; never comes back"),
    sqlite_with_rowid=False,
)
"""Replaced whenever an object that contains others, or a grant on it, changes in a tree: the object
at the top with all that is inside. What was read in one version is true as long as it lasts."""

cache = Table(
    "cache",
    metadata,
    Column("key", _name, primary_key=True),
    Column("value", Text, nullable=False),
    Column("expires_at", Float, nullable=False, comment="seconds since 1970"),
    Index("cache_by_expiry", "expires_at"),
    sqlite_with_rowid=False,
)
"""Short-lived values, for servers whose processes share no Redis."""

event_inbox = Table(
    "event_inbox",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("moment", BigInteger, nullable=False),
    Column("resource", _name, nullable=False),
    Column("parent_id", _name, nullable=False),
    Column("text", Text, nullable=False),
    info={"dialect": "postgresql"},
)
"""PostgreSQL only: events that are committed, or going to be, and have no offset yet. Their ``id``
is in the order of commits for one list, but not for all."""

event_log = Table(
    "event_log",
    metadata,
    Column("position", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("moment", BigInteger, nullable=False, comment="milliseconds since 1970"),
    Column("resource", _name, nullable=False),
    Column("parent_id", _name, nullable=False),
    Column("text", Text, nullable=False, comment="the event as JSON"),
    sqlite_autoincrement=True,
)
"""The events by offset, without gaps."""

event_epoch = Table(
    "event_epoch",
    metadata,
    Column("epoch", _name, nullable=False),
    Column("trimmed", BigInteger, nullable=False, comment="the last offset that was dropped"),
)
"""One row: the history that offsets belong to."""

event_cursors = Table(
    "event_cursors",
    metadata,
    Column("name", _name, primary_key=True),
    Column("position", BigInteger, nullable=False, comment="the last offset acknowledged"),
    Column("failures", BigInteger, nullable=False, comment="in a row"),
    Column("error", Text, nullable=False),
    Column("updated", BigInteger, nullable=False, comment="milliseconds since 1970"),
    sqlite_with_rowid=False,
)
"""How far each durable consumer is."""
