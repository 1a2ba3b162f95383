"""The place below which no event can be any more: a model of transactions puts it to the test."""

import random
from dataclasses import dataclass, field

import pytest

from kinto_core.eventlog.floor import Floor, FloorKeeper, Scan


@dataclass
class Inbox:
    """A database in which transactions write numbered rows and end, as PostgreSQL has them.

    Attributes:
        rows: number to transaction, of rows that were not taken.
        open: ids of transactions that are not over, with the list that each holds.
        taken: numbers in the order in which they were taken.
        lists: the list that each number is about.
    """

    rows: dict[int, int] = field(default_factory=dict)
    open: dict[int, str] = field(default_factory=dict)
    taken: list[int] = field(default_factory=list)
    lists: dict[int, str] = field(default_factory=dict)
    next_id: int = 100
    next_number: int = 1

    def begin(self, name: str) -> int | None:
        """Open a transaction that holds a list, unless another one does."""
        if name in self.open.values():
            return None
        self.next_id += 1
        self.open[self.next_id] = name
        return self.next_id

    def write(self, id_: int) -> None:
        """Number an event."""
        self.rows[self.next_number] = id_
        self.lists[self.next_number] = self.open[id_]
        self.next_number += 1

    def end(self, id_: int, *, commits: bool) -> None:
        """Commit, or undo."""
        del self.open[id_]
        if not commits:
            self.rows = {number: of for number, of in self.rows.items() if of != id_}

    def scan(self, keeper: FloorKeeper, limit: int, now: float, *, commits: bool) -> list[int]:
        """Take rows, as the statement does."""
        floor = keeper.floor
        over = [low for id_, low in floor.held.items() if id_ not in self.open]
        lowest = min(over, default=floor.number)
        seen = sorted(
            number for number, id_ in self.rows.items() if number > lowest and id_ not in self.open
        )
        found = seen[:limit]
        highest = found[-1] if found else 0
        last = len(self.taken)
        is_complete = len(found) < limit
        keeper.note(Scan(len(found), highest, last, is_complete, frozenset(self.open)), now)
        if commits:
            self.taken += found
            for number in found:
                del self.rows[number]
        return found

    def look(self, keeper: FloorKeeper, now: float) -> list[int]:
        """Look at rows without taking them; gives all that were seen."""
        floor = keeper.floor
        over = [low for id_, low in floor.held.items() if id_ not in self.open]
        lowest = min(over, default=floor.number)
        committed = sorted(number for number, id_ in self.rows.items() if id_ not in self.open)
        seen = [number for number in committed if number > lowest]
        first = seen[0] if seen else 0
        keeper.note(
            Scan(
                taken=0,
                highest=max(first - 1, 0),
                last=len(self.taken),
                is_complete=not seen,
                in_flight=frozenset(self.open),
                given=self.next_number - 1,
            ),
            now,
        )
        assert seen == committed
        return seen


@pytest.mark.parametrize("seed", range(150))
def test_nothing_is_missed_and_each_list_is_in_order(seed: int) -> None:
    dice = random.Random(seed)
    inbox, keeper, now = Inbox(), FloorKeeper(), 0.0
    looking = FloorKeeper()  # of somebody else, who takes nothing
    limit = dice.choice([2, 3, 5, 50])
    for _ in range(600):
        now += dice.choice([0.01, 0.3])
        throw = dice.random()
        if throw < 0.25:
            inbox.begin(dice.choice("abcdefgh"))
        elif throw < 0.55 and inbox.open:
            inbox.write(dice.choice(list(inbox.open)))
        elif throw < 0.7 and inbox.open:
            # The oldest ones are often left alone, and so live long.
            id_ = dice.choice(list(inbox.open)[dice.choice([0, -1, -2]) :])
            inbox.end(id_, commits=dice.random() < 0.9)
        elif throw < 0.8:
            inbox.look(looking, now)
        else:
            inbox.scan(keeper, limit, now, commits=dice.random() < 0.9)
    for id_ in list(inbox.open):
        inbox.end(id_, commits=True)
    while inbox.scan(keeper, limit, now, commits=True):
        now += 0.5
    assert inbox.look(looking, now) == []
    assert inbox.rows == {}
    for name in "abcdefgh":
        of_list = [number for number in inbox.taken if inbox.lists[number] == name]
        assert of_list == sorted(of_list)


def scan(
    taken: int = 0, *, highest: int = 0, last: int = 0, in_flight: tuple[int, ...] = ()
) -> Scan:
    """A complete scan."""
    return Scan(taken, highest, last, True, frozenset(in_flight))


def test_the_floor_rises_once_everybody_of_then_is_over() -> None:
    keeper = FloorKeeper()
    keeper.note(scan(5, highest=5), 0.0)
    keeper.note(scan(last=5, in_flight=(1,)), 0.5)
    keeper.note(scan(5, highest=10, last=5, in_flight=(1, 2)), 1.0)
    keeper.note(scan(last=10, in_flight=(2, 3)), 2.0)
    assert keeper.floor == Floor(0, {})
    keeper.note(scan(last=10), 2.1)
    assert keeper.floor == Floor(5, {2: 0})


def test_a_scan_that_was_undone_raises_nothing() -> None:
    keeper = FloorKeeper()
    keeper.note(scan(5, highest=5), 0.0)
    keeper.note(scan(5, highest=10, last=5), 1.0)
    keeper.note(scan(5, highest=15, last=10), 2.0)
    keeper.note(scan(5, highest=15, last=10), 2.1)  # the last offset is that of before
    assert keeper.floor.number == 0


def test_a_database_that_was_set_back_is_looked_at_from_the_start() -> None:
    keeper = FloorKeeper()
    for number in range(1, 10):
        keeper.note(scan(1, highest=number, last=number - 1), float(number))
    assert keeper.floor.number > 0
    keeper.note(scan(last=4), 10.0)
    assert keeper.floor == Floor()
    keeper.note(scan(last=4), 12.0)
    keeper.note(scan(last=4), 14.0)
    keeper.note(scan(last=4), 16.0)
    assert keeper.floor == Floor()


def test_who_sees_nothing_learns_from_the_numbers_that_were_given() -> None:
    keeper = FloorKeeper()
    for number in range(1, 100):
        keeper.note(scan(last=number)._replace(given=number), float(number))
    assert keeper.floor.number > 90


def test_a_transaction_that_stays_open_does_not_hold_the_floor() -> None:
    keeper = FloorKeeper()
    for number in range(1, 100):
        done = scan(1, highest=number, last=number - 1, in_flight=(7,))
        keeper.note(done, float(number))
    assert keeper.floor.number > 90
    assert dict(keeper.floor.held) == {7: 0}
