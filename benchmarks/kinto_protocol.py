"""The scenarios in the Kinto protocol: what is stored beforehand, and the requests.

The same for ours and for the released package; how each is started is in files of their own.
"""

import base64
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks.client import Client
from benchmarks.subject import SIZES, Work, record, request

AUTHORIZATION = "Basic " + base64.b64encode(b"alice:secret").decode()
BATCH = 25
UPDATED = 1000
"""How many records take turns in being updated."""

_HEADERS = {"Authorization": AUTHORIZATION}
_BUCKET = "/v1/buckets/bench"
_PAGE = "?category=c07&_sort=-score&_limit=20"


def records_path(name: str) -> str:
    """The list of a collection's records."""
    return f"{_BUCKET}/collections/{name}/records"


def client(port: int) -> Client:
    """A client of the user who owns everything."""
    return Client(port, dict(_HEADERS))


@dataclass(frozen=True, kw_only=True)
class KintoSubject:
    """A prepared server that speaks the protocol; see ``Subject``.

    Attributes:
        sizes: numbers of records that there are collections of.
    """

    name: str
    port: int
    pids: Sequence[int]
    sizes: Sequence[int]

    def work(self, scenario: str) -> Work | None:
        """See ``Subject.work``."""
        size = SIZES.get(scenario, min(self.sizes))
        if size not in self.sizes:
            return None
        if scenario in {"create", "update", "batch"}:
            return _writes(scenario)
        return _reads(scenario, client(self.port), records_path(f"r{size}"))


def _reads(scenario: str, user: Client, path: str) -> Work:
    if scenario in SIZES:
        page = request("GET", path + _PAGE, _HEADERS)
        return Work(requests=[page], marker=b'"last_modified"', markers=20)
    if scenario == "list":
        page = request("GET", f"{path}?_limit=100", _HEADERS)
        return Work(requests=[page], marker=b'"last_modified"', markers=100)
    # The first of the newest 101 is where a client stopped that has missed the other 100.
    newest = user.send("GET", f"{path}?_limit=101")["data"]
    ids = [one["id"] for one in newest]
    if scenario == "changes":
        since = newest[-1]["last_modified"]
        changes = request("GET", f"{path}?_since={since}", _HEADERS)
        return Work(requests=[changes], marker=b'"last_modified"', markers=100)
    if scenario == "read":
        return Work(requests=[request("GET", f"{path}/{one}", _HEADERS) for one in ids])
    known = [{**_HEADERS, "If-None-Match": f'"{one["last_modified"]}"'} for one in newest]
    return Work(
        requests=[
            request("GET", f"{path}/{one}", headers)
            for one, headers in zip(ids, known, strict=True)
        ],
        status=304,
    )


def _writes(scenario: str) -> Work:
    path = records_path("writes")
    if scenario == "update":
        path = records_path("updates")
        return Work(
            requests=[
                request("PUT", f"{path}/{_id(number)}", _HEADERS, {"data": record(number + 1)})
                for number in range(UPDATED)
            ]
        )
    if scenario == "create":
        return Work(
            requests=[
                request("POST", path, _HEADERS, {"data": record(number)}) for number in range(100)
            ],
            status=201,
        )
    body = batch(path, range(BATCH))
    return Work(
        requests=[request("POST", "/v1/batch", _HEADERS, body)],
        marker=b"201",
        markers=BATCH,
        parts=BATCH,
    )


def batch(path: str, numbers: range) -> Mapping[str, Any]:
    """A batch that creates records."""
    requests = [{"body": {"data": record(number)}} for number in numbers]
    return {"defaults": {"method": "POST", "path": path.removeprefix("/v1")}, "requests": requests}


def _id(number: int) -> str:
    return f"record-{number:06d}"


def prepare(user: Client, sizes: Sequence[int], *, indexes: Sequence[str] = ()) -> None:
    """Make the bucket, the collections that are written to, and empty ones to be filled.

    Args:
        user: who owns them.
        sizes: of the collections to be filled.
        indexes: that every collection declares, where the server knows such a thing.
    """
    user.send("PUT", _BUCKET, {})
    body = {"data": {"indexes": list(indexes)}} if indexes else {}
    for name in ("writes", "updates", *(f"r{size}" for size in sizes)):
        user.send("PUT", f"{_BUCKET}/collections/{name}", body)
    for numbers in chunks(UPDATED, BATCH):
        requests = [
            {
                "method": "PUT",
                "path": f"{records_path('updates').removeprefix('/v1')}/{_id(number)}",
                "body": {"data": record(number)},
            }
            for number in numbers
        ]
        user.send("POST", "/v1/batch", {"requests": requests})


def fill(user: Client, size: int, *, per_batch: int) -> None:
    """Create the records of a collection over HTTP."""
    path = records_path(f"r{size}")
    for numbers in chunks(size, per_batch):
        answer = user.send("POST", "/v1/batch", batch(path, numbers))
        wrong = [one for one in answer["responses"] if one["status"] != 201]  # noqa: PLR2004  created
        if wrong:
            message = f"a record cannot be created: {json.dumps(wrong[0])}"
            raise RuntimeError(message)


def chunks(size: int, length: int) -> Iterator[range]:
    """Numbers below ``size`` in pieces."""
    for start in range(0, size, length):
        yield range(start, min(start + length, size))
