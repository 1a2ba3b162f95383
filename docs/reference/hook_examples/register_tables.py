"""Keeps notes about objects in a table of its own, beside the objects."""

from collections.abc import Iterable

from sqlalchemy import Column, MetaData, Table, Text

from kinto_core import hookimpl
from kinto_core.database.plugin_tables import PluginTables

metadata = MetaData()
notes = Table(
    "notes_texts",
    metadata,
    Column("uri", Text, primary_key=True),
    Column("text", Text, nullable=False),
)


@hookimpl
def register_tables() -> Iterable[PluginTables]:
    """One table; when it changes, raise the version and say how older ones become newer ones."""
    return [PluginTables(name="notes", metadata=metadata, version=1)]
