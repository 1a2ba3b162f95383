"""Finds what is due in the database, so that no delivery depends on a message in a broker.

Every worker process has one sweeper. It rings for what is due; what nobody cares for, because the
broker is away or a worker went silent, it works on itself.
"""

import logging
import random
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from kinto_core.errors import BackendError
from kinto_webhook import sql_clock, sql_endpoints, sql_log, sql_queue
from kinto_webhook.attempt import Sender
from kinto_webhook.deliveries import lease_ms
from kinto_webhook.lanes import Lanes
from kinto_webhook.office import Office
from kinto_webhook.ringing import Ringer
from kinto_webhook.schedule import DAY
from kinto_webhook.webhooks import announce_disabled

logger = logging.getLogger(__name__)

SWEEP_SECONDS: Final = 1.0
RING_AGAIN_SECONDS: Final = 5.0
"""An endpoint that was rung for and is still due is rung for again after this long."""

NEGLECTED_SECONDS: Final = 15.0
"""An endpoint that is still due after so long is worked on here."""

STEP_SECONDS: Final = 1.0
"""A clock that falls back by more than this was set."""

PURGE_SECONDS: Final = 3600.0
OWN_LANES: Final = 8


class Sweeper:
    """See the module.

    Args:
        office: knows the endpoints.
        lanes: does the work.
        sender: has connections to close.
        ringer: asks other workers.
    """

    def __init__(self, office: Office, lanes: Lanes, sender: Sender, ringer: Ringer) -> None:
        self._office = office
        self._database = office.server.storage.database
        self._lanes = lanes
        self._sender = sender
        self._ringer = ringer
        self._stopping = threading.Event()
        self._rung: dict[str, float] = {}
        self._due_since: dict[str, float] = {}
        self._own: set[str] = set()
        self._seen = (0, float("-inf"))
        self._pool = ThreadPoolExecutor(OWN_LANES, thread_name_prefix="webhook-sweep")
        self._thread = threading.Thread(target=self._run, name="webhook-sweeper", daemon=True)

    def start(self) -> None:
        """Begin, in a thread of its own."""
        self._thread.start()

    def stop(self) -> None:
        """End; lanes that are under way finish their attempt."""
        self._stopping.set()
        self._lanes.stop()
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _run(self) -> None:
        purged = float("-inf")
        while not self._stopping.is_set():
            try:
                self.sweep()
                if time.monotonic() - purged > PURGE_SECONDS:
                    purged = time.monotonic()
                    self._purge()
            except BackendError as error:
                logger.warning("The queue of webhooks cannot be read now: %s", error)
            except Exception:  # the sweeper must not end before its process
                logger.exception("The sweeper of webhooks failed and goes on")
            self._stopping.wait(SWEEP_SECONDS * random.uniform(0.8, 1.2))  # noqa: S311  no secret

    def sweep(self) -> None:
        """Look once for what is due."""
        self._sender.close(only_stale=True)
        self._mend_after_a_step_back()
        with self._database.reading() as connection:
            due = sql_queue.due_endpoints(connection, self._office.server.clock())
            untold = sql_endpoints.unannounced(connection)
        for uri in untold:
            announce_disabled(self._office.server, uri)
        now = time.monotonic()
        self._due_since = {uri: self._due_since.get(uri, now) for uri in due}
        self._rung = {uri: when for uri, when in self._rung.items() if uri in self._due_since}
        for uri in due:
            self._care(uri, now)

    def _mend_after_a_step_back(self) -> None:
        """Mend what was written while the clock was ahead: at the start, and when it goes back."""
        wall, steady = self._office.server.clock(), time.monotonic()
        passed = steady - self._seen[1]
        if wall - self._seen[0] < (passed - STEP_SECONDS) * 1000:
            with self._database.writing() as connection:
                sql_clock.mend(connection, wall, lease_ms(self._office.table))
        self._seen = (wall, steady)

    def _care(self, uri: str, now: float) -> None:
        has_rung = True
        if now - self._rung.get(uri, float("-inf")) >= RING_AGAIN_SECONDS:
            has_rung = self._ringer.ring(uri)
            if has_rung:
                self._rung[uri] = now
        is_neglected = now - self._due_since[uri] >= NEGLECTED_SECONDS
        if (is_neglected or not has_rung) and uri not in self._own:
            self._own.add(uri)
            self._pool.submit(self._work, uri)

    def _work(self, uri: str) -> None:
        try:
            self._lanes.run(uri)
        except Exception:  # logged here, for nobody looks at the future
            logger.exception("Deliveries to %s failed", uri)
        finally:
            self._own.discard(uri)

    def _purge(self) -> None:
        days = self._office.table.retention_days
        now = self._office.server.clock()
        with self._database.writing() as connection:
            sql_endpoints.forget_former(connection, now)
            sql_log.purge(connection, now - days * DAY)
