"""Command ``python -m benchmarks.webhook``: how quick and how independent webhooks are.

On each database: from the commit of a write to the first byte at the receiver; the same while
another webhook hangs and 100,000 deliveries wait for it; and deliveries a second of one worker.
"""

import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from importlib import import_module
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple
from urllib.request import urlopen

import click
from webtest import TestApp

from benchmarks.processes import cpu_seconds, free_port, running
from kinto_core.server import Server
from kinto_core.testing import make_app
from kinto_core.testing.server import make_settings
from kinto_core.testing.services import running_postgresql, running_redis

DATABASES = ("SQLite", "PostgreSQL")
BUCKET = "/v1/buckets/bench"
HOOKS = f"{BUCKET}/webhooks"
RECORDS = f"{BUCKET}/collections/records/records"
SECRET = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="  # noqa: S105  of no use
WAITING = 100_000
ROUNDS = 3
PAUSE_SECONDS = 0.02


class Figure(NamedTuple):
    """One measurement, as a row of the table."""

    database: str
    what: str
    value: str


class Stage:
    """A server in this process, its relay and worker, and a receiver beside it."""

    def __init__(self, folder: Path, storage_url: str, redis_url: str, port: int) -> None:
        self.folder = folder
        self.port = port
        values = {
            "storage_url": storage_url,
            "redis_url": redis_url,
            "includes": "webhook",
            "multiauth.policies": "basicauth",
            "userid_hmac_secret": "only for a benchmark, of no use",
            "webhook.allow_http": "true",
            "webhook.allowed_networks": "127.0.0.0/8",
        }
        self.ini = folder / "kinto.ini"
        lines = [f"kinto.{name} = {text.replace('%', '%%')}" for name, text in values.items()]
        self.ini.write_text("\n".join(["[app:main]", *lines, ""]), encoding="utf-8")
        with Server(make_settings(values)) as first:
            first.migrate()
        self.app = make_app(values)
        self.server: Server = self.app.registry.site.server
        self.client = TestApp(self.app)
        self.client.authorization = ("Basic", ("bench", "secret"))
        self.client.put_json(BUCKET, {})
        self.client.put_json(f"{BUCKET}/collections/records", {})

    def hook(self, name: str, **more: Any) -> None:  # noqa: ANN401  fields
        """Make or change a webhook."""
        url = f"http://127.0.0.1:{self.port}/{name}"
        data = {"url": url, "secret": SECRET, "resources": ["record"], **more}
        self.client.put_json(f"{HOOKS}/{name}", {"data": data})

    def write(self, name: str) -> float:
        """Write a record; gives the moment after its commit."""
        self.client.put_json(f"{RECORDS}/{name}", {"data": {"name": name}})
        return time.monotonic()

    def received(self) -> Mapping[str, float]:
        """The moments of what arrived, by name."""
        with urlopen(f"http://127.0.0.1:{self.port}/") as answer:
            found: dict[str, float] = json.load(answer)
        return found

    def wait_for(self, names: Sequence[str], seconds: float = 300) -> Mapping[str, float]:
        """Wait until all of these have arrived."""
        deadline = time.monotonic() + seconds
        while True:
            found = self.received()
            if found.keys() >= set(names):
                return found
            if time.monotonic() > deadline:
                message = f"{len(set(names) - found.keys())} of {len(names)} did not arrive"
                raise TimeoutError(message)
            time.sleep(0.2)

    @contextmanager
    def process(self, *words: str) -> Iterator[int]:
        """A process of the server while the block runs; gives its id."""
        with (self.folder / "log").open("ab") as log:
            started = subprocess.Popen(  # noqa: S603  our own programs
                [sys.executable, "-m", *words],
                env={**os.environ, "KINTO_INI": str(self.ini)},
                stdout=log,
                stderr=log,
            )
            try:
                yield started.pid
            finally:
                started.kill()
                started.wait()


@contextmanager
def stage(database: str) -> Iterator[Stage]:
    """Everything on a database of this kind, empty."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        redis_url = stack.enter_context(running_redis())
        if database == "PostgreSQL":
            postgresql = stack.enter_context(running_postgresql({}))
            url = stack.enter_context(postgresql.database())
        else:
            url = f"sqlite:///{folder}/kinto.db"
        port = free_port()
        command = (sys.executable, "-m", "benchmarks.webhook_receiver", str(port))
        stack.enter_context(running(command, port=port, log=folder / "receiver"))
        made = Stage(folder, url, redis_url, port)
        stack.callback(made.app.close)
        yield made


def waits(at: Stage, prefix: str, count: int) -> list[float]:
    """How long each of some writes takes from commit to first byte, in milliseconds."""
    committed = {}
    for number in range(count):
        name = f"{prefix}-{number}"
        committed[name] = at.write(name)
        time.sleep(PAUSE_SECONDS)
    arrived = at.wait_for(list(committed))
    return [(arrived[name] - moment) * 1000 for name, moment in committed.items()]


def pile_up(at: Stage, hook: str, count: int) -> None:
    """Let deliveries wait for a webhook, as if so many records had been written."""
    sql_queue = import_module("kinto_webhook.sql_queue")
    uri = f"{HOOKS.removeprefix('/v1')}/{hook}"
    now = at.server.clock()
    event = sql_queue.EventRow("bench", now, "webhook.ping", is_message=True, text="{}")
    for start in range(0, count, 5000):
        with at.server.storage.database.writing() as connection:
            for number in range(start, min(start + 5000, count)):
                one = event._replace(id=f"bench-{number}")
                sql_queue.add_event(connection, one)
                sql_queue.add_delivery(connection, uri, one.id, now)


def measure(database: str, *, count: int, waiting: int) -> Iterator[Figure]:
    """All figures of one database."""
    with stage(database) as at, at.process("kinto_core.cli", "relay"):
        at.hook("quick")
        with at.process("kinto_webhook.worker"):
            at.wait_for([_written(at, f"warm{number}") for number in range(20)])
            at.hook("hangs", collections=["other"], enabled=False)
            pile_up(at, "hangs", waiting)
            alone: list[float] = []
            beside: list[float] = []
            for number in range(ROUNDS):
                alone += waits(at, f"alone-{number}", count // ROUNDS)
                at.hook("hangs", collections=["other"], enabled=True)
                beside += waits(at, f"beside-{number}", count // ROUNDS)
                at.hook("hangs", collections=["other"], enabled=False)
            yield _row(database, "commit to first byte, 50 writes/s", alone)
            what = f"the same beside a webhook that hangs with {waiting:,} deliveries waiting"
            yield _row(database, what, beside)
        names = [_written(at, f"drain{number}") for number in range(count * 5)]
        with at.process("kinto_webhook.worker") as worker:
            yield _drain(database, at, names, worker)


def _written(at: Stage, name: str) -> str:
    at.write(name)
    return name


def _drain(database: str, at: Stage, names: Sequence[str], worker: int) -> Figure:
    arrived = at.wait_for(names)
    used = cpu_seconds([worker])
    moments = sorted(arrived[name] for name in names)
    skipped = len(moments) // 10
    rate = (len(moments) - skipped) / (moments[-1] - moments[skipped])
    value = (
        f"{rate:,.0f}/s; {used * 1000 / len(names):.2f} ms of processor time each, start included"
    )
    return Figure(database, "one worker, one webhook, a receiver that takes 1 ms", value)


def _row(database: str, what: str, found: list[float]) -> Figure:
    slowest = sorted(found)[int(len(found) * 0.99)]
    return Figure(database, what, f"median {median(found):.1f} ms, 99 % {slowest:.1f} ms")


def markdown(figures: Sequence[Figure]) -> str:
    """The page."""
    conditions = (
        f"Written by `python -m benchmarks.webhook`. {os.cpu_count()} processors, Python"
        f" {platform.python_version()}; server, relay, one worker, database, broker and receiver"
        " share them. Databases are as durable as in production."
    )
    lines = [
        "# Webhooks",
        "",
        conditions,
        "",
        "| database | what | result |",
        "| --- | --- | --- |",
        *(f"| {one.database} | {one.what} | {one.value} |" for one in figures),
    ]
    return "\n".join(lines) + "\n"


@click.command()
@click.option("--quick", is_flag=True, help="Fewer writes, a tenth of the waiting deliveries.")
@click.option("--databases", default=",".join(DATABASES), show_default=True)
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("benchmarks/results"),
    show_default=True,
    help="Folder for webhook.md.",
)
def main(*, quick: bool, databases: str, out: Path) -> None:
    """Measure webhooks on each database.

    \b
    Example:
      python -m benchmarks.webhook --quick
    """
    count, waiting = (200, WAITING // 10) if quick else (1000, WAITING)
    figures: list[Figure] = []
    for database in databases.split(","):
        for figure in measure(database, count=count, waiting=waiting):
            print(*figure, sep=": ", flush=True)
            figures.append(figure)
    out.mkdir(parents=True, exist_ok=True)
    (out / "webhook.md").write_text(markdown(figures), encoding="utf-8")


if __name__ == "__main__":
    main()
