"""The event log of one server: who gets events, and what keeps them moving."""

from collections.abc import Iterable
from dataclasses import dataclass

from kinto_core.clock import Clock
from kinto_core.database.engine import Database
from kinto_core.errors import ConfigurationError
from kinto_core.eventlog.consumer import Consumer, LogReader
from kinto_core.eventlog.opening import Machinery, open_event_log
from kinto_core.eventlog.relay import Relay
from kinto_core.eventlog.retention import Retention
from kinto_core.eventlog.status import status
from kinto_core.settings import Settings


@dataclass(frozen=True, slots=True)
class EventService:
    """What a server that writes an event log can do with it.

    Attributes:
        machinery: the log and how its processes work together.
        consumers: who gets events.
        settings: how long events are kept, and when one is late.
        clock: the time in milliseconds.
    """

    machinery: Machinery
    consumers: tuple[Consumer, ...]
    settings: Settings
    clock: Clock

    @classmethod
    def of(
        cls,
        database: Database,
        declared: Iterable[Consumer | LogReader],
        settings: Settings,
        clock: Clock,
    ) -> "EventService | None":
        """The service for these consumers and readers; ``None`` when there is none of either.

        Raises:
            ConfigurationError: two consumers have one name.
        """
        found = list(declared)
        if not found:
            return None
        consumers = tuple(one for one in found if isinstance(one, Consumer))
        names = [one.name for one in consumers]
        doubled = sorted({name for name in names if names.count(name) > 1})
        if doubled:
            message = f"several consumers of the event log are named {', '.join(doubled)}"
            raise ConfigurationError([message])
        return cls(open_event_log(database), consumers, settings, clock)

    def relay(self) -> Relay:
        """What delivers events to the consumers, once it runs."""
        retention = Retention(
            self.settings.event_log_retention_seconds, self.settings.event_log_retention_events
        )
        return Relay(self.machinery, self.consumers, retention, self.clock)

    def register(self) -> None:
        """Begin a cursor for each consumer that has none: from now on it misses nothing.

        Raises:
            BackendUnavailable: the database cannot be reached.
        """
        log = self.machinery.log
        if not self.consumers:
            return
        with log.database.writing() as connection:
            for one in self.consumers:
                log.register(connection, one.name, from_start=one.from_start, moment=self.clock())

    def is_on_time(self) -> bool:
        """Whether no event has been waiting for alarmingly long.

        Raises:
            BackendUnavailable: the database cannot be reached.
        """
        waiting = status(self.machinery.log, self.clock()).waiting_ms
        return waiting < self.settings.event_log_alarm_seconds * 1000
