"""A receiver on loopback that remembers what it got and answers as a test wants it."""

import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from kinto_core import json


@dataclass(frozen=True)
class Got:
    """One request."""

    path: str
    headers: Mapping[str, str]
    body: bytes
    moment: float

    @property
    def id(self) -> str:
        """The message's id."""
        return self.headers["webhook-id"]

    @property
    def data(self) -> Any:  # noqa: ANN401  JSON
        """The parsed body."""
        return json.parse(self.body)


@dataclass(frozen=True)
class Say:
    """One answer."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b"{}"


Script = Callable[[Got], Say]
OK = Say()


class Receiver:
    """What was received; assign ``script`` to answer otherwise than with 200."""

    def __init__(self) -> None:
        self.got: list[Got] = []
        self.script: Script = lambda _: OK
        self.changed = threading.Condition()
        self.released = threading.Event()
        self.port = 0

    def url(self, path: str = "/hook") -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}{path}"

    def hang(self, _: Got) -> Say:
        """A script: answer when the test is over."""
        self.released.wait(60)
        return OK

    def take(self, got: Got) -> Say:
        """Note a request and make its answer."""
        with self.changed:
            self.got.append(got)
            self.changed.notify_all()
        return self.script(got)

    def wait(self, condition: Callable[[list[Got]], bool], seconds: float = 60) -> list[Got]:
        """Wait until what was received fulfils a condition; gives all of it."""
        with self.changed:
            assert self.changed.wait_for(lambda: condition(self.got), seconds), [
                (one.path, one.data.get("type")) for one in self.got[-20:]
            ]
            return list(self.got)

    def wait_for(self, count: int, seconds: float = 60) -> list[Got]:
        """Wait for so many requests."""
        return self.wait(lambda got: len(got) >= count, seconds)


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        """Say nothing: senders that are killed hang up."""

    request_queue_size = 128


CERTIFICATES = Path(__file__).parent / "certificates"
"""Of an authority made for these tests, and of ``receiver.test``."""


@contextmanager
def receiving(*, tls: bool = False) -> Iterator[Receiver]:
    """A running receiver."""
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_POST(self) -> None:
            length = int(self.headers.get("content-length", "0"))
            headers = {name.lower(): value for name, value in self.headers.items()}
            got = Got(self.path, headers, self.rfile.read(length), time.monotonic())
            say = receiver.take(got)
            try:
                self.send_response(say.status)
                for name, value in say.headers.items():
                    self.send_header(name, value)
                self.send_header("content-length", str(len(say.body)))
                self.end_headers()
                self.wfile.write(say.body)
            except OSError:  # the sender has gone
                self.close_connection = True

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = _Server(("127.0.0.1", 0), Handler)
    receiver.port = server.server_address[1]
    if tls:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(CERTIFICATES / "receiver.pem")
        server.socket = context.wrap_socket(
            server.socket, server_side=True, do_handshake_on_connect=False
        )
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield receiver
    finally:
        receiver.released.set()
        server.shutdown()
        server.server_close()
        thread.join()
