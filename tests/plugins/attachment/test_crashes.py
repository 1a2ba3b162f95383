"""The server is killed while files come, change and go: none is missing, none is too much.

Each round starts the server, lets clients work, and kills all its processes with SIGKILL in the
midst of that: while a form or a piece of a resumable upload comes in, while it goes into the store,
while a record is written. The full run (`KINTO_TEST_SCALE=1`) does 1,000 operations on each
database with each kind of store. The object storage is a process of its own and lives on.

Source: attachment A-80 to A-84.
"""

import hashlib
import random
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from kinto_attachment.checking import check
from kinto_attachment.cleaning import sweep
from kinto_attachment.plugin import attachments_of
from kinto_attachment.store.objects import PART
from kinto_core import json
from kinto_core.clock import system_clock
from kinto_core.server import Server
from kinto_core.settings import load
from tests.plugins.attachment.conftest import new_bucket
from tests.plugins.attachment.serving_process import (
    LOST,
    RECORDS,
    Client,
    run,
    settings_for,
)
from tests.system.processes import SCALE, RunningServer

OPERATIONS = 1000 if SCALE >= 1 else 30
"""On each database with each store."""
PER_ROUND = 25 if SCALE >= 1 else 10
CLIENTS = 3
NAMES = [f"r{number}" for number in range(8)]
MAX_BYTES = 400_000
BIG_BYTES = PART + 1_000_000
"""So large a file goes into object storage in parts."""
DAYS = 2 * 24 * 3600 * 1000
"""Longer than anything waits, in milliseconds."""


@dataclass
class Ledger:
    """What clients did, and what they were told.

    Attributes:
        certain: the hash of a record's file; ``None``: no file; by record, of the last operation
            that was answered.
        possible: what a record's file may be since an operation that was not answered.
        count: operations so far.
        lost: those that were not answered.
    """

    certain: dict[str, str | None] = field(default_factory=dict)
    possible: dict[str, set[str | None]] = field(default_factory=dict)
    count: int = 0
    lost: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def begin(self, name: str, outcome: str | None) -> None:
        """Something is about to be asked for."""
        with self.lock:
            self.count += 1
            self.possible.setdefault(name, {self.certain.get(name)}).add(outcome)

    def end(self, name: str, outcome: str | None) -> None:
        """It was answered."""
        with self.lock:
            self.certain[name] = outcome
            self.possible[name] = {outcome}


def _operate(client: Client, ledger: Ledger, name: str, chance: random.Random) -> None:
    """One operation on a record: a file, another file, or none."""
    kind = chance.choice(["send", "send", "send", "pieces", "pieces", "detach", "delete"])
    if kind in ("send", "pieces"):
        content = _content(chance)
        outcome = hashlib.sha256(content).hexdigest()
        ledger.begin(name, outcome)
        if kind == "send":
            status, _ = client.send(name, [content], len(content))
        else:
            half = len(content) // 2
            status = client.send_in_pieces(name, [content[:half], content[half:]])
        assert status in (200, 201, 204)
        ledger.end(name, outcome)
        return
    path = f"{RECORDS}/{name}" + ("/attachment" if kind == "detach" else "")
    ledger.begin(name, None)
    status, _ = client.ask("DELETE", path)
    assert status in (200, 204, 404)
    ledger.end(name, None)


def _content(chance: random.Random) -> bytes:
    """Small or large, and sometimes one of few, so that records share it."""
    kind = chance.random()
    if kind < 0.25:
        return chance.randbytes(1) * 10
    return chance.randbytes(BIG_BYTES if kind < 0.35 else chance.randrange(1, MAX_BYTES))


def _work(client: Client, ledger: Ledger, names: list[str], seed: int, enough: int) -> None:
    chance = random.Random(seed)
    while ledger.count < enough:
        try:
            _operate(client, ledger, chance.choice(names), chance)
        except LOST:
            with ledger.lock:
                ledger.lost += 1
            return


def _round(server: RunningServer, ledger: Ledger, seed: int) -> None:
    """Work until the server is killed, which is while the clients still have something to do."""
    server.start()
    client = Client(server.port)
    client.make_collection()
    enough = ledger.count + PER_ROUND
    threads = [
        threading.Thread(
            target=_work,
            args=(client, ledger, NAMES[number::CLIENTS], seed * 100 + number, enough + 100),
        )
        for number in range(CLIENTS)
    ]
    for thread in threads:
        thread.start()
    while ledger.count < enough and any(thread.is_alive() for thread in threads):
        threads[0].join(0.002)
    server.kill()
    for thread in threads:
        thread.join()


@pytest.fixture(params=["sqlite-folder", "postgresql-folder", "sqlite-s3", "postgresql-s3"])
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Mapping[str, str]:
    """The settings of a server on an empty database and an empty store."""
    database, _, store = request.param.partition("-")
    url = request.getfixturevalue("postgresql_url") if database == "postgresql" else ""
    bucket = new_bucket(request.getfixturevalue("s3_port")) if store == "s3" else None
    return settings_for(tmp_path, url, bucket)


def test_no_file_is_missing_and_none_is_too_much(
    settings: Mapping[str, str], tmp_path: Path
) -> None:
    run(tmp_path, settings, "migrate")
    server = RunningServer(tmp_path, "serve", settings)
    ledger = Ledger()
    seed = 0
    try:
        while ledger.count < OPERATIONS:
            seed += 1
            _round(server, ledger, seed)
        assert ledger.lost >= seed
        _look_after(settings)
        _compare(server, ledger)
    finally:
        server.kill()


def _look_after(settings: Mapping[str, str]) -> None:
    """Nothing is missing; after two sweeps, nothing is too much."""
    environ = {f"KINTO_{name}": value for name, value in settings.items()}
    with Server(load(environ=environ)[0], clock=lambda: system_clock() + DAYS) as server:
        plugin = attachments_of(server)
        found = check(plugin, reads=True)
        assert (found.dangling, found.damaged) == ((), ())
        for _ in range(2):
            sweep(plugin)
        found = check(plugin, reads=True)
        assert (found.dangling, found.damaged) == ((), ())
        assert (found.unreferenced, found.unknown) == (0, 0)
        assert len(list(plugin.store.files())) == found.contents
        assert list(plugin.store.unfinished(server.clock())) == []


def _compare(server: RunningServer, ledger: Ledger) -> None:
    """Each record has the file that its clients know of."""
    server.start()
    client = Client(server.port)
    shown = {one["id"]: one.get("attachment") for one in client.records()}
    for name, outcomes in ledger.possible.items():
        described = shown.get(name)
        assert (described["hash"] if described else None) in outcomes
        if described:
            content = bytearray()
            assert client.download(described["location"], content.extend) == 200
            assert hashlib.sha256(content).hexdigest() == described["hash"]
    status, body = client.ask("GET", "/__heartbeat__")
    assert status == 200
    assert json.parse(body)["attachments"] is True
