"""Command ``python -m benchmarks``: starts the subjects, measures, writes table and picture."""

import json
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path

import click

from benchmarks.bare import bare
from benchmarks.measurement import Measurement, summaries
from benchmarks.ours import ours
from benchmarks.picture import svg
from benchmarks.pocketbase import pocketbase
from benchmarks.processes import resident_bytes
from benchmarks.reference import install, reference
from benchmarks.report import markdown, wrong_answers
from benchmarks.runner import Effort, measurements
from benchmarks.subject import SCENARIOS, Subject
from kinto_core.testing.services import running_postgresql

SUBJECTS = ("ours-postgresql", "kinto", "ours-sqlite", "pocketbase", "bare")
SMALL, LARGE = 10_000, 100_000


@click.command()
@click.option("--quick", is_flag=True, help="One short round, collections of 10 k only.")
@click.option("--only", help=f"Some of: {', '.join(SCENARIOS)}; with commas.")
@click.option("--servers", help=f"Some of: {', '.join(SUBJECTS)}; with commas.")
@click.option("--rounds", type=click.IntRange(1), help="How often each is measured. [3]")
@click.option("--seconds", type=float, help="How long each time. [3]")
@click.option("--connections", default="8", show_default=True, help="Numbers, with commas.")
@click.option("--workers", default=2, show_default=True, help="HTTP processes of ours.")
@click.option("--threads", default=4, show_default=True, help="Threads of each of them.")
@click.option(
    "--kinto-python",
    type=click.Path(path_type=Path, exists=True),
    help="Python of an environment with the released package. [made in .bench/kinto]",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("benchmarks/results"),
    show_default=True,
    help="Folder for the table, the picture and the raw figures.",
)
def main(  # noqa: PLR0913  one for each option
    *,
    quick: bool,
    only: str | None,
    servers: str | None,
    rounds: int | None,
    seconds: float | None,
    connections: str,
    workers: int,
    threads: int,
    kinto_python: Path | None,
    out: Path,
) -> None:
    """Measure this server beside the released Kinto and PocketBase, in turns, in one run.

    \b
    Examples:
      python -m benchmarks --quick
      python -m benchmarks --only read,create --connections 8,64
    """
    scenarios = _chosen(only, tuple(SCENARIOS))
    names = _chosen(servers, SUBJECTS)
    sizes = (SMALL, LARGE) if "filter-100k" in scenarios and not quick else (SMALL,)
    rounds = rounds or (1 if quick else 3)
    seconds = seconds or (1.0 if quick else 3.0)
    with ExitStack() as stack:
        starter = _Starter(stack, sizes, workers, threads, kinto_python)
        subjects = [starter.start(name) for name in names]
        figures = summaries(
            measurements(
                subjects,
                scenarios,
                Effort(
                    rounds=rounds,
                    seconds=seconds,
                    connections=[int(one) for one in connections.split(",")],
                ),
                tell=_tell,
            )
        )
    conditions = (
        f"Rounds: {rounds}, of {seconds:g} s each, subjects in turn; ours with {workers} "
        f"processes of {threads} threads. Records of 250 bytes."
    )
    _write(out, figures, conditions)
    wrong = wrong_answers(figures)
    if wrong:
        message = f"{wrong} answers of ours were wrong"
        raise click.ClickException(message)


class _Starter:
    """Starts subjects; they end with the stack.

    Args:
        stack: what ends them.
        sizes: of the collections to be read.
        workers, threads: of ours.
        kinto_python: of the released package, or ``None`` to install it.
    """

    def __init__(
        self,
        stack: ExitStack,
        sizes: Sequence[int],
        workers: int,
        threads: int,
        kinto_python: Path | None,
    ) -> None:
        self.stack = stack
        self.sizes = sizes
        self.workers = workers
        self.threads = threads
        self.kinto_python = kinto_python
        self.folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="kinto-bench-")))
        self.postgresql = stack.enter_context(running_postgresql({}))

    def start(self, name: str) -> Subject:
        """Start and fill one of ``SUBJECTS``."""
        print(f"Starting {name} …", flush=True)
        subject = self._start(name)
        megabytes = resident_bytes(subject.pids[0]) / 1e6
        print(f"  {subject.name}: {megabytes:.0f} MB of memory, database not counted", flush=True)
        return subject

    def _start(self, name: str) -> Subject:
        enter = self.stack.enter_context
        if name == "bare":
            return enter(bare(self.folder, workers=self.workers, threads=self.threads))
        if name == "pocketbase":
            return enter(pocketbase(folder=self.folder, sizes=self.sizes))
        if name == "ours-sqlite":
            url = f"sqlite:///{self.folder / 'ours.db'}"
            return self._ours("ours, SQLite", url, [])
        url = enter(self.postgresql.database())
        pids = [self.postgresql.pid or 0]
        if name == "ours-postgresql":
            return self._ours("ours, PostgreSQL", url, pids)
        python = self.kinto_python or install(Path(".bench/kinto").absolute())
        return enter(
            reference(folder=self.folder, python=python, url=url, pids=pids, sizes=self.sizes)
        )

    def _ours(self, name: str, url: str, pids: Sequence[int]) -> Subject:
        return self.stack.enter_context(
            ours(
                folder=self.folder,
                name=name,
                url=url,
                pids=pids,
                sizes=self.sizes,
                workers=self.workers,
                threads=self.threads,
            )
        )


def _chosen(text: str | None, known: Sequence[str]) -> list[str]:
    """The names that an option lists; all when it is not given."""
    names = [name.strip() for name in text.split(",")] if text else list(known)
    for name in names:
        if name not in known:
            message = f"{name!r} is not one of {', '.join(known)}"
            raise click.UsageError(message)
    return names


def _tell(figure: Measurement, example: str) -> None:
    """Show one figure while the run goes on."""
    line = f"{figure.scenario:<13} {figure.subject:<19} {figure.cpu_ms:8.3f} ms CPU "
    line += f"{figure.per_second:9,.0f}/s  p50 {figure.latency_ms:7.2f} ms"
    print(line, f"  {figure.errors} ERRORS: {example}" if figure.errors else "", flush=True)


def _write(out: Path, figures: Sequence[Measurement], conditions: str) -> None:
    out.mkdir(parents=True, exist_ok=True)
    (out / "benchmarks.md").write_text(markdown(figures, conditions=conditions), encoding="utf-8")
    (out / "benchmarks.svg").write_text(svg(figures), encoding="utf-8")
    raw = json.dumps([asdict(one) for one in figures], indent=1)
    (out / "benchmarks.json").write_text(raw + "\n", encoding="utf-8")
    print(f"Wrote {out / 'benchmarks.md'}, benchmarks.svg and benchmarks.json")


if __name__ == "__main__":
    main(prog_name="python -m benchmarks")
