"""Takes one consumer through the log: read, select, hand over, move the cursor.

The cursor is moved after the consumer acknowledged, and written down a little later: a process that
dies in between delivers some events again, and loses none.
"""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass

from kinto_core.clock import Clock
from kinto_core.errors import BackendError
from kinto_core.eventlog.consumer import Consumer
from kinto_core.eventlog.interface import Cursor, EventLog, LoggedEvent
from kinto_core.eventlog.retry import retry_delay
from kinto_core.events.selector import Selector

logger = logging.getLogger(__name__)

WRITE_DOWN_SECONDS = 0.1
"""How long the place of a busy consumer may be known to this process only."""

MAX_ERROR = 500
EVERYTHING = Selector()


@dataclass(frozen=True, slots=True)
class Step:
    """What one attempt came to.

    Attributes:
        delivered: how many events were handed over or passed over.
        pause_seconds: how long to wait before the next attempt, unless a bell rings.
        must_wait: whether a bell is no reason to come earlier.
    """

    delivered: int
    pause_seconds: float
    must_wait: bool = False


class Delivery:
    """The way of one consumer through the log; for one thread.

    Args:
        log: what is read.
        consumer: who gets it.
        clock: the time in milliseconds.
        idle_seconds: how long to rest at the end of the log.
        watch: a clock that only goes on, in seconds.
    """

    def __init__(
        self,
        log: EventLog,
        consumer: Consumer,
        clock: Clock,
        *,
        idle_seconds: float = 1.0,
        watch: Callable[[], float] = time.monotonic,
    ) -> None:
        self.consumer = consumer
        self._log = log
        self._clock = clock
        self._idle_seconds = idle_seconds
        self._watch = watch
        self._position: int | None = None
        self._written = 0
        self._written_at = 0.0
        self._failures = 0

    def step(self) -> Step:
        """Deliver the next batch, if there is one.

        Raises:
            BackendError: the database of the log is away; nothing is lost.
        """
        position = self._place()
        limit = self.consumer.batch_size if self._failures == 0 else 1
        with self._log.database.reading() as connection:
            events = self._log.read(connection, position, limit=limit)
        if not events:
            self.write_down()
            self._position = None  # somebody may send the consumer elsewhere meanwhile
            return Step(0, self._idle_seconds)
        if not self._hand_over(events):
            return Step(0, retry_delay(self._failures), must_wait=True)
        self._position = events[-1].offset
        if self._failures:
            self._failures = 0
            self.write_down()
        elif self._watch() - self._written_at >= WRITE_DOWN_SECONDS:
            self.write_down()
        return Step(len(events), 0.0)

    def write_down(self) -> None:
        """Write the place down, if it changed.

        Raises:
            BackendError: the database is away.
        """
        position, self._written_at = self._position, self._watch()
        if position is None or position == self._written:
            return
        name = self.consumer.name
        with self._log.database.writing() as connection:
            moved = self._log.move(
                connection, name, old=self._written, new=position, moment=self._clock()
            )
        if moved:
            self._written = position
        else:  # somebody sent the consumer elsewhere, or it works in another process by now
            self._position = None

    def _place(self) -> int:
        """The offset after which to go on."""
        if self._position is not None:
            return self._position
        cursor = self._cursor()
        if cursor is None:
            consumer = self.consumer
            with self._log.database.writing() as connection:
                self._log.register(
                    connection,
                    consumer.name,
                    from_start=consumer.from_start,
                    moment=self._clock(),
                )
            cursor = self._cursor()
        position = cursor.position if cursor is not None else 0
        self._position = self._written = position
        return position

    def _cursor(self) -> Cursor | None:
        with self._log.database.reading() as connection:
            return self._log.cursor(connection, self.consumer.name)

    def _hand_over(self, events: list[LoggedEvent]) -> bool:
        """Whether the consumer has what it wants of these."""
        consumer = self.consumer
        try:
            if consumer.selector == EVERYTHING:
                wanted = events
            else:
                wanted = [one for one in events if consumer.selector.matches(one.event)]
            if wanted:
                consumer.deliver(wanted)
        except Exception as error:  # noqa: BLE001  whatever it is: told, and tried again
            self._note(events[0], error)
            return False
        return True

    def _note(self, first: LoggedEvent, error: Exception) -> None:
        self._failures += 1
        text = f"{type(error).__name__}: {error}"[:MAX_ERROR]
        logger.warning(
            "Consumer %s did not take event %d, attempt %d, again in %g s: %s",
            self.consumer.name,
            first.offset,
            self._failures,
            retry_delay(self._failures),
            text,
        )
        self.write_down()
        self._position = None  # somebody may send the consumer past what it cannot take
        try:
            with self._log.database.writing() as connection:
                self._log.note_failure(connection, self.consumer.name, text, moment=self._clock())
        except BackendError as problem:
            logger.warning("That could not be noted: %s", problem)
