"""The process that sends requests: a plan on standard input, what happened on standard output.

It knows raw bytes and nothing of what they mean: requests are made beforehand, so that sending one
costs next to nothing. Run by ``runner.py`` as ``python -m benchmarks.load``.
"""

import asyncio
import base64
import json
import sys
import time
from dataclasses import asdict, dataclass, field
from functools import partial
from typing import Any

_HEAD_END = b"\r\n\r\n"


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What to send.

    Attributes:
        host, port: where to.
        connections: how many at once, each with one request under way.
        seconds: how long; what is under way then is awaited.
        requests: whole HTTP requests, used in turn and again.
        status: what is expected.
        marker: bytes to be found in a right answer's body, at least ``markers`` times.
    """

    host: str
    port: int
    connections: int
    seconds: float
    requests: list[bytes]
    status: int
    marker: bytes = b""
    markers: int = 0

    def to_json(self) -> str:
        """The plan as text for the process."""
        requests = [base64.b64encode(one).decode() for one in self.requests]
        return json.dumps({**asdict(self), "requests": requests, "marker": self.marker.decode()})

    @classmethod
    def from_json(cls, text: str) -> "Plan":
        """The plan of a text."""
        values: dict[str, Any] = json.loads(text)
        values["requests"] = [base64.b64decode(one) for one in values["requests"]]
        values["marker"] = values["marker"].encode()
        return cls(**values)


@dataclass(kw_only=True)
class Outcome:
    """What happened.

    Attributes:
        seconds: from the first request to the last answer.
        latencies: seconds of each right answer.
        errors: how many answers were wrong or missing.
        example: of a wrong answer.
    """

    seconds: float = 0.0
    latencies: list[float] = field(default_factory=list)
    errors: int = 0
    example: str = ""


class _Connection(asyncio.Protocol):
    """Sends one request after the other until the time is over.

    Args:
        plan: what to send.
        first: number of its first request.
        outcome: is added to.
        done: gets a result when this connection has finished.
    """

    def __init__(
        self, plan: Plan, first: int, outcome: Outcome, done: asyncio.Future[None]
    ) -> None:
        self.plan = plan
        self.number = first
        self.outcome = outcome
        self.done = done
        self.deadline = time.perf_counter() + plan.seconds
        self.received = b""
        self.wanted = 0
        self.sent = 0.0
        self.transport: asyncio.Transport | None = None
        self.is_asked_to_leave = False
        self.coming: asyncio.Future[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Send the first request."""
        if isinstance(transport, asyncio.Transport):
            self.transport = transport
            self.send()

    def send(self) -> None:
        """Send the next request, or end."""
        self.sent = time.perf_counter()
        if self.sent >= self.deadline or self.transport is None:
            self.finish()
            return
        self.received = b""
        self.wanted = 0
        requests = self.plan.requests
        self.transport.write(requests[self.number % len(requests)])
        self.number += self.plan.connections

    def data_received(self, data: bytes) -> None:
        """Take a part of an answer."""
        self.received += data
        if not self.wanted:
            self.wanted = _length(self.received)
        if self.wanted < 0:
            is_whole = self.received.endswith(b"0" + _HEAD_END)
        else:
            is_whole = 0 < self.wanted <= len(self.received)
        if not is_whole:
            return
        self.note()
        head = self.received.partition(_HEAD_END)[0].lower()
        if b"connection: close" in head and self.transport is not None:
            self.is_asked_to_leave = True
            self.transport.close()
        else:
            self.send()

    def note(self) -> None:
        """Count the answer."""
        plan, answer = self.plan, self.received
        is_right = int(answer[9:12]) == plan.status
        if is_right and plan.markers:
            body = _joined(answer) if self.wanted < 0 else answer
            is_right = body.count(plan.marker) >= plan.markers
        if is_right:
            self.outcome.latencies.append(time.perf_counter() - self.sent)
        else:
            self.outcome.errors += 1
            self.outcome.example = answer[:600].decode(errors="replace")

    def connection_lost(self, exc: Exception | None) -> None:
        """Come again if the server said so, else count the request under way as failed."""
        if self.is_asked_to_leave:
            self.is_asked_to_leave = False
            self.coming = asyncio.ensure_future(self.come_again())
        elif not self.done.done():
            self.outcome.errors += 1
            self.outcome.example = f"connection closed: {exc}"
            self.done.set_result(None)

    async def come_again(self) -> None:
        """Open a new connection; the next request is sent when it is there."""
        loop = asyncio.get_running_loop()
        await loop.create_connection(lambda: self, self.plan.host, self.plan.port)

    def finish(self) -> None:
        """End this connection."""
        if not self.done.done():
            self.done.set_result(None)
        if self.transport is not None:
            self.transport.close()


def _length(received: bytes) -> int:
    """Bytes of the whole answer: 0 when not known yet, -1 when it comes in chunks."""
    end = received.find(_HEAD_END)
    if end < 0:
        return 0
    head = received[:end].lower()
    if b"transfer-encoding: chunked" in head:
        return -1
    start = head.find(b"content-length:")
    size = 0 if start < 0 else int(head[start + 15 :].partition(b"\r")[0])
    return end + len(_HEAD_END) + (0 if received[9:12] in {b"304", b"204"} else size)


def _joined(answer: bytes) -> bytes:
    """The body of an answer in chunks, in one piece."""
    rest = answer.partition(_HEAD_END)[2]
    parts = []
    while rest:
        size, _, rest = rest.partition(b"\r\n")
        length = int(size, 16)
        parts.append(rest[:length])
        rest = rest[length + 2 :]
    return b"".join(parts)


async def run(plan: Plan) -> Outcome:
    """Do what the plan says."""
    loop = asyncio.get_running_loop()
    outcome = Outcome()
    ends = [loop.create_future() for _ in range(plan.connections)]
    start = time.perf_counter()
    for number, end in enumerate(ends):
        make = partial(_Connection, plan, number, outcome, end)
        await loop.create_connection(make, plan.host, plan.port)
    await asyncio.gather(*ends)
    outcome.seconds = time.perf_counter() - start
    return outcome


def main() -> None:
    """Read a plan, run it, write the outcome."""
    outcome = asyncio.run(run(Plan.from_json(sys.stdin.read())))
    json.dump(asdict(outcome), sys.stdout)


if __name__ == "__main__":
    main()
