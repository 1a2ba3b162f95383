"""Takes a principal out of entries that stay."""

from typing import Any, Final

from sqlalchemy import or_, select

from kinto_core import json
from kinto_core.builtin.history.entries import Entry
from kinto_core.builtin.history.sql_tables import entries
from kinto_core.builtin.history.sql_writing import replace
from kinto_core.database.engine import Connection

_STEP: Final = 500


def redact(connection: Connection, principal: str) -> int:
    """Take a principal out of authors, permissions and readers; gives of how many entries.

    The entries keep their time: who synchronised them before is not told.
    """
    columns = [entries.c[name] for name in Entry._fields]
    place = entries.c.data.contains(json.dumps(principal), autoescape=True)
    mine = or_(entries.c.user_id == principal, place, _reads(principal))
    total, bucket, last = 0, "", -1
    while True:
        beyond = or_(
            entries.c.bucket > bucket,
            (entries.c.bucket == bucket) & (entries.c.last_modified > last),
        )
        found = connection.execute(
            select(*columns)
            .where(mine, beyond)
            .order_by(entries.c.bucket, entries.c.last_modified)
            .limit(_STEP)
        )
        rows = [Entry(*row) for row in found]
        replace(connection, [(row, _without(row, principal)) for row in rows])
        total += len(rows)
        if len(rows) < _STEP:
            return total
        bucket, last = rows[-1].bucket, rows[-1].last_modified


def _reads(principal: str) -> Any:  # noqa: ANN401  SQL
    return entries.c.readers.contains(json.dumps(principal), autoescape=True)


def _without(entry: Entry, principal: str) -> Entry:
    """The entry without the principal; what objects hold is left alone."""
    readers = [name for name in json.parse(entry.readers) if name != principal]
    said = json.parse(entry.data)
    if said.get("user_id") == principal:
        said["user_id"] = None
    permissions = said.get("target", {}).get("permissions", {})
    for name in list(permissions):
        permissions[name] = [who for who in permissions[name] if who != principal]
        if not permissions[name]:
            del permissions[name]
    user_id = "" if entry.user_id == principal else entry.user_id
    return entry._replace(data=json.dumps(said), readers=json.dumps(readers), user_id=user_id)
