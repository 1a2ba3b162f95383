"""What the Python client decides, as values; and what its command says of itself."""

import importlib.util
import subprocess
import sys
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.system.live_clients import CLIENTS
from tests.system.live_script import event


def load(name: str) -> Any:  # noqa: ANN401  a module that is in no package
    """A module of the example."""
    spec = importlib.util.spec_from_file_location(name, CLIENTS / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


values = load("live_values")
SIZES = st.lists(st.integers(1, 4), min_size=1, max_size=8)


@given(SIZES, st.lists(st.integers(0, 40), max_size=6))
def test_every_change_is_new_once_wherever_connections_break(
    sizes: list[int], breaks: list[int]
) -> None:
    """Source: docs/reference/live-protocol.md, Events"""
    log = [event(offset, number) for offset, size in enumerate(sizes, 1) for number in range(size)]
    progress = values.Progress()
    progress.begin("e")
    got = []
    for length in [*breaks, len(log)]:
        since = int(progress.position.partition(":")[2])
        missed = [one for one in log if one["offset"] > since]
        got += [one for one in missed[:length] if progress.is_new(one)]
    assert got == log


def test_a_new_epoch_begins_anew() -> None:
    progress = values.Progress()
    progress.begin("e")
    progress.pass_fence(9)
    assert progress.position == "e:9"
    progress.begin("f")
    assert progress.position == "f:0"
    assert progress.is_new(event(1))


def test_a_snapshot_holds_what_is_not_later() -> None:
    held = values.Held(
        {event(4)["uri"]: {"last_modified": 40}, event(6)["uri"]: {"last_modified": 60}}
    )
    assert held.includes(event(4))
    assert not held.includes(event(5))  # not in it: deleted or hidden by now
    assert held.includes(event(6))
    hidden = event(4)
    del hidden["timestamp"]
    assert not held.includes(hidden)
    assert not held.includes(event(4))  # it is seen again
    assert not held.includes(event(7))


def test_pauses_are_random_and_grow_up_to_a_limit() -> None:
    assert max(values.pause_seconds(0) for _ in range(100)) <= 0.5
    late = [values.pause_seconds(10_000) for _ in range(100)]
    assert max(late) <= 30
    assert len(set(late)) > 1


def test_the_command_says_what_it_does() -> None:
    words = [sys.executable, str(CLIENTS / "live_client.py"), "--help"]
    shown = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    assert "LIVE_TOKEN" in shown
    assert "--snapshot" in shown
