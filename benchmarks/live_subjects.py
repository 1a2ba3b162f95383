"""What is measured live: this server, the bare ceiling, and PocketBase's realtime."""

import json
import re
import secrets
import shutil
import sys
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.client import Client
from benchmarks.live_listeners import Greeting, websocket_greeting
from benchmarks.pocketbase import pocketbase
from benchmarks.processes import free_port, run, running
from benchmarks.subject import record

PROGRAM = (sys.executable, "-m", "kinto_core.cli")


def token_of(user: str) -> str:
    """What a made-up user sends as ``Authorization``."""
    return f"Basic {b64encode(f'{user}:bench'.encode()).decode()}"


TOKEN = token_of("bench")
COLLECTION = "/buckets/bench/collections/live"
_HEADERS = {"Content-Type": "application/json"}
_INI = """\
[server:main]
host = 127.0.0.1
port = {port}

[app:main]
use = egg:kinto-core
kinto.includes = websocket
kinto.storage_url = {url}
kinto.workers = 1
kinto.threads = 4
kinto.multiauth.policies = basicauth
kinto.userid_hmac_secret = {secret}
kinto.websocket.port = {live}
kinto.websocket.max_connections_per_user = 100000
kinto.websocket.max_subscribes_per_second = 1000
kinto.websocket.ping_seconds = 3600
"""
STALLED_SUBSCRIPTIONS = 100


def _nothing(_: bytes) -> None:
    """A greeting that is all."""


@dataclass(frozen=True, kw_only=True)
class LiveSubject:
    """A running server with live streams.

    Attributes:
        name: for people.
        port: of the streams.
        greeting: of a subscriber.
        greedy: of one that gets everything many times; ``None`` where there is no such thing.
        finish: what else it takes, given what was received.
        write: a plan of ``live_writer``, without numbers and pace.
        streaming: the processes that send.
        others: all that take part besides.
        ini: the settings of ours.
    """

    name: str
    port: int
    greeting: Greeting
    greedy: Greeting | None = None
    finish: Callable[[bytes], None] = _nothing
    write: Mapping[str, object]
    streaming: Sequence[int]
    others: Sequence[int] = field(default=())
    ini: Path | None = None


@contextmanager
def ours(folder: Path, *, name: str, url: str, pids: Sequence[int] = ()) -> Iterator[LiveSubject]:
    """This server: HTTP, relay and streams as processes of their own.

    Args:
        folder: for its files.
        name: for people.
        url: of an empty database.
        pids: of the database's processes.
    """
    port, live = free_port(), free_port()
    ini = folder / f"{name.replace(' ', '-').lower()}.ini"
    values = {"port": port, "live": live, "secret": secrets.token_hex(32)}
    ini.write_text(_INI.format(url=url.replace("%", "%%"), **values), encoding="utf-8")
    run([*PROGRAM, "migrate", "--ini", str(ini), "--quiet"])

    def command(name: str, port: int) -> AbstractContextManager[int]:
        log = ini.with_suffix(f".{name}.log")
        environ = {"KINTO_INI": str(ini)}
        return running([*PROGRAM, name, "--quiet"], port=port, log=log, environ=environ)

    with (
        command("serve", port) as serving,
        command("relay", port) as relaying,
        command("websocket", live) as streaming,
    ):
        user = Client(port, {"Authorization": TOKEN})
        user.send("PUT", "/v1/buckets/bench", {})
        user.send("PUT", f"/v1{COLLECTION}", {})
        yield LiveSubject(
            name=name,
            port=live,
            greeting=_subscriptions(live, 1),
            greedy=_subscriptions(live, STALLED_SUBSCRIPTIONS),
            write={
                "port": port,
                "method": "POST",
                "path": f"/v1{COLLECTION}/records",
                "body": json.dumps({"data": _numbered()}),
                "headers": {**_HEADERS, "Authorization": TOKEN},
            },
            streaming=(streaming,),
            others=(serving, relaying, *pids),
            ini=ini,
        )


@contextmanager
def bare_broadcast(folder: Path) -> Iterator[LiveSubject]:
    """The ceiling."""
    port = free_port()
    command = [sys.executable, "-m", "benchmarks.live_bare", str(port)]
    with running(command, port=port, log=folder / "bare-live.log") as pid:
        yield LiveSubject(
            name="bare `websockets.broadcast`",
            port=port,
            greeting=websocket_greeting(port, ready=b"ready"),
            write={
                "port": port,
                "method": "GET",
                "path": "/write?{number}",
                "body": "",
                "headers": {},
            },
            streaming=(pid,),
        )


@contextmanager
def pocketbase_realtime(folder: Path) -> Iterator[LiveSubject]:
    """PocketBase, with Server-Sent Events to users whom a rule lets read.

    Raises:
        RuntimeError: the program is not installed.
    """
    with pocketbase(folder=folder, sizes=()) as server:
        headers = {"Authorization": server.token}
        user = Client(server.port, headers)
        opening = f"GET /api/realtime HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\n\r\n"

        def finish(head: bytes) -> None:
            found = re.search(rb'"clientId":"(\w+)"', head)
            if found is None:
                message = f"no clientId in {head!r}"
                raise RuntimeError(message)
            wish = {"clientId": found[1].decode(), "subscriptions": ["writes/*"]}
            user.send("POST", "/api/realtime", wish)

        yield LiveSubject(
            name="PocketBase, SQLite",
            port=server.port,
            greeting=Greeting(opening=opening.encode(), marker=b"200 OK", ready=b'"clientId":"'),
            finish=finish,
            write={
                "port": server.port,
                "method": "POST",
                "path": "/api/collections/writes/records",
                "body": json.dumps(_numbered()),
                "headers": {**_HEADERS, **headers},
            },
            streaming=tuple(server.pids),
        )


def is_there(program: str) -> bool:
    """Whether a program is installed, beside this Python or anywhere."""
    return shutil.which(program) is not None or (Path(sys.executable).parent / program).exists()


def _numbered() -> dict[str, object]:
    """A record of 250 bytes with the number of the write in it."""
    return {**record(1), "title": "{number}"}


def _subscriptions(port: int, count: int) -> Greeting:
    """The greeting of a client with several subscriptions to the collection."""
    frames = [json.dumps({"id": 1, "connect": {"token": TOKEN, "proto": 1}})]
    frames += [
        json.dumps({"id": number, "subscribe": {"uri": COLLECTION}})
        for number in range(2, count + 2)
    ]
    return websocket_greeting(port, *frames, ready=b'"subscribe":{', times=count)
