"""How many files records have, for the plugin ``counters``."""

from sqlalchemy import func, select

from kinto_attachment.sql_tables import references
from kinto_core.database.moment import Source

_COUNT = select(func.count()).select_from(references).where(references.c.kept.is_(False))


def count(connection: Source) -> tuple[int, int]:
    """The number of files, those aside that outlived their records; no tombstones."""
    ((number,),) = connection.execute(_COUNT)
    return int(number), 0
