"""Events that are committed and have no offset yet; there are none on SQLite.

What may be seen is read from the storage, which can be ahead of the log. What is in between has to
be known to say what could be seen at an event.
"""

from collections.abc import Sequence

from sqlalchemy import select

from kinto_core.database.connection import Connection, Statement
from kinto_core.database.tables import event_inbox
from kinto_core.events.event import ResourceChanged
from kinto_core.events.wire import decode

_WAITING = Statement(
    lambda _: select(event_inbox.c.id, event_inbox.c.text).order_by(event_inbox.c.id).limit(1000)
)
_LAST = Statement(lambda _: select(event_inbox.c.id).order_by(event_inbox.c.id.desc()).limit(1))
_ANY = Statement(lambda _: select(event_inbox.c.id).order_by(event_inbox.c.id).limit(1))


def waiting_events(connection: Connection) -> Sequence[ResourceChanged]:
    """The oldest thousand of them, in the order in which they will stand in the log."""
    if connection.dialect != "postgresql":
        return ()
    return [decode(text) for _, text in connection.run(_WAITING, {})]


def last_waiting(connection: Connection) -> int:
    """A number for the youngest of them; 0 when there is none."""
    if connection.dialect != "postgresql":
        return 0
    rows = connection.run(_LAST, {})
    return int(rows[0][0]) if rows else 0


def is_waiting(connection: Connection, number: int) -> bool:
    """Whether an event up to that number has no offset yet."""
    if connection.dialect != "postgresql":
        return False
    rows = connection.run(_ANY, {})
    return bool(rows) and int(rows[0][0]) <= number
