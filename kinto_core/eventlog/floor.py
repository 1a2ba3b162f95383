"""Where to begin to look for events that have no offset yet; knows no SQL.

Rows that were taken out of the PostgreSQL inbox stay in its index as long as any transaction of the
database server is older: a backup, or somebody else's session. Looking from the very beginning
each time would take longer and longer meanwhile. So the place below which nothing can be any more
is remembered, and which transactions, still open, may yet show something below it.

That rests on one thing: whoever numbers an event holds a list already, and so has its transaction
id by then. When a row with some number is seen, or the number is known to be given out otherwise,
every transaction with a lower number is known to be open or over. Who only looks and takes nothing
learns the same: rows before the first one that it sees are gone.

Source: decisions, sequencing events.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

SETTLING_SECONDS = 1.0
"""Transactions that are over within this time need not be remembered one by one."""


class Scan(NamedTuple):
    """What one look into the inbox came to, all of it at one moment.

    Attributes:
        taken: how many rows were.
        highest: the highest number among them; 0 for none.
        last: the last offset before them.
        is_complete: whether nothing that could be seen was left; else nothing up to ``highest``.
        in_flight: ids of the transactions that were open.
        given: the highest number that is known to be given out, where more is known than rows say.
    """

    taken: int
    highest: int
    last: int
    is_complete: bool
    in_flight: frozenset[int]
    given: int = 0


@dataclass(frozen=True, slots=True)
class Floor:
    """Where to look.

    Attributes:
        number: rows with this number and lower ones are gone, or of transactions in ``held``.
        held: transactions that may have lower rows: id to the number above which those are. Once
            one of them is over, that is where to look.
    """

    number: int = 0
    held: Mapping[int, int] = field(default_factory=dict)


class _Candidate(NamedTuple):
    """A floor to be: once those who were open then are over, it holds for all but the others."""

    number: int
    in_flight: frozenset[int]
    since: float


class _Promise(NamedTuple):
    """A floor that is true if the scan it was made of was committed."""

    floor: Floor
    last: int


class FloorKeeper:
    """Raises the floor, scan by scan; see the module. For one thread at a time."""

    def __init__(self) -> None:
        self.floor = Floor()
        self._highest = 0
        self._candidate: _Candidate | None = None
        self._promise: _Promise | None = None

    def note(self, scan: Scan, now: float) -> None:
        """Learn from a scan that began at ``floor``, whether or not it is going to be committed.

        Args:
            scan: what it came to.
            now: a clock that only goes on, in seconds.
        """
        promise, self._promise = self._promise, None
        if promise is not None:
            if scan.last >= promise.last:
                self.floor = promise.floor
            else:  # the scan before was undone, or the database is that of an earlier day
                self.floor, self._candidate, self._highest = Floor(), None, 0
        self._promise = _Promise(self._after(scan, now), scan.last + scan.taken)
        self._highest = max(self._highest, scan.highest, scan.given)

    def _after(self, scan: Scan, now: float) -> Floor:
        """The floor once everything that this scan saw is gone."""
        number, before = self.floor.number, self._candidate
        still: dict[int, int] = {}
        for id_, low in self.floor.held.items():
            if id_ in scan.in_flight:
                still[id_] = low
            elif not scan.is_complete and scan.highest < number:
                still[id_] = max(low, scan.highest)  # it is over, and has more
        if before is None or now - before.since >= SETTLING_SECONDS:
            self._candidate = _Candidate(self._highest, scan.in_flight, now)
        if before is None or now - before.since < SETTLING_SECONDS:
            return Floor(number, still)
        raised = before.number if scan.is_complete else min(before.number, scan.highest)
        if raised > number:
            for id_ in before.in_flight & scan.in_flight:
                still.setdefault(id_, number)
            number = raised
        return Floor(number, still)
