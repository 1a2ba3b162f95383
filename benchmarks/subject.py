"""What is measured, as values: scenarios, the requests of one, a server under test."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

SCENARIOS: Mapping[str, str] = {
    "read": "read a record",
    "not-modified": "conditional read, 304",
    "list": "list of 100",
    "filter-10k": "filtered, sorted page of 20 of 10 k",
    "filter-100k": "filtered, sorted page of 20 of 100 k",
    "changes": "100 changes since T, of 10 k",
    "create": "create a record",
    "update": "update a record",
    "batch": "batch of 25 creates",
}
"""Names for ``--only``, and for people."""

SIZES: Mapping[str, int] = {"filter-10k": 10_000, "filter-100k": 100_000}
"""Scenarios that read a collection of a certain size."""

CATEGORIES = 100
"""Records are spread evenly over so many categories; a filter asks for one."""


@dataclass(frozen=True, kw_only=True)
class Work:
    """The requests of one scenario, all of one kind.

    Attributes:
        requests: whole HTTP requests, used in turn.
        status: of the right answer.
        marker, markers: bytes that the right answer has at least so often.
        parts: how many operations a request stands for; figures are per operation.
    """

    requests: Sequence[bytes]
    status: int = 200
    marker: bytes = b""
    markers: int = 0
    parts: int = 1


class Subject(Protocol):
    """A running server.

    Attributes:
        name: for people.
        port: where it listens on the loopback.
        pids: its processes, database included; those below them count too.
    """

    @property
    def name(self) -> str:
        """See above."""

    @property
    def port(self) -> int:
        """See above."""

    @property
    def pids(self) -> Sequence[int]:
        """See above."""

    def work(self, scenario: str) -> Work | None:
        """The requests of a scenario; ``None`` when it knows no such thing."""


def record(number: int) -> dict[str, Any]:
    """The fields of a record that is 250 bytes of JSON, the same for every subject."""
    fields: dict[str, Any] = {
        "title": f"Record number {number:08d}",
        "category": f"c{number % CATEGORIES:02d}",
        "score": number * 7919 % 1_000_003,
        "done": number % 2 == 0,
    }
    fields["note"] = "x" * (250 - len(json.dumps({**fields, "note": ""})))
    return fields


def request(
    method: str, path: str, headers: Mapping[str, str], body: object | None = None
) -> bytes:
    """A whole HTTP request as bytes."""
    content = b"" if body is None else json.dumps(body).encode()
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    if body is not None:
        lines += ["Content-Type: application/json", f"Content-Length: {len(content)}"]
    return "\r\n".join([*lines, "", ""]).encode() + content
