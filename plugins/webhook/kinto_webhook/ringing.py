"""Asks workers to look after an endpoint: through Celery, which is loaded when first needed."""

import importlib
import logging
import threading
import time
from typing import Final, Protocol

from kinto_core.server import Server
from kinto_webhook.settings import broker_url

logger = logging.getLogger(__name__)

SILENT_SECONDS: Final = 30.0
"""A broker that is away is complained about once in so long."""

AWAY_SECONDS: Final = 2.0
"""A broker that is away is left alone for so long."""


class Publisher(Protocol):
    """Puts rings into a broker; used by many threads at once."""

    def ring(self, uri: str) -> None:
        """Ring for an endpoint.

        Raises:
            OSError: the broker is away.
        """
        ...


class Ringer:
    """Rings through the broker of a server's settings; a lost ring costs a second or two.

    Args:
        server: whose.
    """

    def __init__(self, server: Server) -> None:
        self._server = server
        self._waiting: dict[str, None] = {}
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._publisher: Publisher | None = None
        self._complained = float("-inf")
        self._away_until = float("-inf")

    def __call__(self, uri: str) -> None:
        """Ring for the endpoint with this URI soon. Returns at once, and never raises."""
        with self._changed:
            self._waiting[uri] = None
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="webhook-rings", daemon=True)
                self._thread.start()
            self._changed.notify()

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: bool(self._waiting))
                uris, self._waiting = self._waiting, {}
            for uri in uris:
                try:
                    self.ring(uri)
                except Exception:  # the sweeper of a worker does without
                    logger.exception("Ringing for %s failed", uri)

    def ring(self, uri: str) -> bool:
        """Ring; whether the broker took it."""
        now = time.monotonic()
        if now < self._away_until:
            return False
        try:
            self._open().ring(uri)
        except OSError as error:
            self._away_until = now + AWAY_SECONDS
            if now - self._complained > SILENT_SECONDS:
                self._complained = now
                logger.warning("The broker of webhooks is away; deliveries go on: %s", error)
            return False
        return True

    def _open(self) -> Publisher:
        if self._publisher is None:
            # Late, so that HTTP workers, which never ring, need no memory for Celery.
            tasks = importlib.import_module("kinto_webhook.tasks")
            made: Publisher = tasks.CeleryPublisher(broker_url(self._server.settings))
            self._publisher = made
        return self._publisher
