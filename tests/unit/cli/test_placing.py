"""Which worker process runs on which processor."""

import os
import subprocess
import sys

import pytest

from kinto_core.cli.placing import Processors

AVAILABLE = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []

WORKERS = """
import os, signal
from kinto_core.cli.placing import Processors
count = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1
processors = Processors(count)
if count == 1:
    assert processors.take() is None
    print("good")
    raise SystemExit
def begin():
    ready, tell = os.pipe()
    process = os.fork()
    if process == 0:
        taken = processors.take()
        assert os.sched_getaffinity(0) == {taken}
        os.write(tell, b"%d" % taken)
        signal.pause()
    return process, int(os.read(ready, 9))
def end(process):
    os.kill(process, signal.SIGKILL)
    os.waitpid(process, 0)
workers = [begin() for _ in range(count)]
assert len({taken for _, taken in workers}) == count
end(workers[0][0])
process, taken = begin()
assert taken == workers[0][1]
assert len(os.sched_getaffinity(0)) == count
for process, _ in [(process, taken), *workers[1:]]:
    end(process)
print("good")
"""


def test_each_worker_has_one_and_leaves_it_to_the_next() -> None:
    done = subprocess.run(
        [sys.executable, "-c", WORKERS], capture_output=True, check=False, text=True, timeout=60
    )
    assert done.stdout == "good\n", done.stderr


@pytest.mark.parametrize("workers", [0, 1, len(AVAILABLE) + 1])
def test_any_processor_will_do_where_their_number_does_not_fit(workers: int) -> None:
    assert Processors(workers).take() is None
