"""The table of the plugin, in the database of the objects, whose transactions it shares."""

from typing import Final

from sqlalchemy import BigInteger, Boolean, Column, MetaData, Table, Text

from kinto_core.database.plugin_tables import PluginTables

metadata = MetaData()

_name = Text().with_variant(Text(collation="C"), "postgresql")

usage = Table(
    "quotas_usage",
    metadata,
    Column("uri", _name, primary_key=True, comment="of a bucket or collection"),
    Column("collection_count", BigInteger, nullable=False, comment="in a bucket"),
    Column("record_count", BigInteger, nullable=False),
    Column("storage_size", BigInteger, nullable=False, comment="bytes, its own included"),
    Column("is_whole", Boolean(create_constraint=False), nullable=False, comment="all is counted"),
    Column("lot", BigInteger, nullable=False, comment="drawn for each row; never comes back"),
    Column("max_bytes", BigInteger, comment="limits that the object sets itself"),
    Column("max_items", BigInteger),
    Column("max_bytes_per_item", BigInteger),
    sqlite_with_rowid=False,
)
"""How much each bucket and collection holds."""

TABLES: Final = PluginTables(name="quotas", metadata=metadata, version=1)
