"""Appends every deleted record to a file, once and for all, whatever dies in between."""

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from kinto_core import Action, hookimpl
from kinto_core.eventlog import Consumer, LoggedEvent
from kinto_core.events.selector import Selector

DELETED_RECORDS = Selector(actions=frozenset({Action.DELETE}), resources=frozenset({"record"}))


def append(events: Sequence[LoggedEvent]) -> None:
    """Return once the lines are on the disk: only then are the events done with."""
    with Path("deleted.jsonl").open("a", encoding="utf-8") as file:
        file.writelines(one.text + "\n" for one in events)
        file.flush()
        os.fsync(file.fileno())


@hookimpl
def register_consumers() -> Iterable[Consumer]:
    """One consumer, which gets deletions of records only."""
    return [Consumer(name="deleted_records", deliver=append, selector=DELETED_RECORDS)]
