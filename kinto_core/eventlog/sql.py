"""The event log in the database of the objects.

On SQLite a transaction that writes is alone, so the order of writing is the order of commits, and
events get their offsets as they are written. On PostgreSQL transactions overlap: events wait in an
inbox until they are committed, and ``sequence`` moves them into the log.
"""

import secrets
from collections.abc import Callable, Sequence

from sqlalchemy import bindparam, delete, func, insert, select, true, tuple_, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.elements import ClauseElement

from kinto_core.database.connection import Statement
from kinto_core.database.engine import Connection, Database
from kinto_core.database.tables import event_cursors, event_epoch, event_inbox, event_log
from kinto_core.eventlog.interface import Cursor, Extent, LoggedEvent, Unsequenced, Waiting
from kinto_core.eventlog.sql_floor import last_offset
from kinto_core.eventlog.sql_sequencing import Sequencer
from kinto_core.eventlog.sql_waiting import Lookout
from kinto_core.events.event import ResourceChanged
from kinto_core.events.wire import encode

_EVENT = ("moment", "resource", "parent_id", "text")
_COLUMNS = (
    event_log.c.position,
    event_log.c.moment,
    event_log.c.resource,
    event_log.c.parent_id,
    event_log.c.text,
)


def _append(dialect: str) -> ClauseElement:
    table = event_inbox if dialect == "postgresql" else event_log
    return insert(table).values({name: bindparam(name) for name in _EVENT})


def _register(dialect: str) -> ClauseElement:
    kind = postgresql.insert if dialect == "postgresql" else sqlite.insert
    start = select(
        bindparam("name").label("name"),
        event_epoch.c.trimmed
        + (last_offset() - event_epoch.c.trimmed) * bindparam("is_at_end").label("place"),
        bindparam("zero"),
        bindparam("nothing"),
        bindparam("updated"),
    )
    columns = ["name", "position", "failures", "error", "updated"]
    # SQLite's grammar wants a WHERE before ON CONFLICT.
    into = kind(event_cursors).from_select(columns, start.where(true()))
    statement: ClauseElement = into.on_conflict_do_nothing()
    return statement


_APPEND = Statement(_append)
_UNSEQUENCED = Statement(
    lambda _: select(func.count(), func.coalesce(func.min(event_inbox.c.moment), 0)).where(
        event_inbox.c.id >= bindparam("first")
    )
)
_READ = Statement(
    lambda _: (
        select(*_COLUMNS)
        .where(event_log.c.position > bindparam("after"))
        .order_by(event_log.c.position)
        .limit(bindparam("limit"))
    )
)
_EXTENT = Statement(lambda _: select(event_epoch.c.epoch, event_epoch.c.trimmed, last_offset()))
_FIRST_SINCE = Statement(
    lambda _: (
        select(event_log.c.position)
        .where(event_log.c.moment >= bindparam("moment"))
        .order_by(event_log.c.position)
        .limit(1)
    )
)
_TRIM = Statement(
    lambda _: (
        delete(event_log)
        .where(event_log.c.position <= bindparam("up_to"))
        .returning(event_log.c.position)
    )
)
_NOTE_TRIMMED = Statement(
    lambda _: (
        update(event_epoch)
        .where(event_epoch.c.trimmed < bindparam("up_to"))
        .values(trimmed=bindparam("up_to"))
    )
)
_BEGIN_EPOCH = Statement(lambda _: update(event_epoch).values(epoch=bindparam("new_epoch")))
_CURSOR_COLUMNS = tuple(event_cursors.c[name] for name in Cursor._fields)
_CURSORS = Statement(lambda _: select(*_CURSOR_COLUMNS).order_by(event_cursors.c.name))
_CURSOR = Statement(
    lambda _: select(*_CURSOR_COLUMNS).where(event_cursors.c.name == bindparam("consumer"))
)
_REGISTER = Statement(_register)
_MOVE = Statement(
    lambda _: (
        update(event_cursors)
        .where(
            event_cursors.c.name == bindparam("consumer"),
            event_cursors.c.position == bindparam("old"),
        )
        .values(position=bindparam("new"), failures=0, error="", updated=bindparam("moment"))
        .returning(event_cursors.c.position)
    )
)
_FAILED = Statement(
    lambda _: (
        update(event_cursors)
        .where(event_cursors.c.name == bindparam("consumer"))
        .values(
            failures=event_cursors.c.failures + 1,
            error=bindparam("problem"),
            updated=bindparam("moment"),
        )
    )
)
_FORGET = Statement(
    lambda _: (
        delete(event_cursors)
        .where(event_cursors.c.name == bindparam("consumer"))
        .returning(event_cursors.c.name)
    )
)


class SqlEventLog:
    """Keeps events in a SQL database; see ``EventLog`` for each method.

    Args:
        database: that of the objects.
        new_epoch: makes names for histories.
    """

    def __init__(
        self, database: Database, *, new_epoch: Callable[[], str] = lambda: secrets.token_hex(8)
    ) -> None:
        self.database = database
        self._new_epoch = new_epoch
        self._sequencer = Sequencer()
        self._lookout = Lookout()

    def append(
        self, connection: Connection, events: Sequence[ResourceChanged], moment: int
    ) -> None:
        """See ``EventLog.append``."""
        for event in events:
            row = {
                "moment": moment,
                "resource": event.resource_name,
                "parent_id": event.parent_uri,
                "text": encode(event),
            }
            connection.send(_APPEND, row)

    def sequence(self, connection: Connection, *, limit: int = 500) -> int:
        """See ``EventLog.sequence``."""
        if connection.dialect != "postgresql":
            return 0
        return self._sequencer.take(connection, limit)

    def unsequenced(self, connection: Connection) -> Unsequenced:
        """See ``EventLog.unsequenced``."""
        if connection.dialect != "postgresql":
            return Unsequenced(0, 0)
        first = self._lookout.look(connection, 0).first
        if not first:
            return Unsequenced(0, 0)
        return Unsequenced(*connection.run(_UNSEQUENCED, {"first": first})[0])

    def waiting(self, connection: Connection, *, limit: int = 0) -> Waiting:
        """See ``EventLog.waiting``."""
        if connection.dialect != "postgresql":
            return Waiting(0, 0, self.extent(connection).last, ())
        return self._lookout.look(connection, limit)

    def read(
        self,
        connection: Connection,
        after: int,
        *,
        limit: int = 500,
        up_to: int | None = None,
        lists: Sequence[tuple[str, str]] | None = None,
    ) -> list[LoggedEvent]:
        """See ``EventLog.read``."""
        if up_to is None and lists is None:
            rows = connection.run(_READ, {"after": after, "limit": limit})
            return [LoggedEvent(*row) for row in rows]
        statement = select(*_COLUMNS).where(event_log.c.position > after)
        if up_to is not None:
            statement = statement.where(event_log.c.position <= up_to)
        if lists is not None:
            pair = tuple_(event_log.c.parent_id, event_log.c.resource)
            statement = statement.where(pair.in_([tuple(key) for key in lists]))
        ordered = statement.order_by(event_log.c.position).limit(limit)
        return [LoggedEvent(*row) for row in connection.execute(ordered)]

    def extent(self, connection: Connection) -> Extent:
        """See ``EventLog.extent``."""
        return Extent(*connection.run(_EXTENT, {})[0])

    def offset_at(self, connection: Connection, moment: int) -> int:
        """See ``EventLog.offset_at``."""
        rows = connection.run(_FIRST_SINCE, {"moment": moment})
        return int(rows[0][0]) - 1 if rows else self.extent(connection).last

    def trim(self, connection: Connection, up_to: int) -> int:
        """See ``EventLog.trim``."""
        rows = connection.run(_TRIM, {"up_to": up_to})
        connection.send(_NOTE_TRIMMED, {"up_to": max((int(row[0]) for row in rows), default=0)})
        return len(rows)

    def begin_epoch(self, connection: Connection) -> str:
        """See ``EventLog.begin_epoch``."""
        epoch = self._new_epoch()
        connection.send(_BEGIN_EPOCH, {"new_epoch": epoch})
        return epoch

    def register(self, connection: Connection, name: str, *, from_start: bool, moment: int) -> None:
        """See ``EventLog.register``."""
        values = {"name": name, "is_at_end": 0 if from_start else 1, "updated": moment}
        connection.send(_REGISTER, {**values, "zero": 0, "nothing": ""})

    def cursors(self, connection: Connection) -> list[Cursor]:
        """See ``EventLog.cursors``."""
        return [Cursor(*row) for row in connection.run(_CURSORS, {})]

    def cursor(self, connection: Connection, name: str) -> Cursor | None:
        """See ``EventLog.cursor``."""
        rows = connection.run(_CURSOR, {"consumer": name})
        return Cursor(*rows[0]) if rows else None

    def move(self, connection: Connection, name: str, *, old: int, new: int, moment: int) -> bool:
        """See ``EventLog.move``."""
        values = {"consumer": name, "old": old, "new": new, "moment": moment}
        return bool(connection.run(_MOVE, values))

    def note_failure(self, connection: Connection, name: str, error: str, *, moment: int) -> None:
        """See ``EventLog.note_failure``."""
        connection.send(_FAILED, {"consumer": name, "problem": error, "moment": moment})

    def forget(self, connection: Connection, name: str) -> bool:
        """See ``EventLog.forget``."""
        return bool(connection.run(_FORGET, {"consumer": name}))
