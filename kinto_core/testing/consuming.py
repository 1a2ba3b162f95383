"""Drives durable consumers in a test, without a relay."""

from kinto_core.errors import ConfigurationError
from kinto_core.eventlog.consumer import Consumer
from kinto_core.eventlog.interface import EventLog
from kinto_core.server import Server

BATCH = 500


def deliver_pending(server: Server, *, name: str | None = None) -> int:
    """Deliver everything that consumers lack, in this thread; gives how many events they got.

    Args:
        server: with a plugin that has consumers.
        name: of one consumer, to leave out the others.

    Raises:
        ConfigurationError: the server has no event log, or no consumer of that name.
        Exception: whatever a consumer raises; its cursor stays before the events it was given.
    """
    log = server.event_log
    consumers = [one for one in server.consumers if name in (None, one.name)]
    if log is None or (name is not None and not consumers):
        message = f"this server has no consumer {name}" if name else "this server has no event log"
        raise ConfigurationError([message])
    if server.events is not None:
        server.events.register()
    sequence_pending(server)
    return sum(_deliver(server, log, one) for one in consumers)


def sequence_pending(server: Server) -> int:
    """Give offsets to all committed events, as the relay does; gives to how many."""
    log = server.event_log
    if log is None:
        return 0
    total = 0
    while True:
        with log.database.writing() as connection:
            count = log.sequence(connection, limit=BATCH)
        if count == 0:
            return total
        total += count


def _deliver(server: Server, log: EventLog, consumer: Consumer) -> int:
    delivered = 0
    while True:
        with log.database.reading() as connection:
            cursor = log.cursor(connection, consumer.name)
            at = cursor.position if cursor is not None else 0
            events = log.read(connection, at, limit=consumer.batch_size)
        if not events:
            return delivered
        wanted = [one for one in events if consumer.selector.matches(one.event)]
        if wanted:
            consumer.deliver(wanted)
        delivered += len(wanted)
        with log.database.writing() as connection:
            log.move(
                connection, consumer.name, old=at, new=events[-1].offset, moment=server.clock()
            )
