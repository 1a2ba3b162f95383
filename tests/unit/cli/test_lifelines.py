"""Forked workers end with their parent, even when it is killed."""

import os
import signal
import subprocess
import sys

CODE = """
import os, signal, time
from kinto_core.cli.lifelines import tie_children
tie_children(to_supervisor={to_supervisor})
child = os.fork()
if child == 0:
    # Whoever holds this end of the output keeps the test waiting.
    while True:
        signal.pause()
print(child, flush=True)
signal.pause()
"""


def run(*, to_supervisor: bool) -> "subprocess.Popen[str]":
    """A process that has forked one child."""
    process = subprocess.Popen(
        [sys.executable, "-c", CODE.format(to_supervisor=to_supervisor)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert int(process.stdout.readline()) > 0
    return process


def test_a_child_ends_when_its_parent_is_killed() -> None:
    with run(to_supervisor=False) as process:
        os.kill(process.pid, signal.SIGKILL)
        assert process.stdout is not None
        assert process.stdout.read() == ""


def test_parent_and_child_end_when_the_supervisor_is_gone() -> None:
    with run(to_supervisor=True) as process:
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(20) == -signal.SIGTERM
        assert process.stdout is not None
        assert process.stdout.read() == ""
