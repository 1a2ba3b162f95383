"""The services of `kinto start`, as processes that can be killed."""

import contextlib
import os
import signal
import subprocess

from tests.system.events_processes import wait_until
from tests.system.processes import RunningServer


def service_pid(server: RunningServer, name: str) -> int | None:
    """The process of a service of `kinto start`; `None` while it does not run."""
    assert server.process is not None
    rows = subprocess.run(
        ["ps", "-o", "pid=,args=", "--ppid", str(server.process.pid)],
        capture_output=True, text=True, check=False,
    ).stdout.splitlines()  # fmt: skip
    found = [int(row.split()[0]) for row in rows if name in row.split()[1:]]
    return found[0] if found else None


def kill_service(server: RunningServer, name: str) -> None:
    """Kill a service of `kinto start`, which starts it again, once it runs."""
    wait_until(lambda: service_pid(server, name) is not None, f"{name} runs")
    pid = service_pid(server, name)
    assert pid is not None
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
