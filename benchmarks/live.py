"""Command ``python -m benchmarks.live``: streams beside the ceiling and PocketBase's realtime."""

import asyncio
import json
import os
import platform
import resource
import statistics
import sys
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import click
import uvloop

from benchmarks.live_listeners import Listener, Receipts, connected
from benchmarks.live_subjects import (
    STALLED_SUBSCRIPTIONS,
    LiveSubject,
    bare_broadcast,
    is_there,
    ours,
    pocketbase_realtime,
)
from benchmarks.processes import cpu_seconds, resident_bytes
from kinto_core.testing.services import running_postgresql

PER_SECOND = 20
SENT, ANSWERED = range(2)
SETTLE_SECONDS = 10.0
"""How long to wait for what has not arrived yet, at the end of a run."""

QUIET_SECONDS = 1.0
WARMING = 5
"""So many times fewer subscribers come before those whose memory is measured."""

_HEAD = """\
| server | p50 ms | p99 ms | p50 ms from the request | CPU µs per delivery | of all processes | \
KiB per idle connection | lost | p99 ms beside a greedy reader | beside a stalled one |
| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |
"""


@dataclass(frozen=True, kw_only=True)
class Figures:
    """One run.

    Attributes:
        median_ms, slow_ms: from the answer to the write until it was received; half and 99 % of
            all receipts came sooner.
        whole_ms: from sending the write until it was received, the median.
        cpu_us, all_cpu_us: of the process that sends, and of all, per delivery.
        lost: deliveries that did not come.
    """

    median_ms: float
    slow_ms: float
    whole_ms: float
    cpu_us: float
    all_cpu_us: float
    lost: int


@dataclass(frozen=True, kw_only=True)
class Row:
    """What is told of one server; ``None`` where it was not measured."""

    name: str
    plain: Figures
    idle_bytes: float
    greedy_ms: float | None = None
    stalled_ms: float | None = None


class Meter:
    """Measures one server with subscribers that stay connected.

    Args:
        subject: the server.
        count: of subscribers.
        writes: in one run.
        rounds: how often each thing is measured; the medians are told.
    """

    def __init__(self, subject: LiveSubject, count: int, writes: int, rounds: int) -> None:
        self._subject = subject
        self._count = count
        self._writes = writes
        self._rounds = rounds
        self._first = 0
        self._receipts = Receipts()

    async def row(self) -> Row:
        """Measure everything."""
        first = self._count // WARMING
        listeners = await self._listeners(first)
        before = await self._resident_bytes()
        listeners += await self._listeners(self._count - first)
        idle = (await self._resident_bytes() - before) / (self._count - first)
        await self._run()  # what runs for the first time is slower
        plain = [await self._run() for _ in range(self._rounds)]
        greedy, stalled = await self._beside_another()
        for one in listeners:
            one.close()
        return Row(
            name=self._subject.name,
            plain=_medians(plain),
            idle_bytes=idle,
            greedy_ms=greedy,
            stalled_ms=stalled,
        )

    async def _beside_another(self) -> tuple[float | None, float | None]:
        """The slowest of the others, while one gets much, and while it does not read that."""
        if self._subject.greedy is None:
            return None, None
        found: dict[bool, list[float]] = {False: [], True: []}
        for is_stalled in [False, True] * self._rounds:
            (other,) = await connected(self._subject.port, [self._subject.greedy], Receipts())
            if is_stalled:
                other.stall()
            found[is_stalled].append((await self._run()).slow_ms)
            other.close()
        return statistics.median(found[False]), statistics.median(found[True])

    async def _resident_bytes(self) -> int:
        """The memory of what sends, once it is quiet."""
        await asyncio.sleep(QUIET_SECONDS)
        return sum(map(resident_bytes, self._subject.streaming))

    async def _listeners(self, count: int) -> list[Listener]:
        """Subscribers that are ready in every respect."""
        greeting = self._subject.greeting
        listeners = await connected(self._subject.port, [greeting] * count, self._receipts)
        loop = asyncio.get_running_loop()
        with ThreadPoolExecutor(8) as pool:
            finish = self._subject.finish
            await asyncio.gather(
                *(loop.run_in_executor(pool, finish, one.ready.result()) for one in listeners)
            )
        return listeners

    async def _run(self) -> Figures:
        """Write, and wait for what arrives."""
        due = self._writes * self._count
        self._receipts.expect(due)
        used = self._cpu()
        moments = await self._write()
        await self._receipts.wait(SETTLE_SECONDS)
        spent = [after - before for after, before in zip(self._cpu(), used, strict=True)]
        whole, delays = (
            sorted(
                max(0.0, received - both[which]) * 1000
                for number, both in moments.items()
                for received in self._receipts.times.get(number, ())
            )
            for which in (SENT, ANSWERED)
        )
        got = len(delays)
        if not got:
            message = f"{self._subject.name}: nothing arrived; see what the server has logged"
            raise RuntimeError(message)
        return Figures(
            median_ms=delays[got // 2],
            slow_ms=delays[got * 99 // 100],
            whole_ms=whole[got // 2],
            cpu_us=spent[0] / got * 1e6,
            all_cpu_us=spent[1] / got * 1e6,
            lost=due - got,
        )

    def _cpu(self) -> tuple[float, float]:
        """Seconds used by what sends, and by all."""
        streaming = cpu_seconds(self._subject.streaming)
        return streaming, streaming + cpu_seconds(self._subject.others)

    async def _write(self) -> dict[int, tuple[float, float]]:
        """When each write was sent and answered, by its number."""
        plan = {**self._subject.write, "first": self._first, "count": self._writes}
        self._first += self._writes
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "benchmarks.live_writer"),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        text = json.dumps({**plan, "per_second": PER_SECOND}).encode()
        output, errors = await process.communicate(text)
        if process.returncode:
            raise RuntimeError(errors.decode(errors="replace"))
        return {int(number): tuple(both) for number, both in json.loads(output).items()}


def _medians(runs: Sequence[Figures]) -> Figures:
    """The median of each figure; what was lost is added up."""
    return Figures(
        median_ms=statistics.median(one.median_ms for one in runs),
        slow_ms=statistics.median(one.slow_ms for one in runs),
        whole_ms=statistics.median(one.whole_ms for one in runs),
        cpu_us=statistics.median(one.cpu_us for one in runs),
        all_cpu_us=statistics.median(one.all_cpu_us for one in runs),
        lost=sum(one.lost for one in runs),
    )


@contextmanager
def _subjects(folder: Path) -> Iterator[list[LiveSubject]]:
    """All servers, running; PocketBase where it is installed."""
    with ExitStack() as stack:
        enter = stack.enter_context
        subjects = [enter(bare_broadcast(folder))]
        subjects.append(enter(ours(folder, name="ours, SQLite", url=f"sqlite:///{folder}/o.db")))
        postgresql = enter(running_postgresql({}))
        url = enter(postgresql.database())
        pids = [postgresql.pid or 0]
        subjects.append(enter(ours(folder, name="ours, PostgreSQL", url=url, pids=pids)))
        if is_there("pocketbase"):
            subjects.append(enter(pocketbase_realtime(folder)))
        yield subjects


def markdown(rows: Sequence[Row], *, conditions: str) -> str:
    """A page with the table."""
    lines = [
        f"| {row.name} | {row.plain.median_ms:.1f} | {row.plain.slow_ms:.1f} | "
        f"{row.plain.whole_ms:.1f} | "
        f"{row.plain.cpu_us:.1f} | {row.plain.all_cpu_us:.1f} | {row.idle_bytes / 1024:.1f} | "
        f"{row.plain.lost} | {_or_nothing(row.greedy_ms)} | {_or_nothing(row.stalled_ms)} |"
        for row in rows
    ]
    return f"# Live streams\n\n{conditions}\n\n{_HEAD}" + "\n".join(lines) + "\n"


def _or_nothing(value: float | None) -> str:
    return "" if value is None else f"{value:.1f}"


def _conditions(count: int, writes: int, rounds: int) -> str:
    return (
        f"{count:,} subscribers to one collection, {PER_SECOND} writes a second of records of "
        f"250 bytes, {writes} writes in each of {rounds} rounds; medians of the rounds. Time is "
        "from the answer to the write until a subscriber has it; all subscribers are one process "
        "on the same machine, which is part of the time. The bare server checks nothing, keeps "
        "nothing and reads no log; PocketBase sends from the process that also writes, so its CPU "
        "has the writes in it, and before it answers, which counts as 0 ms. "
        f"The greedy reader has {STALLED_SUBSCRIPTIONS} subscriptions to the "
        "same collection; the stalled one has, too, and reads nothing. "
        f"{os.cpu_count()} processors, Python {platform.python_version()}."
    )


@click.command()
@click.option("--quick", is_flag=True, help="200 subscribers, one short round.")
@click.option("--subscribers", type=click.IntRange(1), help="How many. [1000]")
@click.option("--rounds", type=click.IntRange(1), help="How often each is measured. [3]")
@click.option("--seconds", type=float, help="How long each time. [10]")
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("benchmarks/results/live.md"),
    show_default=True,
    help="File for the table.",
)
def main(
    *, quick: bool, subscribers: int | None, rounds: int | None, seconds: float | None, out: Path
) -> None:
    """Measure live streams: ours, a bare broadcast, PocketBase's realtime, in one run.

    \b
    Example:
      python -m benchmarks.live --quick --out /tmp/live.md
    """
    count = subscribers or (200 if quick else 1000)
    rounds = rounds or (1 if quick else 3)
    writes = round((seconds or (2.0 if quick else 10.0)) * PER_SECOND)
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    rows = []
    with (
        tempfile.TemporaryDirectory(prefix="kinto-live-") as folder,
        _subjects(Path(folder)) as subjects,
    ):
        for subject in subjects:
            row = uvloop.run(Meter(subject, count, writes, rounds).row())
            print(row, flush=True)
            rows.append(row)
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(markdown(rows, conditions=_conditions(count, writes, rounds)), encoding="utf-8")
    print(f"Wrote {out}")


if __name__ == "__main__":
    main(prog_name="python -m benchmarks.live")
