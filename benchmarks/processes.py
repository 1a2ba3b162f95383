"""Starts servers and tells how much processor time a tree of processes has used."""

import contextlib
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

START_SECONDS = 60
_TICKS = os.sysconf("SC_CLK_TCK")


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
    return port


@contextmanager
def running(
    command: Sequence[str | Path],
    *,
    port: int,
    log: Path,
    environ: Mapping[str, str] | None = None,
) -> Iterator[int]:
    """Start a server; gives its process id and ends with the block.

    Args:
        command: the program and its arguments.
        port: on which it is going to listen.
        log: file for its output.
        environ: variables to add.

    Raises:
        RuntimeError: it does not listen in time; shows the end of its output.
    """
    with log.open("wb") as output:
        process = subprocess.Popen(  # noqa: S603  the programs are named in this package
            command,
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**os.environ, **(environ or {})},
            start_new_session=True,
        )
    try:
        _wait(process, port, log)
        yield process.pid
    finally:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=15)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def run(command: Sequence[str | Path], *, cwd: Path | None = None) -> None:
    """Run a program to its end.

    Raises:
        RuntimeError: it fails; shows its output.
    """
    result = subprocess.run(  # noqa: S603  the programs are named in this package
        command, check=False, capture_output=True, text=True, cwd=cwd
    )
    if result.returncode != 0:
        message = f"{' '.join(map(str, command))} failed:\n{result.stdout}{result.stderr}"
        raise RuntimeError(message)


def _wait(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        if process.poll() is not None or time.monotonic() > deadline:
            message = f"it does not listen:\n{log.read_text(errors='replace')[-3000:]}"
            raise RuntimeError(message)
        time.sleep(0.05)


def cpu_seconds(roots: Sequence[int]) -> float:
    """Processor time used so far by processes and all below them, ended ones included."""
    parents: dict[int, int] = {}
    used: dict[int, int] = {}
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        with contextlib.suppress(OSError):
            # After the name in brackets: state, parent, …, times of itself and of ended children.
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
            parents[int(folder.name)] = int(fields[1])
            used[int(folder.name)] = sum(int(one) for one in fields[11:15])
    total = sum(ticks for pid, ticks in used.items() if _is_below(pid, roots, parents))
    return total / _TICKS


def resident_bytes(root: int) -> int:
    """Memory of a process and all below it, what they share counted once (PSS)."""
    parents: dict[int, int] = {}
    for folder in Path("/proc").iterdir():
        with contextlib.suppress(OSError, ValueError):
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
            parents[int(folder.name)] = int(fields[1])
    total = 0
    for pid in parents:
        if _is_below(pid, (root,), parents):
            with contextlib.suppress(OSError):
                text = Path(f"/proc/{pid}/smaps_rollup").read_text()
                total += int(text.partition("\nPss:")[2].split()[0]) * 1024
    return total


def _is_below(pid: int, roots: Sequence[int], parents: Mapping[int, int]) -> bool:
    while pid:
        if pid in roots:
            return True
        pid = parents.get(pid, 0)
    return False
