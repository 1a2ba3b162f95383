"""Reads what mode ``stream`` of the Redis listener adds, with any number of workers.

    python stream_consumer.py --url redis://localhost:6379/0 --group search --name worker-1

The workers of a group share the entries. An entry is acknowledged once it is handled; one that a
worker took and did not acknowledge in time is claimed by another (``XAUTOCLAIM``), and one that ten
claims did not help goes to the stream ``<stream>:dead``. Entries that tell of an event that the
group has handled already are dropped, by the id of the event.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

import redis

Entry = tuple[bytes, dict[bytes, bytes] | None]
Handle = Callable[[dict[str, Any]], None]

MAX_CLAIMS = 10
REMEMBER_SECONDS = 7 * 24 * 3600
"""For how long the id of a handled event is known: longer than anything is delivered again."""


@dataclass(frozen=True, kw_only=True)
class Worker:
    """One of the workers of a group.

    Attributes:
        client: connected to the server.
        stream: what is read.
        group: of workers that share the entries.
        name: of this one; unique in the group.
        handle: called with each event; what it raises leaves the entry for a later claim.
        claim_after_ms: how long another worker may take before its entry is claimed.
        batch: how many entries to take at once.
    """

    client: redis.Redis
    stream: str
    group: str
    name: str
    handle: Handle
    claim_after_ms: int = 60_000
    batch: int = 100

    def join(self) -> None:
        """Create the group, at the start of the stream, unless it exists."""
        try:
            self.client.xgroup_create(self.stream, self.group, id="0", mkstream=True)
        except redis.ResponseError as error:
            if "BUSYGROUP" not in str(error):
                raise

    def step(self, wait_ms: int) -> int:
        """Claim what others left behind, then take what is new; gives how many entries came.

        Args:
            wait_ms: how long to wait for a new entry, at least 1.
        """
        claimed = self._claim()
        names = {self.stream: ">"}
        answer = self.client.xreadgroup(
            self.group, self.name, cast("Any", names), count=self.batch, block=wait_ms
        )
        new = _entries(answer)
        for entry_id, fields in new:
            self._take(entry_id, fields)
        return claimed + len(new)

    def _claim(self) -> int:
        """Handle entries that nobody acknowledged in time; ten claims are enough."""
        start: Any = "0-0"
        count = 0
        while True:
            start, entries, _ = cast(
                "tuple[bytes, list[Entry], list[bytes]]",
                self.client.xautoclaim(
                    self.stream,
                    self.group,
                    self.name,
                    self.claim_after_ms,
                    start_id=start,
                    count=self.batch,
                ),
            )
            for entry_id, fields in entries:
                if self._deliveries(entry_id) > 1 + MAX_CLAIMS:
                    self._bury(entry_id, fields)
                else:
                    self._take(entry_id, fields)
            count += len(entries)
            if start == b"0-0":
                return count

    def _take(self, entry_id: bytes, fields: dict[bytes, bytes] | None) -> None:
        """Handle one entry and acknowledge it, unless that fails."""
        if fields is None:  # trimmed from the stream meanwhile
            self.client.xack(self.stream, self.group, entry_id)
            return
        seen = f"{self.stream}:seen:{self.group}:{fields[b'id'].decode()}"
        if not self.client.exists(seen):
            try:
                self.handle(json.loads(fields[b"event"]))
            except Exception as error:  # noqa: BLE001  whatever it is, a later claim tries again
                sys.stderr.write(f"{entry_id.decode()}: {type(error).__name__}: {error}\n")
                return
        with self.client.pipeline(transaction=True) as pipeline:
            pipeline.set(seen, b"1", ex=REMEMBER_SECONDS)
            pipeline.xack(self.stream, self.group, entry_id)
            pipeline.execute()

    def _deliveries(self, entry_id: bytes) -> int:
        """How often an entry was given to a worker of the group, this time included."""
        found = self.client.xpending_range(
            self.stream, self.group, min=cast("str", entry_id), max=cast("str", entry_id), count=1
        )
        rows = cast("list[dict[str, Any]]", found)
        return int(rows[0]["times_delivered"]) if rows else 0

    def _bury(self, entry_id: bytes, fields: dict[bytes, bytes] | None) -> None:
        """Put an entry aside for people to look at, and acknowledge it."""
        with self.client.pipeline(transaction=True) as pipeline:
            if fields is not None:
                dead = {**fields, b"entry": entry_id, b"group": self.group.encode()}
                pipeline.xadd(f"{self.stream}:dead", cast("Any", dead), maxlen=10_000)
            pipeline.xack(self.stream, self.group, entry_id)
            pipeline.execute()


def _entries(answer: Any) -> list[Entry]:  # noqa: ANN401  a list or a mapping, as versions have it
    """The entries of one stream, whichever version of the protocol the client speaks."""
    if not answer:
        return []
    ((_, entries),) = answer.items() if isinstance(answer, dict) else answer
    is_nested = bool(entries) and isinstance(entries[0], list) and isinstance(entries[0][0], tuple)
    return cast("list[Entry]", entries[0] if is_nested else entries)


def show(event: dict[str, Any]) -> None:
    """Replace this by what you do with an event."""
    for change in event["impacted_objects"]:
        sys.stdout.write(f"{event['payload']['action']} {change['uri']}\n")
    sys.stdout.flush()


def main() -> None:
    """Read the command line, then the stream."""
    parser = argparse.ArgumentParser(description="Handle the entries of a Redis stream.")
    parser.add_argument("--url", default="redis://localhost:6379/0", help="of the Redis server")
    parser.add_argument("--stream", default="kinto:events", help="name of the stream")
    parser.add_argument("--group", default="consumers", help="of workers that share the entries")
    parser.add_argument("--name", default="worker", help="of this worker, unique in the group")
    parser.add_argument("--wait", type=float, default=0, help="stop after so many idle seconds")
    options = parser.parse_args()
    with redis.Redis.from_url(options.url, socket_timeout=None) as client:
        worker = Worker(
            client=client,
            stream=options.stream,
            group=options.group,
            name=options.name,
            handle=show,
        )
        worker.join()
        idle_since = time.monotonic()
        while not options.wait or time.monotonic() - idle_since < options.wait:
            if worker.step(wait_ms=500):
                idle_since = time.monotonic()


if __name__ == "__main__":
    main()
