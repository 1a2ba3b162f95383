"""Command ``python -m benchmarks.live_reconnects``: what it costs when everybody comes back.

Each client is another user, so nothing is known of one by knowing another. All lose their
connections at once, miss some events, and come back with their positions: first to the server
that they left, then to one that has just started and knows nobody.
"""

import asyncio
import json
import os
import platform
import re
import resource
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple
from urllib.parse import parse_qs, urlsplit

import click
import uvloop

from benchmarks.client import Client
from benchmarks.live_listeners import Greeting, Listener, Receipts, connected, websocket_greeting
from benchmarks.live_subjects import COLLECTION, PROGRAM, TOKEN, LiveSubject, ours, token_of
from benchmarks.processes import cpu_seconds, free_port, running
from benchmarks.subject import record
from kinto_core.testing.services import running_postgresql

AT_ONCE = 200
"""So many clients are connecting at any time."""

QUIET_SECONDS = 2.0
_STATEMENT = re.compile(rb"execute \w+: (?!BEGIN|COMMIT|ROLLBACK|SELECT set_config)")
_PLACE = re.compile(rb'"subscribe":\{"epoch":"(\w+)","offset":(\d+),"recovered":(\w+)')
_EVENT = re.compile(rb'"s(\d{8})"')
_HEAD = """\
| clients come back to | reconnects/s | reconnects/s per core | p50 ms | p99 ms | \
statements per reconnect | not recovered |
| --- | ---: | ---: | ---: | ---: | ---: | ---: |
"""


class Place(NamedTuple):
    """Where clients come back to: a name for people, a port, and the id of the process."""

    name: str
    port: int
    pid: int


@dataclass(frozen=True, kw_only=True)
class Return:
    """One return of all clients.

    Attributes:
        name: of where to, for people.
        count: of clients.
        seconds: until the last one had everything that it missed.
        cpu: seconds of processor time of the process that they came back to.
        statements: that the database was sent meanwhile, beyond those of a quiet server.
        delays_ms: of each client, sorted: from connecting until it had everything.
        failed: clients that did not get everything.
    """

    name: str
    count: int
    seconds: float
    cpu: float
    statements: float
    delays_ms: Sequence[float]
    failed: int


class Log:
    """Counts statements in the log of the PostgreSQL server."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._end = 0

    def count(self) -> int:
        """Statements since the last call, without those that only begin or end something."""
        with self._path.open("rb") as file:
            file.seek(self._end)
            found = sum(1 for line in file if _STATEMENT.search(line))
            self._end = file.tell()
        return found

    async def per_second(self) -> float:
        """How many a quiet server sends."""
        self.count()
        await asyncio.sleep(QUIET_SECONDS)
        return self.count() / QUIET_SECONDS


async def come_back(
    place: Place, greetings: Sequence[Greeting], missed: int, log: Log
) -> tuple[Return, list[Listener]]:
    """Let everybody connect, at most ``AT_ONCE`` at a time."""
    quiet = await log.per_second()
    used, begin = cpu_seconds([place.pid]), time.perf_counter()
    listeners = await connected(place.port, greetings, Receipts(), at_once=AT_ONCE)
    seconds = time.perf_counter() - begin
    cpu = cpu_seconds([place.pid]) - used
    statements = max(0.0, log.count() - quiet * seconds)
    heads = [one.ready.result() for one in listeners]
    failed = sum(1 for head in heads if not is_whole(head, missed))
    delays = sorted((one.ready_at - one.began_at) * 1000 for one in listeners)
    found = Return(
        name=place.name,
        count=len(greetings),
        seconds=seconds,
        cpu=cpu,
        statements=statements,
        delays_ms=delays,
        failed=failed,
    )
    return found, listeners


def is_whole(head: bytes, missed: int) -> bool:
    """Whether an answer has every missed event, in order."""
    found = _PLACE.search(head)
    numbers = [int(number) for number in _EVENT.findall(head)]
    return found is not None and found[3] == b"true" and numbers == list(range(missed))


def _greeting(port: int, user: int, since: str | None = None, missed: int = 0) -> Greeting:
    subscribe = {"uri": COLLECTION, **({} if since is None else {"since": since})}
    frames = [
        json.dumps({"id": 1, "connect": {"token": token_of(f"user{user}"), "proto": 1}}),
        json.dumps({"id": 2, "subscribe": subscribe}),
    ]
    ready = b'"subscribe":{' if since is None else b'"s%08d"' % (missed - 1)
    return websocket_greeting(port, *frames, ready=ready)


def _positions(listeners: Sequence[Listener]) -> list[str]:
    """Where each client is."""
    found = [_PLACE.search(one.ready.result()) for one in listeners]
    return [f"{one[1].decode()}:{one[2].decode()}" for one in found if one is not None]


def _leave(listeners: Sequence[Listener]) -> None:
    for one in listeners:
        one.close()


def _write(subject: LiveSubject, missed: int) -> None:
    """Write what everybody misses."""
    user = Client(int(str(subject.write["port"])), {"Authorization": TOKEN})
    for number in range(missed):
        data = {**record(1), "title": f"s{number:08d}"}
        user.send("POST", f"/v1{COLLECTION}/records", {"data": data})


@contextmanager
def _another(subject: LiveSubject, folder: Path) -> Iterator[tuple[int, int]]:
    """A second process of streams, which knows nobody; gives port and process id.

    Raises:
        RuntimeError: it does not start.
    """
    port = free_port()
    command = [*PROGRAM, "websocket", "--quiet", "--port", str(port)]
    environ = {"KINTO_INI": str(subject.ini)}
    with running(command, port=port, log=folder / "another.log", environ=environ) as pid:
        yield port, pid


async def measure(
    subject: LiveSubject, count: int, missed: int, log: Log, folder: Path
) -> list[Return]:
    """Both returns of all clients."""
    first = [_greeting(subject.port, user) for user in range(count)]
    listeners = await connected(subject.port, first, Receipts(), at_once=AT_ONCE)
    positions = _positions(listeners)
    _leave(listeners)
    await asyncio.to_thread(_write, subject, missed)

    async def measured(place: Place) -> Return:
        again = [_greeting(place.port, user, at, missed) for user, at in enumerate(positions)]
        found, listeners = await come_back(place, again, missed, log)
        _leave(listeners)
        return found

    known = await measured(Place("the same process", subject.port, subject.streaming[0]))
    with _another(subject, folder) as (port, pid):
        unknown = await measured(Place("a process that just started", port, pid))
    return [known, unknown]


def markdown(rows: Sequence[Return], *, conditions: str) -> str:
    """A page with the table."""
    lines = [
        f"| {row.name} | {row.count / row.seconds:,.0f} | {row.count / max(row.cpu, 0.01):,.0f} | "
        f"{row.delays_ms[row.count // 2]:.1f} | {row.delays_ms[row.count * 99 // 100]:.1f} | "
        f"{row.statements / row.count:.3f} | {row.failed} |"
        for row in rows
    ]
    return f"# Coming back\n\n{conditions}\n\n{_HEAD}" + "\n".join(lines) + "\n"


def _conditions(count: int, missed: int) -> str:
    return (
        f"{count:,} clients, each another user, subscribe to one collection that all who are "
        f"logged in may read; they lose their connections, miss {missed} events and come back "
        f"with their positions, {AT_ONCE} at a time: TCP, upgrade, `connect`, `subscribe` with "
        "`since`, and the missed events. Statements are those in the log of PostgreSQL, less "
        "what a quiet server sends; processor time is that of the process that clients come back "
        "to. All clients are one process on the same machine, which limits the reconnects in a "
        f"second. {os.cpu_count()} processors, Python {platform.python_version()}."
    )


@click.command()
@click.option("--clients", type=click.IntRange(1), default=1000, show_default=True)
@click.option("--missed", type=click.IntRange(1, 1000), default=10, show_default=True)
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("benchmarks/results/live-reconnects.md"),
    show_default=True,
    help="File for the table.",
)
def main(*, clients: int, missed: int, out: Path) -> None:
    """Measure the return of many clients to ours, on PostgreSQL.

    Wants a limit of open files above the number of clients, see ``ulimit -n``.

    \b
    Example:
      python -m benchmarks.live_reconnects --clients 200 --out /tmp/reconnects.md
    """
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    with (
        tempfile.TemporaryDirectory(prefix="kinto-live-") as name,
        running_postgresql({"log_statement": "all"}) as postgresql,
        postgresql.database() as url,
        ours(Path(name), name="ours", url=url, pids=[postgresql.pid or 0]) as subject,
    ):
        user = Client(int(str(subject.write["port"])), {"Authorization": TOKEN})
        user.send("PATCH", f"/v1{COLLECTION}", {"permissions": {"read": ["system.Authenticated"]}})
        log = Log(Path(parse_qs(urlsplit(postgresql.url).query)["host"][0]) / "log")
        rows = uvloop.run(measure(subject, clients, missed, log, Path(name)))
    out.parent.mkdir(parents=True, exist_ok=True)
    text = markdown(rows, conditions=_conditions(clients, missed))
    out.write_text(text, encoding="utf-8")
    print(text)
    print(f"Wrote {out}")


if __name__ == "__main__":
    main(prog_name="python -m benchmarks.live_reconnects")
