"""Writes what a process measures into the folder, off the way of requests."""

import logging
import os
import threading
import time
from pathlib import Path

from kinto_core.builtin.prometheus.adding import Snapshot, snapshot_of
from kinto_core.builtin.prometheus.folder import Folder
from kinto_core.metrics import Registry

logger = logging.getLogger(__name__)

INTERVAL_SECONDS = 1.0
"""How long a measurement may wait to be written."""


class Publisher:
    """Publishes a registry, in whichever process measures with it.

    A process that was forked gets a file and a thread of its own with its first measurement, and
    an idle one writes nothing.

    Args:
        registry: of the server; gains ``on_change``.
        path: of the folder.
        interval_seconds: how long a measurement may wait.
    """

    def __init__(
        self, registry: Registry, path: Path, *, interval_seconds: float = INTERVAL_SECONDS
    ) -> None:
        self._registry = registry
        self._path = path
        self._interval = interval_seconds
        self._starting = threading.Lock()
        self._process = 0
        self._is_closed = False
        self._begin()
        registry.on_change = self._note

    def total(self) -> list[Snapshot] | None:
        """What all processes have measured, this one until now; ``None`` without the folder.

        Raises:
            OSError: the folder cannot be read or written.
        """
        self._begin()
        try:
            self._folder.write(self._snapshot())
            return self._folder.read()
        except FileNotFoundError:
            return None

    def close(self) -> None:
        """End the thread and count as ended; for programs that go on without their server."""
        self._registry.on_change = None
        self._is_closed = True
        self._is_due.set()
        self._thread.join()
        self._folder.close()

    def _note(self) -> None:
        """Have the registry written soon."""
        if self._process != os.getpid():
            self._begin()
        if not self._is_due.is_set():
            self._is_due.set()

    def _begin(self) -> None:
        """Start to publish from this process, once."""
        with self._starting:
            if self._process == os.getpid():
                return
            self._folder = Folder(self._path)
            self._is_due = threading.Event()
            self._started = time.time()
            self._process = os.getpid()
            self._thread = threading.Thread(target=self._publish, name="metrics", daemon=True)
            self._thread.start()

    def _publish(self) -> None:
        is_due, folder = self._is_due, self._folder
        is_failing = False
        while True:
            is_due.wait()
            if self._is_closed:
                return
            time.sleep(self._interval)
            is_due.clear()
            try:
                folder.write(self._snapshot())
                is_failing = False
            except OSError as error:  # the next measurement tries again
                if not is_failing:
                    logger.warning("Metrics cannot be written to %s: %s", folder.path, error)
                is_failing = True

    def _snapshot(self) -> Snapshot:
        registry = self._registry
        return snapshot_of(
            registry.measured(), registry.buckets, process=self._process, started=self._started
        )
