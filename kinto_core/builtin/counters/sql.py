"""How many objects and tombstones there are, read from indexes alone."""

from typing import Final

import sqlalchemy
from sqlalchemy import DDL, MetaData, event, func, select

from kinto_core.database.moment import Source
from kinto_core.database.plugin_tables import PluginTables
from kinto_core.database.tables import objects

metadata = MetaData()
"""No tables: the index on tombstones comes in their place. It costs deletions something, and
nothing else."""

_INDEX = "CREATE INDEX IF NOT EXISTS counters_tombstones ON objects (resource, deleted)"

for _dialect, _which in (("postgresql", "deleted"), ("sqlite", "deleted = 1")):
    _making = DDL(f"{_INDEX} WHERE {_which}")  # type: ignore[no-untyped-call]  # SQLAlchemy's
    event.listen(metadata, "after_create", _making.execute_if(dialect=_dialect))

TABLES: Final = PluginTables(name="counters", metadata=metadata, version=1)

ALL = select(objects.c.resource, func.count()).group_by(objects.c.resource)
TOMBSTONES = ALL.where(objects.c.deleted == sqlalchemy.true())


def counts(connection: Source) -> tuple[dict[str, int], dict[str, int]]:
    """The numbers of objects and of tombstones by type; none where there is nothing."""
    every = {str(name): int(number) for name, number in connection.execute(ALL)}
    dead = {str(name): int(number) for name, number in connection.execute(TOMBSTONES)}
    return {name: every[name] - dead.get(name, 0) for name in every}, dead
