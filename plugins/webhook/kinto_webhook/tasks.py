"""Celery, as a doorbell: the only file that knows it.

A task says that something is due for an endpoint, and carries nothing else. Losing one costs a
second or two, running one twice costs nothing: what is due, who is at it and what was tried stands
in the database. So tasks are acknowledged early, have no result, no countdown and no retry.
"""

import logging
import os
import threading
import warnings
from typing import Any, Final
from urllib.parse import parse_qs, unquote, urlencode, urlsplit

from celery import Celery  # type: ignore[import-untyped]  # published without types
from celery.platforms import SecurityWarning  # type: ignore[import-untyped]  # as above
from celery.signals import (  # type: ignore[import-untyped]  # as above
    worker_init,
    worker_shutting_down,
)
from kombu.exceptions import OperationalError

from kinto_core.cli.options import load_settings, set_up_logs
from kinto_core.cli.plugin_commands import with_plugins
from kinto_core.server import Server
from kinto_webhook.attempt import Sender
from kinto_webhook.lanes import Lanes
from kinto_webhook.office import Office
from kinto_webhook.ringing import Ringer
from kinto_webhook.settings import broker_url, limits_of, settings_of
from kinto_webhook.sweeper import Sweeper

logger = logging.getLogger(__name__)

TASK: Final = "kinto_webhook.ring"
QUEUE: Final = "kinto_webhook"
RING_EXPIRES_SECONDS: Final = 60

STATIC: Final[dict[str, Any]] = {
    "task_default_queue": QUEUE,
    "task_ignore_result": True,
    "task_acks_late": False,
    "task_serializer": "json",
    "accept_content": ["json"],
    "worker_prefetch_multiplier": 1,
    "worker_pool": "threads",
    "worker_hijack_root_logger": False,
    "worker_redirect_stdouts": False,
    "worker_send_task_events": False,
    "worker_cancel_long_running_tasks_on_connection_loss": False,
    "broker_connection_retry_on_startup": True,
    "broker_connection_max_retries": None,
    "broker_connection_timeout": 2,
    "broker_transport_options": {
        "socket_connect_timeout": 2,
        "socket_timeout": 5,
        "socket_keepalive": True,
        "visibility_timeout": 3600,
    },
    "task_publish_retry": False,
    "enable_utc": True,
}


def celery_url(url: str) -> str:
    """A broker's URL as Celery spells it: sockets are ``redis+socket://``."""
    parts = urlsplit(url)
    if parts.scheme != "unix":
        return url
    given = parse_qs(parts.query)
    wanted = {"virtual_host": given.get("db", ["0"])[0]}
    wanted |= {name: given[name][0] for name in ("password",) if name in given}
    return f"redis+socket://{unquote(parts.path)}?{urlencode(wanted)}"


class CeleryPublisher:
    """Puts rings into a broker; used by many threads at once.

    Args:
        url: of the broker, as redis-py spells it.
    """

    def __init__(self, url: str) -> None:
        self._app = Celery("kinto_webhook", set_as_current=False, broker=celery_url(url))
        self._app.conf.update(STATIC)

    def ring(self, uri: str) -> None:
        """Ring for an endpoint.

        Raises:
            OSError: the broker is away.
        """
        try:
            self._app.send_task(
                TASK, args=[uri], expires=RING_EXPIRES_SECONDS, retry=False, ignore_result=True
            )
        except OperationalError as error:
            raise ConnectionError(str(error)) from error


def _configuration() -> dict[str, Any]:
    """What the settings of ``KINTO_INI`` say, when a worker first asks."""
    settings = with_plugins(load_settings(None))
    return {
        **STATIC,
        "broker_url": celery_url(broker_url(settings)),
        "worker_concurrency": settings_of(settings).threads,
    }


app = Celery("kinto_webhook", set_as_current=False)
app.add_defaults(_configuration)


class _Worker:
    """What one worker process works with; made by the first thread that needs it."""

    def __init__(self) -> None:
        settings = load_settings(None)
        self.server = Server(settings)
        self.server.prepare()
        office = Office(self.server)
        self.sender = Sender(limits_of(self.server.settings))
        ringer = Ringer(self.server)
        self.lanes = Lanes(office, self.sender, ringer)
        self.sweeper = Sweeper(office, self.lanes, self.sender, ringer)


_lock = threading.Lock()
_workers: dict[int, _Worker] = {}


def worker() -> _Worker:
    """What this process works with."""
    with _lock:
        found = _workers.get(os.getpid())
        if found is None:
            found = _workers[os.getpid()] = _Worker()
    return found


@app.task(name=TASK, ignore_result=True)  # type: ignore[untyped-decorator]  # Celery's
def ring(uri: str) -> None:
    """Work for an endpoint until nothing is due for it, or others should have a turn."""
    worker().lanes.run(uri)


@worker_init.connect  # type: ignore[untyped-decorator]  # Celery's
def _begin(**_: object) -> None:
    """Before the broker is connected to, which may be away."""
    worker().sweeper.start()


@worker_shutting_down.connect  # type: ignore[untyped-decorator]  # Celery's
def _end(**_: object) -> None:
    for one in _workers.values():
        one.sweeper.stop()


def run_worker() -> None:
    """Run a worker in this process until it is told to stop."""
    set_up_logs(load_settings(None))
    # Celery warns of root because of pickled messages, which this application does not accept.
    warnings.simplefilter("ignore", SecurityWarning)
    alone = ("--without-gossip", "--without-mingle")
    app.worker_main(["--quiet", "worker", "--loglevel", "WARNING", *alone])


__all__ = ["CeleryPublisher", "app", "celery_url", "ring", "run_worker", "worker"]
