"""Clients that write to many collections while servers die, and remember what they were told."""

import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from tests.system.processes import READY_SECONDS, RunningServer
from tests.system.wire import LOST, Wire

T = TypeVar("T")

COLLECTIONS = 20
BATCH = 5
PAUSE_SECONDS = 0.05
"""Before a client tries again to reach a server that is gone."""


def records_of(number: int) -> str:
    """The list of one of the collections."""
    return f"/buckets/blog/collections/c{number}/records"


def make_collections(wire: Wire) -> None:
    """Create the bucket and its collections."""
    assert wire("PUT", "/buckets/blog").status == 201
    for number in range(COLLECTIONS):
        assert wire("PUT", f"/buckets/blog/collections/c{number}").status == 201


@dataclass
class Ledger:
    """What clients were told; shared by threads.

    Attributes:
        acknowledged: (URI, timestamp) of each write that was answered.
        vetoed: URIs of objects that were to be refused.
        faults: answers that no healthy server gives, and other reasons to end.
    """

    goal: int
    acknowledged: list[tuple[str, int]] = field(default_factory=list)
    vetoed: set[str] = field(default_factory=set)
    faults: list[object] = field(default_factory=list)
    changed: threading.Condition = field(default_factory=threading.Condition)

    @property
    def is_over(self) -> bool:
        """Whether clients may stop."""
        return bool(self.faults) or len(self.acknowledged) >= self.goal

    def acknowledge(self, *written: tuple[str, int]) -> None:
        """The server said that these are stored."""
        with self.changed:
            self.acknowledged += written
            self.changed.notify_all()

    def blame(self, fault: object) -> None:
        """Note what should not be, and end everything."""
        with self.changed:
            self.faults.append(fault)
            self.changed.notify_all()

    def wait_for(self, count: int, timeout_seconds: float) -> bool:
        """Wait until so many writes were acknowledged, or something is wrong."""
        with self.changed:
            return self.changed.wait_for(
                lambda: len(self.acknowledged) >= count or bool(self.faults), timeout_seconds
            )


class Client:
    """Creates and changes records until the goal is reached, whatever happens to the server.

    Args:
        port: of the server.
        ledger: of all clients.
        number: of this one; part of its ids.
    """

    def __init__(self, port: int, ledger: Ledger, number: int) -> None:
        self.wire = Wire(port)
        self.ledger = ledger
        self.number = number
        self.dice = random.Random(number)
        self.step = 0
        self.mine: list[str] = []

    def work(self) -> None:
        """Write; one without an answer is not tried again, for nobody knows what became of it."""
        while not self.ledger.is_over:
            self.step += 1
            try:
                self._write()
            except LOST:
                time.sleep(PAUSE_SECONDS)

    def _write(self) -> None:
        throw = self.dice.random()
        name = f"k{self.number}-s{self.step}"
        if throw < 0.1:
            self._vetoed(name)
        elif throw < 0.2:
            self._batch(name)
        elif throw < 0.4 and self.mine:
            self._single(self.dice.choice(self.mine), {200})
        else:
            uri = f"{records_of(self.dice.randrange(COLLECTIONS))}/{name}"
            if self._single(uri, {201}):
                self.mine.append(uri)

    def _single(self, uri: str, expected: set[int]) -> bool:
        answer = self.wire("PUT", uri, {"data": {"step": self.step}})
        if answer.status == 503:  # the server ends, or has just begun
            return False
        if answer.status not in expected:
            self.ledger.blame(answer)
            return False
        self.ledger.acknowledge((uri, answer.body["data"]["last_modified"]))
        return True

    def _vetoed(self, name: str) -> None:
        uri = f"{records_of(self.dice.randrange(COLLECTIONS))}/{name}"
        with self.ledger.changed:
            self.ledger.vetoed.add(uri)
        answer = self.wire("PUT", uri, {"data": {"veto": True}})
        if answer.status not in {403, 503}:
            self.ledger.blame(answer)

    def _batch(self, name: str) -> None:
        """Records in several collections, in one transaction."""
        numbers = [self.dice.randrange(COLLECTIONS) for _ in range(BATCH)]
        paths = [f"{records_of(number)}/{name}-b{at}" for at, number in enumerate(numbers)]
        requests: list[dict[str, Any]] = [
            {"method": "PUT", "path": path, "body": {"data": {"step": self.step}}} for path in paths
        ]
        answer = self.wire("POST", "/batch", {"requests": requests})
        if answer.status == 503:
            return
        if answer.status != 200 or any(one["status"] != 201 for one in answer.body["responses"]):
            self.ledger.blame(answer)
            return
        stamps = [one["body"]["data"]["last_modified"] for one in answer.body["responses"]]
        self.ledger.acknowledge(*zip(paths, stamps, strict=True))


def read_in_the_end(server: RunningServer, read: Callable[[], T]) -> T:
    """What is read once the server got over the last kill; one that gave up is started again."""
    deadline = time.monotonic() + READY_SECONDS
    while True:
        if server.process is not None and server.process.poll() is not None:
            server.kill()
            server.start()
        try:
            return read()
        except LOST:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)  # a worker that starts has no event to wait for
