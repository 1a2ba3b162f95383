"""Talks to a server over one kept connection, with as little between as possible.

Nothing is tried again and nothing is hidden: what a test sees is what the server sent.
"""

import base64
import http.client
import json
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, TypeVar
from urllib.parse import urlsplit

T = TypeVar("T")

TIMEOUT_SECONDS = 60
RECORDS = "/buckets/blog/collections/articles/records"
LOST = (ConnectionError, http.client.HTTPException, TimeoutError, OSError)
"""What a client sees of a server that dies."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer, read to its end; `body` is the JSON value, or `None` when there is none."""

    status: int
    headers: Mapping[str, str]
    body: Any


@dataclass(slots=True)
class Wire:
    """A client with one connection, for one thread.

    Args:
        port: of the server, on the loopback interface.
        user: name and password at once.
    """

    port: int
    user: str = "alice"
    _connection: http.client.HTTPConnection | None = field(default=None, init=False)

    def __call__(self, method: str, path: str, body: object = None, **headers: str) -> Answer:
        """Send a request; an underscore in the name of a header stands for a hyphen.

        Raises:
            OSError: or another of `LOST`: there was no answer, so nobody knows what was done.
        """
        if self._connection is None:
            self._connection = http.client.HTTPConnection(
                "127.0.0.1", self.port, timeout=TIMEOUT_SECONDS
            )
        token = base64.b64encode(f"{self.user}:{self.user}".encode()).decode()
        sent = {"Authorization": f"Basic {token}"}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        content = None
        if body is not None:
            sent.setdefault("Content-Type", "application/json")
            content = body if isinstance(body, bytes) else json.dumps(body).encode()
        try:
            self._connection.request(method, f"/v1{path}", content, sent)
            response = self._connection.getresponse()
            text = response.read()
        except LOST:
            self.close()
            raise
        got = {name.lower(): value for name, value in response.getheaders()}
        return Answer(response.status, got, json.loads(text) if text else None)

    def pages(self, path: str) -> Iterator[Answer]:
        """A list, page by page."""
        following: str | None = path
        while following:
            answer = self("GET", following)
            assert answer.status == 200, answer
            yield answer
            parts = urlsplit(answer.headers.get("next-page", ""))
            following = parts.path.removeprefix("/v1") + "?" + parts.query if parts.path else None

    def everything(self, path: str) -> dict[str, Any]:
        """The objects of a list, all its pages, by id."""
        return {one["id"]: one for page in self.pages(path) for one in page.body["data"]}

    def __del__(self) -> None:
        """A forgotten client closes its connection."""
        self.close()

    def close(self) -> None:
        """Close the connection; the next request opens another."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def make_blog(wire: Wire) -> None:
    """Create the collection that `RECORDS` is in."""
    assert wire("PUT", "/buckets/blog").status in {200, 201}
    assert wire("PUT", "/buckets/blog/collections/articles").status in {200, 201}


def at_once(count: int, work: Callable[[int], T]) -> list[T]:
    """Do the same in many threads; their results, or the first exception."""
    with ThreadPoolExecutor(max_workers=count) as pool:
        return list(pool.map(work, range(count)))
