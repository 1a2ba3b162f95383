"""Sends requests at a steady rate, however long the answers take to come.

What is late is sent at once, so that a slow moment shows in the figures instead of lowering the
rate.
"""

import socket
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

_OK = (b"200", b"201")


def send_at_pace(
    port: int, requests: Sequence[bytes], *, connections: int, rate: float, seconds: float
) -> int:
    """Send requests in turn; gives how many.

    Args:
        port: on the loopback.
        requests: whole HTTP requests, whose answers have no chunks.
        connections: each with one request under way.
        rate: requests a second of all connections together.
        seconds: for how long.

    Raises:
        RuntimeError: an answer is not a success; shows it.
    """
    start = time.perf_counter() + 0.1
    count = int(rate * seconds)

    def work(first: int) -> int:
        sent = 0
        with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for number in range(first, count, connections):
                if time.perf_counter() >= start + seconds:
                    break  # the server cannot keep up
                time.sleep(max(start + number / rate - time.perf_counter(), 0))
                connection.sendall(requests[number % len(requests)])
                _receive(connection)
                sent += 1
        return sent

    with ThreadPoolExecutor(connections) as pool:
        return sum(pool.map(work, range(connections)))


def _receive(connection: socket.socket) -> None:
    """Read one answer to its end."""
    received = b""
    while b"\r\n\r\n" not in received:
        received += _more(connection)
    head, _, body = received.partition(b"\r\n\r\n")
    if head[9:12] not in _OK:
        message = f"the answer is no success: {received[:600].decode(errors='replace')}"
        raise RuntimeError(message)
    length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0])
    while len(body) < length:
        body += _more(connection)


def _more(connection: socket.socket) -> bytes:
    received = connection.recv(65536)
    if not received:
        message = "the server closed the connection"
        raise RuntimeError(message)
    return received
