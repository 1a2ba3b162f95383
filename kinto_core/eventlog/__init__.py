"""The event log: what was committed, in order, for everybody who must not miss any of it.

Rows are written in the transaction of the change and read by durable consumers, each with a cursor
of its own. Knows nothing of HTTP.
"""

from kinto_core.eventlog.consumer import Consumer, LogReader
from kinto_core.eventlog.interface import Cursor, EventLog, Extent, LoggedEvent, Position, Waiting

__all__ = [
    "Consumer",
    "Cursor",
    "EventLog",
    "Extent",
    "LogReader",
    "LoggedEvent",
    "Position",
    "Waiting",
]
