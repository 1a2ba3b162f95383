"""Command ``python -m benchmarks.event_log``: what the event log gives, and what it costs.

Three figures on each database: how long from a commit to a consumer, how fast a relay works off
what has piled up, and how many writes a second remain with the log on.
"""

import os
import platform
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median, quantiles

import click
import psycopg

from benchmarks.event_consumer import COMMITTED, DELIVERED, FOLDER, times
from benchmarks.event_report import Drain, Latency, Throughput, markdown
from benchmarks.kinto_protocol import AUTHORIZATION, KintoSubject, client, prepare, records_path
from benchmarks.measurement import Measurement, summaries
from benchmarks.pacing import send_at_pace
from benchmarks.processes import free_port, run, running
from benchmarks.runner import Effort, measurements
from benchmarks.subject import record, request
from kinto_core.server import Server
from kinto_core.testing import make_settings
from kinto_core.testing.factories import make_event
from kinto_core.testing.services import PostgresqlServer, running_postgresql

DATABASES = ("SQLite", "PostgreSQL")
PLUGIN = "benchmarks.event_consumer"
CONNECTIONS = 8
_CLI = (sys.executable, "-m", "kinto_core.cli")
_INI = """\
[server:main]
host = 127.0.0.1
port = {port}

[app:main]
use = egg:kinto-core
kinto.storage_url = {url}
kinto.workers = 2
kinto.threads = 4
kinto.multiauth.policies = basicauth
kinto.userid_hmac_secret = only for a benchmark
kinto.includes = {includes}
"""


@dataclass(frozen=True)
class Place:
    """Where one server keeps its things.

    Attributes:
        folder: for settings, logs, the notes of the consumer, and the SQLite file.
        url: of the database.
        pids: of the database's processes.
    """

    folder: Path
    url: str
    pids: Sequence[int]

    def environ(self) -> Mapping[str, str]:
        """Variables of its processes."""
        return {FOLDER: str(self.folder)}

    def write(self, *, includes: str = PLUGIN) -> tuple[Path, int]:
        """Write the settings and make the tables; gives the settings file and the port."""
        ini, port = self.folder / "kinto.ini", free_port()
        url = self.url.replace("%", "%%")
        ini.write_text(_INI.format(port=port, url=url, includes=includes), encoding="utf-8")
        run([*_CLI, "migrate", "--ini", ini, "--quiet"])
        return ini, port


@contextmanager
def new_place(database: str, postgresql: PostgresqlServer) -> Iterator[Place]:
    """A folder and an empty database; both are gone with the block."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="kinto-bench-")))
        if database == "SQLite":
            yield Place(folder, f"sqlite:///{folder / 'kinto.db'}", [])
        else:
            url = stack.enter_context(postgresql.database())
            yield Place(folder, url, [postgresql.pid or 0])


@contextmanager
def serving(place: Place, ini: Path, port: int, *, notes_commits: bool = False) -> Iterator[int]:
    """An HTTP server; gives its process id."""
    environ = {**place.environ(), **({"KINTO_BENCH_NOTES_COMMITS": "1"} if notes_commits else {})}
    command: list[str | Path] = [*_CLI, "serve", "--ini", ini, "--quiet"]
    with running(command, port=port, log=place.folder / "serve.log", environ=environ) as pid:
        yield pid


@contextmanager
def relaying(place: Place, ini: Path) -> Iterator[int]:
    """A relay; gives its process id."""
    with (place.folder / "relay.log").open("wb") as log:
        process = subprocess.Popen(  # noqa: S603  our own command
            [*_CLI, "relay", "--ini", str(ini)],
            env={**os.environ, **place.environ()},
            stdout=log,
            stderr=log,
        )
    try:
        yield process.pid
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=30)


@contextmanager
def open_transaction(url: str) -> Iterator[None]:
    """A transaction of somebody else that has written something and does not end."""
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE somebody_elses (x int)")
        yield
        connection.rollback()


def measure_latency(
    database: str, postgresql: PostgresqlServer, seconds: float, *, rate: int, disturbed: bool
) -> Latency:
    """From the commit of single writes to the call of the consumer, at a steady rate."""
    with ExitStack() as stack:
        place = stack.enter_context(new_place(database, postgresql))
        ini, port = place.write()
        stack.enter_context(serving(place, ini, port, notes_commits=True))
        prepare(client(port), (1,))
        stack.enter_context(relaying(place, ini))
        if disturbed:
            stack.enter_context(open_transaction(place.url))
        headers = {"Authorization": AUTHORIZATION}
        path = records_path("writes")
        requests = [request("POST", path, headers, {"data": record(n)}) for n in range(100)]
        send_at_pace(port, requests, connections=CONNECTIONS, rate=rate, seconds=2)
        before = set(times(place.folder, COMMITTED))
        sent = send_at_pace(port, requests, connections=CONNECTIONS, rate=rate, seconds=seconds)
        committed = {
            id_: at for id_, at in times(place.folder, COMMITTED).items() if id_ not in before
        }
        delivered = _all_delivered(place.folder, set(committed))
    delays = sorted((delivered[id_] - at) / 1e6 for id_, at in committed.items())
    kind = database + (", another transaction stays open" if disturbed else "")
    share = quantiles(delays, n=100)
    return Latency(kind, len(delays), sent / seconds, median(delays), share[98], delays[-1])


def _all_delivered(folder: Path, wanted: set[str], seconds: float = 120) -> Mapping[str, int]:
    """When the consumer got these events; waits until it has them."""
    deadline = time.monotonic() + seconds
    while True:
        found = times(folder, DELIVERED)
        if wanted <= found.keys():
            return found
        if time.monotonic() > deadline:
            message = f"{len(wanted - found.keys())} events were not delivered in {seconds} s"
            raise RuntimeError(message)
        time.sleep(0.2)


def measure_drain(database: str, postgresql: PostgresqlServer, count: int) -> Drain:
    """How fast a relay hands over events that were written while there was none."""
    with new_place(database, postgresql) as place:
        ini, _ = place.write()
        settings = make_settings({"storage_url": place.url, "includes": PLUGIN})
        data = {"written": "for nobody", "text": "x" * 150}
        with Server(settings) as server:
            log = server.event_log
            if log is None:
                raise AssertionError
            wanted: set[str] = set()
            for _ in range(0, count, 500):
                events = [make_event(new=data) for _ in range(500)]
                wanted |= {one.id for one in events}
                with log.database.writing() as connection:
                    log.append(connection, events, server.clock())
        with relaying(place, ini):
            delivered = sorted(_all_delivered(place.folder, wanted).values())
    seconds = (delivered[-1] - delivered[0]) / 1e9
    return Drain(database, len(delivered), len(delivered) / max(seconds, 1e-9))


def measure_throughput(
    database: str, postgresql: PostgresqlServer, effort: Effort
) -> list[Throughput]:
    """Writes a second of three servers in turn: log off, on, and on beside a working relay."""
    kinds = {"off": "", "on, no relay": PLUGIN, "on, relay beside it": PLUGIN}
    with ExitStack() as stack:
        subjects = []
        for name, includes in kinds.items():
            place = stack.enter_context(new_place(database, postgresql))
            ini, port = place.write(includes=includes)
            pids = [stack.enter_context(serving(place, ini, port)), *place.pids]
            if "beside" in name:
                pids.append(stack.enter_context(relaying(place, ini)))
            prepare(client(port), (1,))
            subjects.append(KintoSubject(name=name, port=port, pids=pids, sizes=(1,)))
        figures = list(measurements(subjects, ("create", "update"), effort, tell=_tell))
    found = []
    for scenario in ("create", "update"):
        here = [one for one in summaries(figures) if one.scenario == scenario]
        reference = next(one for one in here if one.subject == "off")
        found += [
            Throughput(
                database,
                scenario,
                one.subject,
                one.per_second,
                one.cpu_ms,
                one.per_second / reference.per_second,
                one.errors,
            )
            for one in here
        ]
    return found


def _tell(figure: Measurement, example: str) -> None:
    line = f"  {figure.scenario:<8} {figure.subject:<20} {figure.per_second:8,.0f}/s"
    print(line, f"{figure.errors} ERRORS: {example}" if figure.errors else "", flush=True)


@click.command()
@click.option("--seconds", default=20.0, show_default=True, help="How long latency is measured.")
@click.option("--rate", default=500, show_default=True, help="Writes a second meanwhile.")
@click.option("--open-seconds", default=60.0, show_default=True, help="With an open transaction.")
@click.option("--drain", default=20_000, show_default=True, help="How many events pile up.")
@click.option("--rounds", default=5, show_default=True, help="Of writing, interleaved.")
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("benchmarks/results"),
    show_default=True,
    help="Folder for event-log.md.",
)
def main(  # noqa: PLR0913  one for each option
    *, seconds: float, rate: int, open_seconds: float, drain: int, rounds: int, out: Path
) -> None:
    """Measure the event log on SQLite and PostgreSQL, both as durable as in production."""
    effort = Effort(rounds=rounds, seconds=3.0, connections=[CONNECTIONS])
    latencies: list[Latency] = []
    drains: list[Drain] = []
    throughputs: list[Throughput] = []
    with running_postgresql({}) as postgresql:
        for database in DATABASES:
            print(f"{database} …", flush=True)
            latencies.append(
                measure_latency(database, postgresql, seconds, rate=rate, disturbed=False)
            )
            print(f"  {latencies[-1]}", flush=True)
            drains.append(measure_drain(database, postgresql, drain))
            print(f"  {drains[-1]}", flush=True)
            throughputs += measure_throughput(database, postgresql, effort)
        disturbed = measure_latency(
            "PostgreSQL", postgresql, open_seconds, rate=rate, disturbed=True
        )
        print(f"  {disturbed}", flush=True)
        latencies.append(disturbed)
    conditions = f"{os.cpu_count()} processors, Python {platform.python_version()}"
    text = markdown(latencies, drains, throughputs, conditions=conditions)
    out.mkdir(parents=True, exist_ok=True)
    (out / "event-log.md").write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main(prog_name="python -m benchmarks.event_log")
