"""The server is killed while clients write: what was acknowledged stays, batches stay whole.

Each round starts the server, lets clients write, kills all its processes with SIGKILL in the midst
of that, starts it again and compares. The full run (`KINTO_TEST_SCALE=1`) acknowledges 5,000
written records over ten kills on each database.
"""

import sqlite3
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.system.conftest import StartServer
from tests.system.processes import scaled
from tests.system.wire import LOST, RECORDS, Wire, at_once, make_blog

CLIENTS = 8
BATCH = 10
KILLS = scaled(10, least=3)
WRITES = scaled(5000) // KILLS
"""Acknowledged records in each round."""


@dataclass
class Ledger:
    """What clients did, and what they were told; shared by threads.

    Attributes:
        acknowledged: contents by id, of creations that were answered.
        batches: the ids of each batch, answered or not.
        counters: for each client the last acknowledged and the last sent value of its counter.
        removed: ids whose deletion was answered.
        faults: answers that no healthy server gives.
    """

    acknowledged: dict[str, dict[str, Any]] = field(default_factory=dict)
    unsure: set[str] = field(default_factory=set)
    batches: list[list[str]] = field(default_factory=list)
    counters: dict[int, tuple[int, int]] = field(default_factory=dict)
    removed: set[str] = field(default_factory=set)
    faults: list[object] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def acknowledge(self, records: Mapping[str, dict[str, Any]]) -> None:
        """The server said that these are stored."""
        with self.lock:
            self.acknowledged.update(records)
            self.unsure.difference_update(records)


class RoundOfWriting:
    """One round: writes until the server is gone.

    Args:
        port: of the server.
        ledger: of all rounds.
        number: of the round; part of the ids.
    """

    def __init__(self, port: int, ledger: Ledger, number: int) -> None:
        self.port = port
        self.ledger = ledger
        self.number = number
        self.goal = len(ledger.acknowledged) + WRITES
        self.reached = threading.Event()

    def write_until_killed(self, client: int) -> None:
        """Creations, one by one and in batches, a counter and a deletion now and then."""
        wire = Wire(self.port)
        step = 0
        try:
            while not self.ledger.faults:
                step += 1
                name = f"r{self.number}-c{client}-s{step}"
                if step % 4 == 0:
                    self._batch(wire, name)
                else:
                    self._single(wire, name)
                if step % 5 == 0:
                    self._count(wire, client)
                if step % 7 == 0:
                    self._remove(wire, name)
                if len(self.ledger.acknowledged) >= self.goal:
                    self.reached.set()
        except LOST:
            return
        finally:
            if self.ledger.faults:
                self.reached.set()

    def _single(self, wire: Wire, name: str) -> None:
        data = {"title": name, "text": "é" * 100}
        self.ledger.unsure.add(name)
        answer = wire("PUT", f"{RECORDS}/{name}", {"data": data})
        if answer.status != 201:
            self.ledger.faults.append(answer)
        self.ledger.acknowledge({name: data})

    def _batch(self, wire: Wire, name: str) -> None:
        records = {f"{name}-b{n}": {"title": f"{name} {n}"} for n in range(BATCH)}
        with self.ledger.lock:
            self.ledger.batches.append(list(records))
            self.ledger.unsure.update(records)
        requests = [
            {"method": "PUT", "path": f"{RECORDS}/{one}", "body": {"data": data}}
            for one, data in records.items()
        ]
        answer = wire("POST", "/batch", {"requests": requests})
        if answer.status != 200 or any(r["status"] != 201 for r in answer.body["responses"]):
            self.ledger.faults.append(answer)
        self.ledger.acknowledge(records)

    def _count(self, wire: Wire, client: int) -> None:
        acknowledged, sent = self.ledger.counters.get(client, (0, 0))
        self.ledger.counters[client] = (acknowledged, sent + 1)
        answer = wire("PUT", f"{RECORDS}/counter-{client}", {"data": {"count": sent + 1}})
        if answer.status not in {200, 201}:
            self.ledger.faults.append(answer)
        self.ledger.counters[client] = (sent + 1, sent + 1)

    def _remove(self, wire: Wire, name: str) -> None:
        target = f"{name}-b0" if f"{name}-b0" in self.ledger.acknowledged else name
        data = self.ledger.acknowledged.pop(target)
        self.ledger.unsure.add(target)
        if wire("DELETE", f"{RECORDS}/{target}").status != 200:
            self.ledger.faults.append((target, data))
        self.ledger.removed.add(target)


def check(wire: Wire, ledger: Ledger) -> None:
    """Compare what is stored with what was told."""
    assert not ledger.faults
    stored = wire.everything(f"{RECORDS}?_since=0")
    live = {id_: one for id_, one in stored.items() if not one.get("deleted")}
    for id_, data in ledger.acknowledged.items():
        assert id_ in live, f"the acknowledged record {id_} is lost"
        assert {**live[id_], **data} == live[id_]
    for id_ in ledger.removed:
        assert stored[id_].get("deleted") is True, f"the deleted record {id_} is back"
    for ids in ledger.batches:
        present = {id_ for id_ in ids if id_ in stored}
        assert present in (set(), set(ids)), f"half a batch is stored: {sorted(present)}"
    for client, (acknowledged, sent) in ledger.counters.items():
        counter = live.get(f"counter-{client}", {"count": 0})
        assert acknowledged <= counter["count"] <= sent
    counters = {f"counter-{client}" for client in range(CLIENTS)}
    assert set(live) <= set(ledger.acknowledged) | ledger.unsure | counters
    stamps = [one["last_modified"] for one in stored.values()]
    assert len(set(stamps)) == len(stamps)
    etag = int(wire("HEAD", RECORDS).headers["etag"].strip('"'))
    assert etag >= max(stamps)


def test_what_was_acknowledged_survives_kills_in_the_midst_of_writes(
    database: Mapping[str, str], start_server: StartServer, tmp_path: Path
) -> None:
    ledger = Ledger()
    server = start_server("serve", database)
    make_blog(Wire(server.port))
    for number in range(KILLS):
        writing = RoundOfWriting(server.port, ledger, number)
        killer = threading.Thread(target=lambda r=writing, s=server: (r.reached.wait(), s.kill()))
        killer.start()
        at_once(CLIENTS, writing.write_until_killed)
        killer.join()
        server = start_server("serve", database)
        check(Wire(server.port), ledger)
    assert len(ledger.acknowledged) + len(ledger.removed) >= KILLS * WRITES
    assert still_writes_later_ones(Wire(server.port))
    server.kill()
    file = tmp_path / "kinto.db"
    if file.exists():
        with sqlite3.connect(file) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        connection.close()


def still_writes_later_ones(wire: Wire) -> bool:
    """Whether new records are later than all others, after so many crashes."""
    before = int(wire("HEAD", RECORDS).headers["etag"].strip('"'))
    created = wire("POST", RECORDS, {"data": {"title": "after"}})
    return bool(created.status == 201 and created.body["data"]["last_modified"] > before)
