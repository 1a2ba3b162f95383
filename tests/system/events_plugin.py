"""A plugin with durable consumers, written into the folder of a server under test.

Its consumers write what they get into files, and are steered by files: what several processes do is
seen and driven from outside, without a server between.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

PLUGIN = '''
"""Consumers that keep what they get in files beside this module."""

import json
import os
from pathlib import Path

from kinto_core import hookimpl
from kinto_core.errors import Refused
from kinto_core.eventlog import Consumer

HERE = Path(__file__).parent


def keeper(name):
    """Appends each change to a file that is on the disk before it returns."""

    def deliver(events):
        lines = [
            json.dumps([one.offset, one.event.id, change.uri, change.timestamp])
            for one in events
            for change in one.event.changes
        ]
        # The line before may be torn, when this process was killed while it wrote.
        with (HERE / f"{name}.jsonl").open("a") as file:
            file.write("\\n" + "\\n".join(lines))
            file.flush()
            os.fsync(file.fileno())

    return deliver


def picky(events):
    """Refuses batches with a record whose id begins with "poison"."""
    for one in events:
        for change in one.event.changes:
            if change.object_id.startswith("poison"):
                raise ValueError(f"cannot digest {change.uri}")
    keeper("picky")(events)


CONSUMERS = {"ledger": keeper("ledger"), "picky": picky, "late": keeper("late")}


@hookimpl
def register_consumers(server):
    """Those that the environment names."""
    names = os.environ.get("CONSUMERS", "ledger").split()
    return [Consumer(name=name, deliver=CONSUMERS[name]) for name in names]


@hookimpl
def resource_changed(event):
    """Refuse objects that ask for it."""
    for impacted in event.impacted_objects:
        if impacted["new"].get("veto"):
            raise Refused("vetoed")
'''


@dataclass(frozen=True, slots=True)
class Kept:
    """One change that a consumer wrote down."""

    offset: int
    event_id: str
    uri: str
    timestamp: int

    @property
    def list_uri(self) -> str:
        """What the object is in: its URI without its id."""
        return self.uri.rpartition("/")[0]


def write_plugin(folder: Path, consumers: str = "ledger") -> Mapping[str, str]:
    """Write the module ``keeping`` into a folder; gives the settings that enable it.

    Args:
        folder: where the server will run.
        consumers: names of ``ledger``, ``picky`` and ``late``, with spaces.
    """
    text = PLUGIN.replace('"CONSUMERS", "ledger"', f'"CONSUMERS", "{consumers}"')
    (folder / "keeping.py").write_text(text)
    return {"INCLUDES": "keeping"}


def kept(folder: Path, name: str = "ledger") -> list[Kept]:
    """What a consumer wrote down, repeats included, in the order of its lines."""
    file = folder / f"{name}.jsonl"
    if not file.exists():
        return []
    found = []
    for line in file.read_text().splitlines():
        try:
            values = json.loads(line)
        except ValueError:
            continue  # empty, or torn by a kill
        found.append(Kept(*values))
    return found


def without_repeats(lines: list[Kept]) -> list[Kept]:
    """The first line of each (event id, URI), as a careful receiver does."""
    first: dict[tuple[str, str], Kept] = {}
    for line in lines:
        first.setdefault((line.event_id, line.uri), line)
    return list(first.values())


def assert_in_order(lines: list[Kept]) -> None:
    """Offsets have no gaps and do not change; in each list, events stand by their timestamps."""
    events = {line.offset: line.event_id for line in lines}
    assert sorted(events) == list(range(1, len(events) + 1))
    assert len(set(events.values())) == len(events)
    assert {(line.offset, line.event_id) for line in lines} == set(events.items())
    unique = without_repeats(lines)
    offsets = [line.offset for line in unique]
    assert offsets == sorted(offsets), "a new event came after later ones"
    latest: dict[str, int] = {}
    for line in unique:
        assert line.timestamp > latest.get(line.list_uri, 0), f"{line} is out of order"
        latest[line.list_uri] = line.timestamp


def uris(folder: Path, name: str = "ledger") -> Callable[[], set[str]]:
    """Gives the URIs that a consumer has by now, each time it is called."""
    return lambda: {line.uri for line in kept(folder, name)}
