"""The tables of history, on one page.

Entries are in a table of their own: one row, one index and no grants for each, and what is asked of
them (the newest of a bucket, all about one object, the last before a moment) is what it is sorted
by.
"""

from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    and_,
    literal_column,
)

from kinto_core.database.plugin_tables import PluginTables

metadata = MetaData()

_name = Text().with_variant(Text(collation="C"), "postgresql")

entries = Table(
    "history_entries",
    metadata,
    Column("bucket", _name, nullable=False, comment="its id; '' in the log of the server"),
    Column("id", _name, nullable=False),
    Column("last_modified", BigInteger, nullable=False, comment="milliseconds since 1970"),
    Column("deleted", Boolean(create_constraint=False), nullable=False, comment="a tombstone"),
    Column("data", Text, nullable=False, comment="the entry as it is served, JSON"),
    Column("container", _name, nullable=False, comment="URI of what contains the object"),
    Column("resource", _name, nullable=False, comment="the object's type"),
    Column("object_id", _name, nullable=False),
    Column("moment", BigInteger, nullable=False, comment="the object's last_modified"),
    Column("action", Text, nullable=False),
    Column("user_id", _name, nullable=False, comment="'' when anonymous"),
    Column("readers", Text, nullable=False, comment="JSON array: who could see the object then"),
    PrimaryKeyConstraint("bucket", "last_modified"),
    Index("history_entries_by_object", "container", "resource", "object_id", "moment"),
    sqlite_with_rowid=False,
)
"""What happened, and tombstones of what was purged. No two entries of a bucket have one time."""

is_about_container = and_(
    entries.c.resource != literal_column("'record'"), entries.c.deleted.is_(False)
)
bucket_and_type = entries.c.bucket.concat(literal_column("'/'")).concat(entries.c.resource)
"""Both written as in the index, whose rows are found by nothing else; bucket and type as one text,
since SQLite would otherwise rather go through the whole bucket."""

Index(
    "history_entries_of_containers",
    bucket_and_type, entries.c.last_modified,
    sqlite_where=is_about_container, postgresql_where=is_about_container,
)  # fmt: skip
"""The few entries that are about no records, which are counted apart."""

lists = Table(
    "history_lists",
    metadata,
    Column("bucket", _name, primary_key=True),
    Column("last_modified", BigInteger, nullable=False, comment="of the latest entry"),
    Column("forgotten", BigInteger, nullable=False, comment="nothing before is surely complete"),
    sqlite_with_rowid=False,
)
"""One row for each bucket with history. Who writes entries holds it until the commit, so that the
order of entries is that of commits."""

TABLES: Final = PluginTables(name="history", metadata=metadata, version=1)
"""All of them."""
