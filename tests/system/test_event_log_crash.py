"""Relays, HTTP workers and the server are killed while clients write: no event is lost or invented.

The full run (`KINTO_TEST_SCALE=1`) makes 10,000 writes with 8 clients to 20 collections on each
database, over 20 kills.
"""

import os
import random
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from tests.system.conftest import StartServer
from tests.system.events_plugin import assert_in_order, kept, uris, without_repeats, write_plugin
from tests.system.events_processes import (
    RunningService,
    events_status,
    relay_service,
    services,
    wait_until,
)
from tests.system.events_writing import (
    COLLECTIONS,
    Client,
    Ledger,
    make_collections,
    read_in_the_end,
    records_of,
)
from tests.system.processes import RunningServer, scaled
from tests.system.wire import Wire, at_once

CLIENTS = 8
WRITES = scaled(10_000, least=400)
KILLS = scaled(20, least=3)


class Killer:
    """Kills one process after the other at random moments, and starts each again.

    Args:
        server: HTTP, with its workers.
        pair: two relays, one of which leads.
        ledger: says how far the clients are.
    """

    def __init__(
        self, server: RunningServer, pair: tuple[RunningService, RunningService], ledger: Ledger
    ) -> None:
        self.server = server
        self.pair = pair
        self.ledger = ledger
        self.dice = random.Random()
        self.kills = 0

    def work(self) -> None:
        """Do all the kills while clients write, and look after the server until they are done."""
        try:
            for number, act in zip(range(KILLS), self._acts(), strict=False):
                share = (number + self.dice.random()) / KILLS
                self._look_after_until(int(WRITES * 0.9 * share))
                act()
                self.kills += 1
            self._look_after_until(WRITES)
        except BaseException as error:
            self.ledger.blame(error)  # else clients would wait for a server that is gone
            raise

    def _look_after_until(self, count: int) -> None:
        """As a service manager does: a server whose workers died too often ends by itself."""
        while not self.ledger.wait_for(count, timeout_seconds=0.2):
            process = self.server.process
            if process is not None and process.poll() is not None:
                self.server.kill()
                self.server.start()

    def _acts(self) -> Iterator[Callable[[], None]]:
        """A shuffled hand of all kinds, again and again; the first three are of different kinds."""
        while True:
            kinds = [self._relay, self._server, self._worker]
            self.dice.shuffle(kinds)
            yield from kinds

    def _relay(self) -> None:
        one = self.dice.choice(self.pair)
        one.kill()
        one.start()

    def _server(self) -> None:
        self.server.kill()
        self.server.start()

    def _worker(self) -> None:
        assert self.server.process is not None
        pid = self.server.process.pid
        rows = subprocess.run(
            ["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True, check=False
        )
        workers = [int(row) for row in rows.stdout.split()]
        if workers:
            os.kill(self.dice.choice(workers), signal.SIGKILL)


def stored_records(port: int) -> dict[str, int]:
    """Timestamps by URI of every record and tombstone."""
    wire = Wire(port)
    return {
        f"{records_of(number)}/{id_}": one["last_modified"]
        for number in range(COLLECTIONS)
        for id_, one in wire.everything(f"{records_of(number)}?_since=0").items()
    }


def test_every_write_is_delivered_whatever_is_killed(
    database: Mapping[str, str], start_server: StartServer, tmp_path: Path
) -> None:
    settings = {**database, **write_plugin(tmp_path)}
    server = start_server("serve", settings)
    pair = (relay_service(tmp_path, settings, "one"), relay_service(tmp_path, settings, "two"))
    ledger = Ledger(WRITES)
    with services(*pair):
        make_collections(Wire(server.port))
        killer = Killer(server, pair, ledger)
        killing = threading.Thread(target=killer.work)
        killing.start()
        at_once(CLIENTS, lambda number: Client(server.port, ledger, number).work())
        killing.join()
        assert not ledger.faults
        stored = read_in_the_end(server, lambda: stored_records(server.port))
        seen = uris(tmp_path)
        wait_until(lambda: set(stored) <= seen(), "every stored record is delivered")
        last = {(one.uri, one.timestamp) for one in kept(tmp_path)}
        wait_until(
            lambda: events_status(tmp_path, settings)[1]["consumers"][0]["lag"] == 0,
            "nobody lacks anything",
        )
    lines = kept(tmp_path)
    assert_in_order(lines)
    changes = [(line.uri, line.timestamp) for line in without_repeats(lines)]
    assert len(changes) == len(set(changes)), "a change is in two events"
    assert last <= set(changes)
    delivered = {change for change in changes if "/records/" in change[0]}
    assert set(ledger.acknowledged) <= delivered  # none is lost
    assert {uri for uri, _ in delivered} == set(stored)  # none is invented
    assert set(stored.items()) <= delivered
    assert not ledger.vetoed & set(stored)
    assert not ledger.vetoed & {uri for uri, _ in changes}
    assert killer.kills == KILLS
