"""The parts of an event log that fit a database: the log itself, its doorbells, who leads."""

from dataclasses import dataclass

from kinto_core.database.engine import Database
from kinto_core.database.sqlite import SqliteFile
from kinto_core.eventlog.doorbell import Doorbell
from kinto_core.eventlog.fifo_bell import FifoDoorbell
from kinto_core.eventlog.interface import EventLog
from kinto_core.eventlog.leadership import AlwaysLeading, FileLeadership, Leadership
from kinto_core.eventlog.memory_bell import MemoryDoorbell
from kinto_core.eventlog.sql import SqlEventLog


@dataclass(frozen=True, slots=True)
class Machinery:
    """An event log with what its processes need to work together.

    Attributes:
        log: the events.
        written: rings when events were committed; the relay listens.
        readable: rings when the log has new events for readers. The same as ``written`` where
            events can be read as soon as they are committed.
        leadership: who of several relays works.
    """

    log: EventLog
    written: Doorbell
    readable: Doorbell
    leadership: Leadership

    def close(self) -> None:
        """Stop ringing and leading."""
        self.written.close()
        self.readable.close()
        self.leadership.resign()


def open_event_log(database: Database) -> Machinery:
    """The event log of a server whose objects are in this database."""
    log = SqlEventLog(database)
    if database.dialect == "postgresql":
        return _on_postgresql(log)
    if isinstance(database, SqliteFile):
        rings = FifoDoorbell(database.path)
        return Machinery(log, rings, rings, FileLeadership(database.path))
    inside = MemoryDoorbell()
    return Machinery(log, inside, inside, AlwaysLeading())


def _on_postgresql(log: SqlEventLog) -> Machinery:
    # Late, so that servers on SQLite need no memory for psycopg.
    import psycopg  # noqa: PLC0415  see above

    from kinto_core.eventlog.postgresql import (  # noqa: PLC0415  see above
        AdvisoryLeadership,
        NotifyDoorbell,
    )

    address = log.database.engine().url.set(drivername="postgresql")
    conninfo = address.render_as_string(hide_password=False)

    def connect() -> "psycopg.Connection[tuple[object, ...]]":
        return psycopg.connect(conninfo, autocommit=True, connect_timeout=5)

    return Machinery(
        log,
        NotifyDoorbell(connect, "kinto_events_written"),
        NotifyDoorbell(connect, "kinto_events_readable"),
        AdvisoryLeadership(connect),
    )
