"""An empty event log in a SQLite file, and a consumer that keeps what it gets."""

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from kinto_core.database.engine import DatabaseOptions
from kinto_core.database.migrating import migrate
from kinto_core.database.opening import Databases
from kinto_core.eventlog.interface import LoggedEvent
from kinto_core.eventlog.sql import SqlEventLog
from kinto_core.testing.contracts.eventlog import LogUnderTest


@pytest.fixture
def log(tmp_path: Path) -> Iterator[SqlEventLog]:
    """An empty log."""
    with closing(Databases(DatabaseOptions())) as databases:
        database = databases.get(f"sqlite:///{tmp_path / 'kinto.db'}")
        migrate(database)
        yield SqlEventLog(database)


@pytest.fixture
def one(log: SqlEventLog) -> LogUnderTest:
    """Short ways to work on it."""
    return LogUnderTest(log)


@dataclass
class Receiver:
    """Keeps batches, and raises what it is told to.

    Attributes:
        batches: names of the changed objects of each batch that was taken.
        refuses: names of objects that it does not take.
    """

    batches: list[list[str]] = field(default_factory=list)
    refuses: set[str] = field(default_factory=set)

    def deliver(self, events: Sequence[LoggedEvent]) -> None:
        """Take a batch, or refuse it."""
        names = [one.event.changes[0].object_id for one in events]
        for name in names:
            if name in self.refuses:
                message = f"no {name}"
                raise ValueError(message)
        self.batches.append(names)

    @property
    def names(self) -> list[str]:
        """What it got, in order."""
        return [name for batch in self.batches for name in batch]


@pytest.fixture
def receiver() -> Receiver:
    """Takes everything."""
    return Receiver()
