"""What may be dropped: events that everybody has, and that nobody may still resume from."""

from collections.abc import Sequence
from dataclasses import dataclass

from kinto_core.clock import Clock
from kinto_core.eventlog.interface import Cursor, EventLog, Extent

CHUNK = 5000
"""So many events are dropped in one transaction, so that writers do not wait for long."""


@dataclass(frozen=True, slots=True)
class Retention:
    """How long delivered events are kept.

    Attributes:
        seconds: for so long, for streams that resume.
        events: but at most so many.
    """

    seconds: float
    events: int


def disposable(extent: Extent, cursors: Sequence[Cursor], too_old: int, most: int) -> int:
    """The offset up to which events may be dropped.

    Args:
        extent: what the log holds.
        cursors: of all consumers: what one of them still lacks is kept.
        too_old: the offset of the last event that is older than need be.
        most: how many events are kept at most.
    """
    beyond = max(too_old, extent.last - most)
    return max(min([beyond, *(cursor.position for cursor in cursors)]), extent.trimmed)


def drop_disposable(log: EventLog, retention: Retention, clock: Clock) -> int:
    """Drop what may be dropped; gives how many events."""
    with log.database.reading() as connection:
        extent = log.extent(connection)
        too_old = log.offset_at(connection, clock() - int(retention.seconds * 1000))
        target = disposable(extent, log.cursors(connection), too_old, retention.events)
    dropped, at = 0, extent.trimmed
    while at < target:
        at = min(at + CHUNK, target)
        with log.database.writing() as connection:
            dropped += log.trim(connection, at)
    return dropped
