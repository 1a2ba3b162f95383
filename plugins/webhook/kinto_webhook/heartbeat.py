"""Whether deliveries are made in time: how long one is due that nobody is at is what counts."""

from collections.abc import Callable

from kinto_core.server import Server
from kinto_webhook import sql_queue
from kinto_webhook.settings import settings_of


def check(server: Server) -> Callable[[], bool | None]:
    """The check of a server: endpoints may fail, but workers must not be gone."""
    alarm_ms = settings_of(server.settings).alarm_seconds * 1000

    def is_in_time() -> bool:
        with server.storage.database.reading() as connection:
            now = server.clock()
            oldest = sql_queue.oldest_due(connection, now)
        return oldest is None or now - oldest < alarm_ms

    return is_in_time
