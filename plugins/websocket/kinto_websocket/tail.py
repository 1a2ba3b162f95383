"""Follows the event log in a thread: waits for the doorbell, asks every now and then besides."""

import logging
import threading
import time
from collections.abc import Callable, Sequence

from kinto_core.errors import BackendError
from kinto_core.eventlog.doorbell import Bell, Doorbell
from kinto_core.eventlog.interface import EventLog, Extent, LoggedEvent

logger = logging.getLogger(__name__)

POLL_SECONDS = 1.0
FIRST_POLLS = 10
FIRST_POLL_SECONDS = 0.05
"""Who rings may need a moment to notice a new listener: until then the log is asked more often."""

RETRY_SECONDS = 1.0

LOOK_SECONDS = 1.0
"""While there are events, what waits is looked at so often: then it is found quickly by those who
have to know. See ``EventLog.waiting``."""

TakeEvents = Callable[[Sequence[LoggedEvent]], None]
TakeBreak = Callable[[Extent], None]


class Tail(threading.Thread):
    """Hands events over in order, each one once.

    Args:
        log: to follow.
        doorbell: rings when there may be more.
        begin: where the log ended at the start.
        events: takes a batch and returns when it is done with it.
        broken: called when positions mean nothing any more, with the new extent.
    """

    def __init__(
        self,
        log: EventLog,
        doorbell: Doorbell,
        begin: Extent,
        events: TakeEvents,
        broken: TakeBreak,
    ) -> None:
        super().__init__(name="kinto-websocket-tail", daemon=True)
        self._log = log
        self._doorbell = doorbell
        self._epoch = begin.epoch
        self._offset = begin.last
        self._events = events
        self._broken = broken
        self._stopping = threading.Event()
        self._bell: Bell | None = None
        self._look_at = 0.0

    def stop(self) -> None:
        """End soon; may be called from any thread."""
        self._stopping.set()
        if self._bell is not None:
            self._bell.wake()

    def run(self) -> None:
        """Follow until ``stop``; a database that is away is waited for."""
        with self._doorbell.bell() as bell:
            self._bell = bell
            polls = 0
            while not self._stopping.is_set():
                try:
                    is_at_end = self._step()
                except BackendError as error:
                    logger.warning("The event log cannot be read, trying again: %s", error)
                    self._stopping.wait(RETRY_SECONDS)
                    continue
                except Exception:  # a stream that stands still would look like silence
                    logger.exception("The event log cannot be followed, trying again")
                    self._stopping.wait(RETRY_SECONDS)
                    continue
                if is_at_end and not self._stopping.is_set():
                    bell.wait(FIRST_POLL_SECONDS if polls < FIRST_POLLS else POLL_SECONDS)
                    polls += 1

    def _step(self) -> bool:
        """Hand over what is there; true when there is nothing more for now."""
        limit = 500
        with self._log.database.reading() as connection:
            extent = self._log.extent(connection)
            found = self._log.read(connection, self._offset, limit=limit)
            if found and time.monotonic() >= self._look_at:
                self._look_at = time.monotonic() + LOOK_SECONDS
                self._log.waiting(connection)
        is_same = extent.epoch == self._epoch and extent.trimmed <= self._offset
        if not is_same or extent.last < self._offset:
            self._epoch, self._offset = extent.epoch, extent.last
            self._broken(extent)
            return False
        if found:
            self._events(found)
            self._offset = found[-1].offset
        return len(found) < limit
