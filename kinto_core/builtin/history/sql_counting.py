"""How many entries there are, for ``/__counters__``. Source: built-in plugins B-171."""

from sqlalchemy import func, select

from kinto_core.builtin.history.entries import SERVER
from kinto_core.builtin.history.sql_tables import entries
from kinto_core.database.moment import Source

_COUNT = (
    select(entries.c.deleted, func.count())
    .where(entries.c.bucket != SERVER)
    .group_by(entries.c.deleted)
)


def count(connection: Source) -> tuple[int, int]:
    """The number of entries in buckets, and of tombstones of what was purged."""
    found = {bool(is_dead): int(number) for is_dead, number in connection.execute(_COUNT)}
    return found.get(False, 0), found.get(True, 0)
