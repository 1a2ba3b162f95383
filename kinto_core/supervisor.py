"""Keeps a few processes running and stops them together: what ``kinto start`` is made of.

Knows nothing of what the processes do, and imports none of our code. In production a service
manager does this work, and each service runs alone.
"""

import contextlib
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

FIRST_DELAY_SECONDS = 0.5
LONGEST_DELAY_SECONDS = 30.0
STABLE_SECONDS = 30.0
"""A service that ran for this long starts again at once, as if it had never failed."""

GRACE_SECONDS = 5.0
"""How long services may take to stop, before they are killed."""


@dataclass(frozen=True, slots=True)
class Service:
    """A process that an enabled feature needs.

    It stops on SIGTERM. Its standard input ends when the supervisor is gone, however that
    happened; a service that must not outlive it watches that.

    Attributes:
        name: put before each of its lines; unique.
        argv: program and arguments.
        env: variables in addition to ours.
    """

    name: str
    argv: Sequence[str]
    env: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True, eq=False)
class _Running:
    """One service and its present process; mutated at each start."""

    service: Service
    process: subprocess.Popen[str] | None = None
    started: float = 0.0
    failures: int = 0
    due: float = 0.0


def restart_delay(failures: int) -> float:
    """Seconds to wait before the next start, after so many failures in a row."""
    return float(min(FIRST_DELAY_SECONDS * 2 ** max(failures - 1, 0), LONGEST_DELAY_SECONDS))


class Supervisor:
    """Runs services until it is told to stop.

    Args:
        services: started in order; all at once.
        write: gets each line to show, without its end; called from several threads.
    """

    def __init__(self, services: Sequence[Service], write: Callable[[str], None]) -> None:
        self._running = [_Running(service) for service in services]
        self._width = max((len(service.name) for service in services), default=0)
        self._write = write
        self._stopping = threading.Event()
        self._wake: queue.SimpleQueue[_Running | None] = queue.SimpleQueue()

    def add(self, service: Service) -> None:
        """Run one more service; may be called from another thread."""
        self._wake.put(_Running(service))

    def stop(self) -> None:
        """Ask `run` to end; may be called from a signal handler or another thread."""
        self._stopping.set()
        self._wake.put(None)

    def run(self) -> None:
        """Start everything and keep it running; returns when all has stopped.

        A process that ends, for whatever reason, is reported and started again after a while.
        """
        try:
            for running in self._running:
                self._start(running)
            while not self._stopping.is_set():
                self._step()
        finally:
            self._stop_all()

    def _step(self) -> None:
        """Wait for the next thing to happen, and do what is due."""
        waiting = [one for one in self._running if one.process is None]
        timeout = min((one.due - time.monotonic() for one in waiting), default=None)
        with contextlib.suppress(queue.Empty):
            ended = self._wake.get(timeout=None if timeout is None else max(timeout, 0.0))
            if ended is not None and ended not in self._running:
                self._width = max(self._width, len(ended.service.name))
                self._running.append(ended)
            elif ended is not None:
                self._note_end(ended)
        for one in self._running:
            is_due = one.process is None and one.due <= time.monotonic()
            if is_due and not self._stopping.is_set():
                self._start(one)

    def _start(self, running: _Running) -> None:
        service = running.service
        running.started = time.monotonic()
        try:
            process = subprocess.Popen(  # noqa: S603  services are named by the operator's plugins
                list(service.argv),
                env={**os.environ, "PYTHONUNBUFFERED": "1", **service.env},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
                start_new_session=True,
            )
        except OSError as error:
            self._say(service, f"cannot be started: {error}")
            self._postpone(running)
            return
        running.process = process
        threading.Thread(target=self._follow, args=(running, process), daemon=True).start()

    def _follow(self, running: _Running, process: subprocess.Popen[str]) -> None:
        """Show the lines of a process until it ends."""
        if process.stdout is not None:
            with process.stdout as output:
                for line in output:
                    self._say(running.service, line.rstrip("\n"))
        process.wait()
        if process.stdin is not None:
            process.stdin.close()
        self._wake.put(running)

    def _note_end(self, running: _Running) -> None:
        process = running.process
        if process is None or self._stopping.is_set():
            return
        _kill_group(process)
        if time.monotonic() - running.started >= STABLE_SECONDS:
            running.failures = 0
        self._say(running.service, f"ended with status {process.returncode}")
        self._postpone(running)

    def _postpone(self, running: _Running) -> None:
        running.process = None
        running.failures += 1
        delay = restart_delay(running.failures)
        running.due = time.monotonic() + delay
        self._say(running.service, f"starts again in {delay:g} s")

    def _stop_all(self) -> None:
        """Ask every process to stop; kill what does not, and whatever they left behind."""
        processes = [one.process for one in self._running if one.process is not None]
        for process in processes:
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(signal.SIGTERM)
        deadline = time.monotonic() + GRACE_SECONDS
        for process in processes:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(max(deadline - time.monotonic(), 0.0))
            _kill_group(process)
            process.wait()

    def _say(self, service: Service, line: str) -> None:
        # Services go on when nobody reads their lines any more, such as after a closed terminal.
        with contextlib.suppress(OSError):
            self._write(f"{service.name:<{self._width}} | {line}")


def supervise(supervisor: Supervisor) -> None:
    """Run its services until Ctrl-C, SIGTERM or a closed terminal; call it from the main thread.

    Signals that are ignored, as under ``nohup``, stay so. The earlier signal handlers are back when
    it returns.
    """
    known = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    signals = [one for one in known if signal.getsignal(one) != signal.SIG_IGN]
    before = {one: signal.signal(one, lambda *_: supervisor.stop()) for one in signals}
    try:
        supervisor.run()
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)


def own_command(*arguments: str) -> tuple[str, ...]:
    """The words that run ``kinto`` with these arguments, in this same Python."""
    return own_module("kinto_core.cli", *arguments)


def own_module(module: str, *arguments: str) -> tuple[str, ...]:
    """The words that run a module with these arguments, in this same Python."""
    return (sys.executable, "-m", module, *arguments)


def _kill_group(process: subprocess.Popen[str]) -> None:
    """Kill what is left of a process and of those that it started."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
