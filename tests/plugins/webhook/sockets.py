"""One attempt at a time, and servers that say to each connection what a test wants."""

import ipaddress
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from kinto_webhook.attempt import Limits, Message, Sender
from kinto_webhook.outcome import Answer, NoAnswer, Trouble
from kinto_webhook.targets import Resolver, parse, resolve
from tests.plugins.webhook.receiver import CERTIFICATES

LOOPBACK = (ipaddress.ip_network("127.0.0.0/8"),)
BODY = b'{"type":"webhook.ping"}'
Outcome = Answer | NoAnswer


@contextmanager
def sending(
    *,
    timeout_seconds: float = 15,
    resolver: Resolver = resolve,
    allowed: Sequence[ipaddress.IPv4Network | ipaddress.IPv6Network] = LOOPBACK,
    context: ssl.SSLContext | None = None,
) -> Iterator[Sender]:
    """A sender."""
    sender = Sender(
        Limits(
            timeout_seconds=timeout_seconds,
            resolver=resolver,
            allowed=allowed,
            context=context or ssl.create_default_context(),
        )
    )
    try:
        yield sender
    finally:
        sender.close()


def message_to(url: str, body: bytes = BODY) -> Message:
    """A message."""
    headers = {"webhook-id": "message", "x-token": "t"}
    return Message(place=parse(url, allow_http=True), headers=headers, body=body)


def send(url: str, *, times: int = 1, body: bytes = BODY, **limits: Any) -> Outcome:  # noqa: ANN401  see sending
    """The outcome of the last of some attempts by one sender."""
    with sending(**limits) as sender:
        return [sender.send(message_to(url, body)) for _ in range(times)][-1]


def trouble_of(outcome: Outcome) -> Trouble:
    """Why there was no answer."""
    assert isinstance(outcome, NoAnswer), outcome
    return outcome.trouble


def answered(outcome: Outcome) -> Answer:
    """The answer that there was."""
    assert isinstance(outcome, Answer), outcome
    return outcome


@contextmanager
def raw_server(
    talk: Callable[[socket.socket], None], *, tls: bool = False
) -> Iterator[tuple[str, list[int]]]:
    """A server that talks to each connection as it likes; its URL, and an entry for each."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATES / "receiver.pem")
    listening = socket.create_server(("127.0.0.1", 0))
    seen: list[int] = []

    def accept() -> None:
        while True:
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            seen.append(1)
            threading.Thread(target=serve, args=(connection,), daemon=True).start()

    def serve(connection: socket.socket) -> None:
        try:
            if tls:
                connection = context.wrap_socket(connection, server_side=True)
            with connection:
                talk(connection)
        except OSError:
            return

    thread = threading.Thread(target=accept, daemon=True)
    thread.start()
    try:
        origin = "https://receiver.test" if tls else "http://127.0.0.1"
        yield f"{origin}:{listening.getsockname()[1]}/", seen
    finally:
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        thread.join()


def wait_for(over: threading.Event) -> None:
    """Say nothing until a test is over."""
    over.wait(10)


def trusting() -> ssl.SSLContext:
    """A context that knows the authority of the tests."""
    return ssl.create_default_context(cafile=str(CERTIFICATES / "authority.pem"))
