"""A whole server with the plugin: HTTP in this process, relay and workers as processes."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from webtest import TestApp

from kinto_core.server import Server
from kinto_core.testing import make_app
from kinto_core.testing.consuming import deliver_pending
from kinto_core.testing.server import make_settings
from kinto_webhook.attempt import Limits, Sender
from kinto_webhook.lanes import Lanes
from kinto_webhook.office import Office
from kinto_webhook.settings import limits_of

SECRET = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="
OTHER_SECRET = "whsec_YWJjZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXoxMjM0NTY="
HOOK = "/buckets/blog/webhooks/hook"
ARTICLES = "/buckets/blog/collections/articles/records"

LOOPBACK: Mapping[str, str] = {
    "includes": "webhook",
    "webhook.allow_http": "true",
    "webhook.allowed_networks": "127.0.0.0/8",
}


def client_of(app: Any, user: str = "alice") -> TestApp:  # noqa: ANN401  a WSGI application
    """A client that authenticates as a user."""
    client = TestApp(app)
    client.authorization = ("Basic", (user, "secret"))
    return client


class Site:
    """A server with a bucket and a collection, and a client of its owner."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self.app = make_app({**LOOPBACK, **values})
        self.server: Server = self.app.registry.site.server
        self.client = client_of(self.app)
        self.put("/buckets/blog")
        self.put("/buckets/blog/collections/articles")
        if self.server.event_log is not None:
            deliver_pending(self.server)

    def put(self, uri: str, data: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Write an object; gives it."""
        found: dict[str, Any] = self.client.put_json(f"/v1{uri}", {"data": data or {}}).json["data"]
        return found

    def hook(self, url: str, uri: str = HOOK, **more: Any) -> dict[str, Any]:  # noqa: ANN401  fields
        """Make a webhook for records; what is ``None`` is left out."""
        fields = {"url": url, "secret": SECRET, "resources": ["record"], **more}
        return self.put(uri, {name: value for name, value in fields.items() if value is not None})

    def write(self, count: int, start: int = 0) -> list[str]:
        """Write records, one request each; gives their ids."""
        ids = [f"r{number:05}" for number in range(start, start + count)]
        for one in ids:
            self.put(f"{ARTICLES}/{one}", {"n": one})
        return ids

    def get(self, uri: str) -> Any:  # noqa: ANN401  JSON
        """The ``data`` of an answer."""
        return self.client.get(f"/v1{uri}").json["data"]

    def post(self, uri: str, body: Mapping[str, Any] | None = None) -> Any:  # noqa: ANN401  JSON
        """The ``data`` of an answer."""
        return self.client.post_json(f"/v1{uri}", body or {}).json["data"]

    def deliveries(self, uri: str = HOOK) -> list[dict[str, Any]]:
        """The log of a webhook, the latest first."""
        found: list[dict[str, Any]] = self.get(f"{uri}/deliveries")
        return found

    def work(self, uri: str = HOOK, limits: Limits | None = None) -> int:
        """Take pending events and make the attempts that are due, in this thread."""
        deliver_pending(self.server)
        sender = Sender(limits or limits_of(self.server.settings))
        try:
            return Lanes(Office(self.server), sender, lambda _: None).run(uri)
        finally:
            sender.close()

    def close(self) -> None:
        """Close the server."""
        self.app.close()


class Clock:
    """A clock for a site's server that goes on when told to; it begins with the true moment."""

    def __init__(self, site: Site) -> None:
        self.now = site.server.clock()
        site.server.clock = self

    def __call__(self) -> int:
        return self.now


def wait_until(condition: Callable[[], bool], seconds: float = 60) -> None:
    """Wait for something that another process does to show in the database."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


class Processes:
    """Relay and workers of a settings file."""

    def __init__(self, folder: Path, values: Mapping[str, str]) -> None:
        self.ini = folder / "kinto.ini"
        lines = [f"kinto.{name} = {value}" for name, value in values.items()]
        self.ini.write_text("\n".join(["[app:main]", *lines, ""]))
        self._log = (folder / "log").open("ab")
        self.running: dict[str, subprocess.Popen[bytes]] = {}
        self._all: list[subprocess.Popen[bytes]] = []

    def start(self, name: str) -> None:
        """Start ``relay`` or ``worker``."""
        words = {
            "relay": ["kinto_core.cli", "relay"],
            "worker": ["kinto_webhook.worker"],
            "celery": ["celery", "-A", "kinto_webhook", "worker", "--loglevel", "WARNING"],
        }[name]
        self.running[name] = subprocess.Popen(
            [sys.executable, "-m", *words],
            env={**os.environ, "KINTO_INI": str(self.ini)},
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=self._log,
        )
        self._all.append(self.running[name])

    def kill(self, name: str) -> None:
        """End a process as a power cut would."""
        process = self.running.pop(name)
        process.kill()
        process.wait()

    def stop(self) -> None:
        """End everything."""
        for process in self._all:
            if process.poll() is None:
                process.kill()
        for process in self._all:
            process.wait()
        self._log.close()


@contextmanager
def whole(
    folder: Path, storage_url: str, redis_url: str, more: Mapping[str, str] | None = None
) -> Iterator[tuple[Site, Processes]]:
    """A server with a relay and a worker."""
    values = {"storage_url": storage_url, "redis_url": redis_url, **(more or {})}
    shared = {**LOOPBACK, "userid_hmac_secret": "0123456789abcdef0123456789abcdef", **values}
    with Server(make_settings(shared)) as first:
        first.migrate()
    site = Site(shared)
    processes = Processes(folder, {**shared, "multiauth.policies": "basicauth"})
    try:
        processes.start("relay")
        processes.start("worker")
        yield site, processes
    finally:
        processes.stop()
        site.close()
