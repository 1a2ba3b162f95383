"""Gives events their offsets and takes every consumer through the log.

One relay leads; others stand by. Runs in a process of its own, ``kinto relay``. Each consumer has a
thread: one that is slow or fails holds nobody else up.
"""

import contextlib
import logging
import threading
import time
from collections.abc import Sequence

from kinto_core.clock import Clock
from kinto_core.errors import BackendError
from kinto_core.eventlog.consumer import Consumer
from kinto_core.eventlog.delivery import Delivery, Step
from kinto_core.eventlog.doorbell import Bell
from kinto_core.eventlog.opening import Machinery
from kinto_core.eventlog.retention import Retention, drop_disposable

logger = logging.getLogger(__name__)

STAND_BY_SECONDS = 1.0
"""How often a relay that stands by asks whether it may lead."""

POLL_SECONDS = 1.0
"""How long a lost ring may stay unnoticed."""

PACE_SECONDS = 0.002
"""A pause after each batch, so that a stream of small commits makes larger ones."""

AWAY_SECONDS = 1.0
"""How long to wait after the database went away."""

TRIM_SECONDS = 60.0
BATCH = 500


class Relay:
    """See ``run``.

    Args:
        machinery: the log and how its processes work together.
        consumers: who gets events.
        retention: how long they are kept.
        clock: the time in milliseconds.
    """

    def __init__(
        self,
        machinery: Machinery,
        consumers: Sequence[Consumer],
        retention: Retention,
        clock: Clock,
    ) -> None:
        self._machinery = machinery
        self._log = machinery.log
        self._consumers = tuple(consumers)
        self._retention = retention
        self._clock = clock
        self._stopping = threading.Event()
        self._resigning = threading.Event()
        self._bells: list[Bell] = []

    def stop(self) -> None:
        """Ask ``run`` to end; may be called from a signal handler or another thread."""
        self._stopping.set()
        self._resigning.set()
        for bell in self._bells:
            bell.wake()

    def run(self) -> None:
        """Stand by until there is no other relay, then work until told to stop."""
        stood_by = False
        while not self._stopping.is_set():
            if self._machinery.leadership.try_to_lead():
                logger.info("This relay leads, for %d consumers.", len(self._consumers))
                self._lead()
                self._machinery.leadership.resign()
                stood_by = False
            elif not stood_by:
                logger.info("Another relay leads; this one stands by.")
                stood_by = True
            self._stopping.wait(STAND_BY_SECONDS)

    def _lead(self) -> None:
        self._resigning.clear()
        if self._stopping.is_set():
            return
        threads = [
            threading.Thread(target=self._follow, args=(consumer,), name=consumer.name)
            for consumer in self._consumers
        ]
        for thread in threads:
            thread.start()
        try:
            with self._machinery.written.bell() as bell:
                self._bells.append(bell)
                self._keep_order(bell)
        finally:
            self._resigning.set()
            for bell in self._bells:
                bell.wake()
            for thread in threads:
                thread.join()
            self._bells.clear()

    def _keep_order(self, bell: Bell) -> None:
        """The leader's own work: offsets, and dropping what nobody needs."""
        confirmed = trimmed = time.monotonic()
        while not self._resigning.is_set():
            try:
                worked = self._sequence()
                if time.monotonic() - trimmed >= TRIM_SECONDS:
                    trimmed = time.monotonic()
                    drop_disposable(self._log, self._retention, self._clock)
            except BackendError as error:
                logger.warning("The event log cannot be read now: %s", error)
                self._resigning.wait(AWAY_SECONDS)
                worked = False
            if time.monotonic() - confirmed >= STAND_BY_SECONDS:
                if not self._machinery.leadership.try_to_lead():
                    logger.warning("This relay leads no more.")
                    return
                confirmed = time.monotonic()
            if worked:
                self._resigning.wait(PACE_SECONDS)
            else:
                bell.wait(POLL_SECONDS)

    def _sequence(self) -> bool:
        if self._log.database.dialect != "postgresql":
            return False
        with self._log.database.writing() as connection:
            count = self._log.sequence(connection, limit=BATCH)
        if count:
            self._machinery.readable.ring()
        return count > 0

    def _follow(self, consumer: Consumer) -> None:
        """The thread of one consumer."""
        delivery = Delivery(self._log, consumer, self._clock, idle_seconds=POLL_SECONDS)
        with self._machinery.readable.bell() as bell:
            self._bells.append(bell)
            while not self._resigning.is_set():
                self._rest(self._attempt(delivery), bell)
            with contextlib.suppress(BackendError):
                delivery.write_down()

    @staticmethod
    def _attempt(delivery: Delivery) -> Step:
        """The next step, and what to do after it."""
        try:
            step = delivery.step()
        except BackendError as error:
            logger.warning("The event log cannot be read now: %s", error)
            return Step(0, AWAY_SECONDS, must_wait=True)
        return Step(step.delivered, PACE_SECONDS, must_wait=True) if step.delivered else step

    def _rest(self, step: Step, bell: Bell) -> None:
        if step.must_wait:
            self._resigning.wait(step.pause_seconds)
        else:
            bell.wait(step.pause_seconds)
