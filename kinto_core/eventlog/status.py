"""How far everybody is, for operators and for the heartbeat."""

from dataclasses import dataclass

from kinto_core.eventlog.interface import Cursor, EventLog, Extent


@dataclass(frozen=True, slots=True)
class ConsumerStatus:
    """One consumer.

    Attributes:
        name: its name.
        position: the offset of the last event it acknowledged.
        lag: how many events it lacks.
        waiting_ms: how long the oldest of them has been waiting; 0 when it lacks none.
        failures: how often it failed in a row.
        error: why, the last time.
    """

    name: str
    position: int
    lag: int
    waiting_ms: int
    failures: int
    error: str


@dataclass(frozen=True, slots=True)
class LogStatus:
    """The log and its consumers.

    Attributes:
        extent: what the log holds.
        consumers: how far they are.
        unsequenced_ms: how long the oldest event that has no offset yet has been waiting.
    """

    extent: Extent
    consumers: tuple[ConsumerStatus, ...]
    unsequenced_ms: int = 0

    @property
    def waiting_ms(self) -> int:
        """How long the oldest event that somebody lacks has been waiting."""
        return max([self.unsequenced_ms, *(one.waiting_ms for one in self.consumers)])


def status(log: EventLog, now: int) -> LogStatus:
    """How things are at a moment (milliseconds since 1970)."""
    with log.database.reading() as connection:
        extent, behind = log.extent(connection), log.unsequenced(connection)
        unsequenced = max(now - behind.moment, 0) if behind.number else 0
        found = []
        for cursor in log.cursors(connection):
            following = log.read(connection, cursor.position, limit=1)
            waiting = max(now - following[0].moment, 0) if following else unsequenced
            found.append(_one(cursor, extent.last + behind.number, waiting))
    return LogStatus(extent, tuple(found), unsequenced)


def _one(cursor: Cursor, last: int, waiting: int) -> ConsumerStatus:
    return ConsumerStatus(
        name=cursor.name,
        position=cursor.position,
        lag=max(last - cursor.position, 0),
        waiting_ms=waiting,
        failures=cursor.failures,
        error=cursor.error,
    )
