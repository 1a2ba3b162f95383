"""PostgreSQL: a transaction that stays open after it wrote its events hides none and delays nobody.

Its events were numbered early and become visible late. The full run (`KINTO_TEST_SCALE=1`) keeps it
open for a minute, the short one for three seconds.
"""

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from functools import partial

import pytest

from kinto_core.database.engine import Connection
from kinto_core.eventlog.consumer import Consumer
from kinto_core.eventlog.interface import LoggedEvent
from kinto_core.eventlog.opening import Machinery, open_event_log
from kinto_core.eventlog.relay import Relay
from kinto_core.eventlog.retention import Retention
from kinto_core.eventlog.sql import SqlEventLog
from kinto_core.events.event import Change, ResourceChanged
from kinto_core.resources.access import Caller
from kinto_core.resources.addresses import object_address
from kinto_core.resources.bodies import ObjectBody
from kinto_core.resources.calls import Call
from kinto_core.resources.writing import replace as put
from kinto_core.server import Server
from kinto_core.testing import make_settings
from kinto_core.testing.contracts.lists import retrying
from kinto_core.transactions import Transaction
from tests.system.events_processes import wait_until
from tests.system.processes import SCALE, scaled
from tests.system.wire import at_once

HELD_SECONDS = 60 if SCALE >= 1 else 3
WRITERS = 4
QUICK = [f"quick{number}" for number in range(6)]
SLOW = ["slow0", "slow1"]
PATIENCE_SECONDS = 120


class HeldLog(SqlEventLog):
    """An event log whose transactions stay open once their events are written."""

    written = threading.Event()
    release = threading.Event()

    def append(
        self, connection: Connection, events: Sequence[ResourceChanged], moment: int
    ) -> None:
        """Write the events and wait."""
        super().append(connection, events, moment)
        connection.flush()
        self.written.set()
        assert self.release.wait(PATIENCE_SECONDS)


@dataclass
class Receiver:
    """A consumer that keeps what it got in memory."""

    events: list[LoggedEvent] = field(default_factory=list)

    def deliver(self, events: Sequence[LoggedEvent]) -> None:
        """Keep them."""
        self.events += events

    def changes(self) -> list[Change]:
        """Every change until now, in order."""
        return [change for one in list(self.events) for change in one.event.changes]

    def uris(self) -> set[str]:
        """The objects that were changed."""
        return {change.uri for change in self.changes()}


@dataclass(frozen=True)
class Writing:
    """Writes records in transactions of a server, several collections at once."""

    server: Server
    machinery: Machinery

    def put(self, *paths: str) -> set[str]:
        """Write objects in one transaction, as a batch does; gives their URIs."""
        return retrying(lambda: self._put(paths))

    def _put(self, paths: Sequence[str]) -> set[str]:
        server = self.server
        with Transaction(replace(server.backends, event_log=self.machinery)) as tx:
            for path in paths:
                parts = path.split("/")[1:]
                kind = server.types.by_name[parts[-2].removesuffix("s")]
                body = ObjectBody({"written": "now"}, None)
                call = Call(read=partial(_given, body), caller=Caller("alice"))
                put(tx, server.rules, object_address(kind, parts[1::2]), call)
        return set(paths)


def _given(body: ObjectBody) -> ObjectBody:
    return body


def record(collection: str, name: str) -> str:
    """The URI of a record."""
    return f"/buckets/b/collections/{collection}/records/{name}"


@pytest.fixture
def server(postgresql_url: str) -> Iterator[Server]:
    """A server on an empty PostgreSQL database."""
    settings = {"storage_url": postgresql_url, "storage_busy_timeout_seconds": "100"}
    settings |= {"storage_statement_timeout_seconds": "100"}
    with Server(make_settings(settings)) as server:
        server.migrate()
        yield server


@pytest.fixture
def receiver() -> Receiver:
    """Who gets the events."""
    return Receiver()


@pytest.fixture
def writing(server: Server, receiver: Receiver) -> Iterator[Writing]:
    """Collections to write to, and a relay that works."""
    machinery = open_event_log(server.storage.database)
    consumer = Consumer(name="receiver", deliver=receiver.deliver, from_start=True)
    relay = Relay(machinery, [consumer], Retention(86400, 100_000), server.clock)
    thread = threading.Thread(target=relay.run)
    with ExitStack() as stack:
        stack.callback(machinery.close)
        made = Writing(server, machinery)
        made.put("/buckets/b", *(f"/buckets/b/collections/{name}" for name in (*QUICK, *SLOW)))
        thread.start()
        stack.callback(thread.join)
        stack.callback(relay.stop)
        yield made


def assert_each_list_in_order(receiver: Receiver) -> None:
    """Offsets have no gaps and rise; in each list, timestamps rise with them."""
    offsets = [one.offset for one in receiver.events]
    assert offsets == list(range(1, len(offsets) + 1))
    latest: dict[str, int] = {}
    for change in receiver.changes():
        assert change.timestamp > latest.get(change.parent_uri + change.resource_name, 0)
        latest[change.parent_uri + change.resource_name] = change.timestamp


def test_events_of_a_transaction_that_stays_open_are_neither_lost_nor_in_the_way(
    writing: Writing, receiver: Receiver
) -> None:
    held = HeldLog(writing.server.storage.database)
    slowly = replace(writing, machinery=replace(writing.machinery, log=held))
    late = [record(name, f"late{number}") for number in range(5) for name in SLOW]
    expected = writing.put(record("slow0", "before"))
    holder = threading.Thread(target=slowly.put, args=late)
    holder.start()
    try:
        assert held.written.wait(PATIENCE_SECONDS)
        end = time.monotonic() + HELD_SECONDS  # how long it is open is what is tested

        def write_meanwhile(writer: int) -> set[str]:
            done: set[str] = set()
            step = 0
            while time.monotonic() < end:
                step += 1
                names = [QUICK[(writer + step) % len(QUICK)], QUICK[step % len(QUICK)]]
                pair = {record(name, f"w{writer}-{step}") for name in names}
                done |= writing.put(*sorted(pair))
                time.sleep(0.005)
            return done

        for found in at_once(WRITERS, write_meanwhile):
            expected |= found
        # Everybody else has been served while it is still open.
        wait_until(lambda: expected <= receiver.uris(), "events of others are delivered")
        assert not set(late) & receiver.uris()
        followers = [
            threading.Thread(target=writing.put, args=(record(name, "after"),)) for name in SLOW
        ]
        for follower in followers:
            follower.start()
    finally:
        held.release.set()
        holder.join()
    for follower in followers:
        follower.join()
    expected |= {*late, *(record(name, "after") for name in SLOW)}
    wait_until(lambda: expected <= receiver.uris(), "late events are delivered, and those behind")
    changed = [change.uri for change in receiver.changes() if change.resource_name == "record"]
    assert len(changed) == len(set(changed))
    assert set(changed) == expected
    assert_each_list_in_order(receiver)


def test_batches_over_many_collections_keep_the_order_of_each(
    writing: Writing, receiver: Receiver
) -> None:
    def write(writer: int) -> set[str]:
        done: set[str] = set()
        for step in range(scaled(400)):
            names = {QUICK[writer], QUICK[step % len(QUICK)], QUICK[(writer * step) % len(QUICK)]}
            done |= writing.put(*sorted(record(name, f"w{writer}-{step}") for name in names))
        return done

    expected = set().union(*at_once(WRITERS, write))
    wait_until(lambda: expected <= receiver.uris(), "every event is delivered")
    assert_each_list_in_order(receiver)
