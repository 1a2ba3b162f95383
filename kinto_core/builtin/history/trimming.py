"""Removes what is too much, in the background and never in a request.

Who commits says what may have grown. A thread of the same process looks and removes, and ends when
there is nothing left to look at. If the process ends before, the next change of the same bucket
makes up for it, and so does ``kinto history trim``. What is too much is not shown meanwhile.

Source: built-in plugins B-148.
"""

import logging
import threading
from typing import Final

from kinto_core.builtin.history.entries import bucket_of
from kinto_core.builtin.history.settings import Limit
from kinto_core.builtin.history.sql_trimming import Counted, trim
from kinto_core.database.engine import Database
from kinto_core.errors import BackendError
from kinto_core.events.event import ResourceChanged
from kinto_core.hookspecs import hookimpl

logger = logging.getLogger(__name__)

_MOST_NOTED: Final = 10_000
"""Of so many counts it is known how much they grew; of others it is looked at once more."""


class Trimmer:
    """Trims the history of one database.

    Args:
        database: where the entries are.
        limit: how many to keep.

    Attributes:
        limit: the same.
    """

    def __init__(self, database: Database, limit: Limit) -> None:
        self.limit = limit
        self._database = database
        self._interval = max(1, (limit.most - limit.keep) // 2)
        self._grown: dict[Counted, int] = {}
        self._due: dict[Counted, None] = {}
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    @hookimpl
    def after_resource_changed(self, event: ResourceChanged) -> None:
        """Have looked at what may be too much now."""
        for change in event.changes:
            bucket = bucket_of(change)
            if bucket is not None:
                self.notice(bucket, change.resource_name, change.user_id or "")

    @hookimpl
    def server_closing(self) -> None:
        """Finish the step that is under way, and begin no other."""
        with self._lock:
            self._due.clear()
        self.wait()

    def notice(self, bucket: str, resource: str, user_id: str) -> None:
        """An entry was committed; whether there are too many is looked at now and then."""
        user = self.limit.counted_as(user_id)
        if user is None:
            return
        counted = Counted(bucket, resource, user)
        with self._lock:
            if len(self._grown) > _MOST_NOTED:
                self._grown.clear()
            grown = self._grown.get(counted, self._interval - 1) + 1
            if grown < self._interval:
                self._grown[counted] = grown
                return
            self._grown[counted] = 0
            self._due[counted] = None
            if self._thread is None:
                self._thread = threading.Thread(
                    target=self._run, name="history-trimming", daemon=True
                )
                self._thread.start()

    @property
    def is_busy(self) -> bool:
        """Whether something is looked at, or waits for that."""
        return self._thread is not None

    def wait(self) -> None:
        """Come back when everything noticed so far was looked at."""
        thread = self._thread
        if thread is not None:
            thread.join()

    def _run(self) -> None:
        while True:
            with self._lock:
                if not self._due:
                    self._thread = None
                    return
                counted = next(iter(self._due))
                del self._due[counted]
            try:
                trim(self._database, counted, self.limit)
            except BackendError as error:  # the next change makes up for it
                logger.warning("History of bucket %s was not trimmed: %s", counted.bucket, error)
