"""Every process dies at random while clients write: neither Redis nor live clients lack anything.

The full run (`KINTO_TEST_SCALE=1`) makes 10,000 writes with 8 clients to 20 collections on each
database, over 20 kills of HTTP workers, relays, Valkey and the socket server.
"""

import json
import os
import random
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import redis

from kinto_core.embedded_redis import redis_url_of
from kinto_core.settings import load
from tests.system.conftest import StartServer
from tests.system.events_processes import RunningService, services, wait_until
from tests.system.events_writing import (
    COLLECTIONS,
    Client,
    Ledger,
    make_collections,
    read_in_the_end,
    records_of,
)
from tests.system.live_clients import LANGUAGES, ClientProcess, following
from tests.system.processes import RunningServer, environment, free_port, scaled
from tests.system.wire import Wire, at_once

CLIENTS = 8
WRITES = scaled(10_000, least=400)
KILLS = scaled(20, least=5)
STREAM = "kinto:events"
LOOK_SECONDS = 0.5
VETOING = '''
from kinto_core import hookimpl
from kinto_core.errors import Refused


@hookimpl
def resource_changed(event):
    """Refuse objects that ask for it."""
    if any(one["new"].get("veto") for one in event.impacted_objects):
        raise Refused("vetoed")
'''

Change = tuple[str, int]
"""URI and timestamp."""


@dataclass(frozen=True)
class Stack:
    """All processes of a server, each by itself.

    Attributes:
        server: HTTP, with two workers.
        relays: one of them leads.
        valkey, websocket: one each.
        redis_url: of the Valkey server.
    """

    server: RunningServer
    relays: Sequence[RunningService]
    valkey: RunningService
    websocket: RunningService
    redis_url: str

    def told(self) -> list[dict[str, Any]]:
        """The events in the stream, in order and without repeats, as a careful reader has them."""
        with redis.Redis.from_url(self.redis_url) as client:
            try:
                entries = client.xrange(STREAM)
            except redis.RedisError:
                return []
        events = [json.loads(fields[b"event"]) for _, fields in entries]
        return list({event["id"]: event for event in reversed(events)}.values())[::-1]

    def changes(self) -> list[Change]:
        """The changes of records in the stream, in order and without repeats."""
        return [
            (one["uri"], one["timestamp"])
            for event in self.told()
            for one in event["impacted_objects"]
            if "/records/" in one["uri"]
        ]


@pytest.fixture
def stack(
    database: Mapping[str, str], start_server: StartServer, tmp_path: Path
) -> Iterator[Stack]:
    """Everything runs, and there are collections to write to."""
    (tmp_path / "vetoing.py").write_text(VETOING)
    settings = {
        **database,
        "INCLUDES": "vetoing redis_listener websocket",
        "WEBSOCKET_PORT": str(free_port()),
        "WEBSOCKET_MAX_RECOVERED_EVENTS": "100000",
    }
    own = environment(settings)
    given = {name: text for name, text in own.items() if name.startswith("KINTO_")}
    url = in_folder(tmp_path, lambda: redis_url_of(load(environ=given)[0]))
    relays = [RunningService(tmp_path, settings, "relay") for _ in range(2)]
    valkey = RunningService(tmp_path, settings, "valkey")
    websocket = RunningService(tmp_path, settings, "websocket")
    server = start_server("serve", settings)
    with services(valkey, websocket, *relays):
        make_collections(Wire(server.port))
        yield Stack(server, relays, valkey, websocket, url)


class Killer:
    """Kills one process after the other at random moments, and starts each again.

    Args:
        stack: all processes.
        ledger: says how far the clients are.
    """

    def __init__(self, stack: Stack, ledger: Ledger) -> None:
        self.stack = stack
        self.ledger = ledger
        self.dice = random.Random()
        self.kills = 0

    def work(self) -> None:
        """Do all the kills while clients write, and look after the server until they are done."""
        try:
            for number, act in zip(range(KILLS), self._acts(), strict=False):
                share = (number + self.dice.random()) / KILLS
                self._look_after_until(int(self.ledger.goal * 0.9 * share))
                act()
                self.kills += 1
            self._look_after_until(self.ledger.goal)
        except BaseException as error:
            self.ledger.blame(error)  # else clients would wait for a server that is gone
            raise

    def _look_after_until(self, count: int) -> None:
        """As a service manager does: a server whose workers died too often ends by itself."""
        server = self.stack.server
        while not self.ledger.wait_for(count, timeout_seconds=LOOK_SECONDS):
            if server.process is not None and server.process.poll() is not None:
                server.kill()
                server.start()

    def _acts(self) -> Iterator[Callable[[], None]]:
        """A shuffled hand of all kinds, again and again."""
        stack = self.stack
        while True:
            mortal = [self.dice.choice(stack.relays), stack.valkey, stack.websocket]
            kinds: list[Callable[[], None]]
            kinds = [*(partial(again, one) for one in mortal), self._server, self._worker]
            self.dice.shuffle(kinds)
            yield from kinds

    def _server(self) -> None:
        self.stack.server.kill()
        self.stack.server.start()

    def _worker(self) -> None:
        process = self.stack.server.process
        assert process is not None
        command = ["ps", "-o", "pid=", "--ppid", str(process.pid)]
        rows = subprocess.run(command, capture_output=True, text=True, check=False).stdout
        workers = [int(row) for row in rows.split()]
        if workers:
            os.kill(self.dice.choice(workers), signal.SIGKILL)


def again(service: RunningService) -> None:
    """Kill a service and start it."""
    service.kill()
    service.start()


def in_folder(folder: Path, work: Callable[[], str]) -> str:
    """Do something in a working directory."""
    before = Path.cwd()
    os.chdir(folder)
    try:
        return work()
    finally:
        os.chdir(before)


@contextmanager
def watching(url: str) -> Iterator[list[ClientProcess]]:
    """Clients of all languages that have subscribed to everything."""
    with ExitStack() as stack:
        clients = [
            stack.enter_context(following(language, url, "/buckets/blog", snapshot=True))
            for language in LANGUAGES
        ]
        for client in clients:
            client.wait_for(lambda items: len(items) == 1)
        yield clients


def records_told(client: ClientProcess, count: int) -> list[Change]:
    """What a client has, once it has so many changes of records behind its snapshot."""
    items = client.wait_for(lambda items: len(items) > count)
    assert [item["type"] for item in items] == ["snapshot"] + ["event"] * (len(items) - 1)
    names = [(item["id"], item["number"], item["uri"]) for item in items[1:]]
    assert len(names) == len(set(names)), "a client has shown a repeat"
    return [(item["uri"], item["timestamp"]) for item in items[1:]]


def stored_records(port: int) -> dict[str, int]:
    """Timestamps by URI of every record and tombstone."""
    wire = Wire(port)
    return {
        f"{records_of(number)}/{id_}": one["last_modified"]
        for number in range(COLLECTIONS)
        for id_, one in wire.everything(f"{records_of(number)}?_since=0").items()
    }


def assert_in_order(changes: Sequence[Change]) -> None:
    """In each list, changes stand by their timestamps, and none is there twice."""
    latest: dict[str, int] = {}
    for uri, timestamp in changes:
        list_uri = uri.rpartition("/")[0]
        assert timestamp > latest.get(list_uri, 0), f"{uri} at {timestamp} is out of order"
        latest[list_uri] = timestamp


def test_nothing_is_lost_or_invented_whatever_is_killed(stack: Stack) -> None:
    ledger = Ledger(WRITES)
    killer = Killer(stack, ledger)
    port = stack.server.port
    with watching(stack.server.url) as clients:
        killing = threading.Thread(target=killer.work)
        killing.start()
        at_once(CLIENTS, lambda number: Client(port, ledger, number).work())
        killing.join()
        assert not ledger.faults
        assert killer.kills == KILLS
        stored = read_in_the_end(stack.server, lambda: stored_records(port))
        wait_until(lambda: set(stored.items()) <= set(stack.changes()), "Redis has everything")
        changes = stack.changes()
        assert_in_order(changes)
        assert set(ledger.acknowledged) <= set(changes)  # none is lost
        assert {uri for uri, _ in changes} == set(stored)  # none is invented
        assert not ledger.vetoed & set(stored)
        for client in clients:
            assert records_told(client, len(changes)) == changes


def test_writes_go_on_while_redis_is_away_and_arrive_in_order(stack: Stack) -> None:
    ledger = Ledger(0)

    def write(count: int) -> None:
        ledger.goal = len(ledger.acknowledged) + count
        first = len(ledger.acknowledged)
        port = stack.server.port
        at_once(CLIENTS, lambda number: Client(port, ledger, first * CLIENTS + number).work())
        assert not ledger.faults

    def everything_arrives() -> None:
        wait_until(lambda: set(ledger.acknowledged) <= set(stack.changes()), "Redis has everything")

    write(20)
    everything_arrives()
    stack.valkey.kill()
    write(scaled(1000, least=60))
    stack.valkey.start()
    write(20)
    everything_arrives()
    changes = stack.changes()
    assert_in_order(changes)
    assert sorted(changes) == sorted(ledger.acknowledged)
