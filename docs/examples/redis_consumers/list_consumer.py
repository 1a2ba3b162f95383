"""Reads what mode ``list`` of the Redis listener pushes, and loses nothing when it is killed.

    python list_consumer.py --url redis://localhost:6379/0 --name worker-1

The newest message is at the left end of the list, so messages are taken from the right. ``BLMOVE``
moves one to the list ``<list>:processing:<name>`` in the same step, where it stays until it is
handled; what is found there at the start is handled first. A message may therefore come twice.
"""

import argparse
import json
import sys
from collections.abc import Callable, Iterator
from typing import Any, cast

import redis

Handle = Callable[[dict[str, Any]], None]


def take(client: redis.Redis, source: str, name: str, *, wait_seconds: int) -> Iterator[bytes]:
    """Messages in order, each removed once the caller asks for the next one.

    Args:
        client: connected to the server.
        source: the list.
        name: of this worker; the same at each start, and of no other worker.
        wait_seconds: ends when no message came for so long; 0: never.
    """
    processing = f"{source}:processing:{name}"
    while True:
        message = client.lindex(processing, -1)
        if message is None:
            message = client.blmove(source, processing, wait_seconds, "RIGHT", "LEFT")
        if message is None:
            return
        yield cast("bytes", message)
        client.lrem(processing, -1, cast("str", message))


def run(client: redis.Redis, source: str, name: str, handle: Handle, wait_seconds: int) -> int:
    """Handle messages until none comes any more; gives how many."""
    count = 0
    for message in take(client, source, name, wait_seconds=wait_seconds):
        handle(json.loads(message))
        count += 1
    return count


def show(payload: dict[str, Any]) -> None:
    """Replace this by what you do with a message: it must do no harm to do it twice."""
    sys.stdout.write(f"{payload['action']} {payload['uri']}\n")
    sys.stdout.flush()


def main() -> None:
    """Read the command line, then the list."""
    parser = argparse.ArgumentParser(description="Handle the messages of a Redis list.")
    parser.add_argument("--url", default="redis://localhost:6379/0", help="of the Redis server")
    parser.add_argument("--list", default="kinto.core.events", help="name of the list")
    parser.add_argument("--name", default="worker", help="of this worker, unique and stable")
    parser.add_argument("--wait", type=int, default=0, help="stop after so many idle seconds")
    options = parser.parse_args()
    # No time-out of the connection may be shorter than the wait for a message.
    client = redis.Redis.from_url(options.url, socket_timeout=None)
    with client:
        run(client, options.list, options.name, show, options.wait)


if __name__ == "__main__":
    main()
