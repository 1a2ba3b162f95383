"""Every table of this plugin, on one page."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
)

from kinto_core.database.plugin_tables import PluginTables

metadata = MetaData()

_name = Text().with_variant(Text(collation="C"), "postgresql")

blobs = Table(
    "attachment_blobs",
    metadata,
    Column("hash", _name, primary_key=True, comment="SHA-256 of the content"),
    Column("key", _name, nullable=False, comment="of the bytes in the store"),
    Column("size", BigInteger, nullable=False),
    Column("used", BigInteger, nullable=False, comment="last claimed; milliseconds since 1970"),
    Index("attachment_blobs_by_key", "key", unique=True),
    sqlite_with_rowid=False,
)
"""Contents: files that are alike are kept once."""

references = Table(
    "attachment_references",
    metadata,
    Column("path", _name, primary_key=True, comment="what follows the base URL"),
    Column("parent_id", _name, nullable=False, comment="URI of the record's collection"),
    Column("object_id", _name, nullable=False, comment="of the record"),
    Column("hash", _name, nullable=False),
    Column("filename", Text, nullable=False),
    Column("media_type", Text, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("shown", Text, nullable=False, comment="the record's field, as JSON"),
    Column("is_fixed", Boolean(create_constraint=False), nullable=False, comment="never reused"),
    Column("kept", Boolean(create_constraint=False), nullable=False, comment="outlives the record"),
    Column("created", BigInteger, nullable=False, comment="milliseconds since 1970"),
    Index("attachment_references_by_record", "parent_id", "object_id"),
    Index("attachment_references_by_hash", "hash"),
    sqlite_with_rowid=False,
)
"""Which record has which content, under which path."""

released = Table(
    "attachment_released",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("hash", _name, nullable=False),
)
"""Contents that lost a reference lately, to be looked at: perhaps it was the last one."""

uploads = Table(
    "attachment_uploads",
    metadata,
    Column("id", _name, primary_key=True),
    Column("parent_id", _name, nullable=False, comment="URI of the record's collection"),
    Column("object_id", _name, nullable=False, comment="of the record"),
    Column("user_id", _name, nullable=False, comment="whose it is; '' for nobody's"),
    Column("length", BigInteger, nullable=False, comment="of the whole file"),
    Column("place", BigInteger, nullable=False, comment="bytes received"),
    Column("told", Text, nullable=False, comment="Upload-Metadata as it came"),
    Column("expires", BigInteger, nullable=False, comment="milliseconds since 1970"),
    Index("attachment_uploads_by_expiry", "expires"),
    sqlite_with_rowid=False,
)
"""Files that arrive in pieces."""

pieces = Table(
    "attachment_pieces",
    metadata,
    Column("upload_id", _name, nullable=False),
    Column("place", BigInteger, nullable=False, comment="where it begins"),
    Column("size", BigInteger, nullable=False),
    Column("key", _name, nullable=False, comment="of the bytes in the store"),
    PrimaryKeyConstraint("upload_id", "place"),
    Index("attachment_pieces_by_key", "key", unique=True),
    sqlite_with_rowid=False,
)
"""The pieces of a file that is not complete yet."""

TABLES = PluginTables(name="attachment", metadata=metadata, version=1)
