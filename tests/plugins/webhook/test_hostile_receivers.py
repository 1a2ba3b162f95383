"""Receivers that want to cost more than an attempt may, or to confuse the next one."""

import gzip
import socket
import threading
from collections.abc import Callable, Iterator

import pytest

from kinto_webhook.attempt import KEPT_BODY
from kinto_webhook.connection import MAX_ANSWER
from kinto_webhook.outcome import Trouble
from tests.plugins.webhook.receiver import Receiver, Say
from tests.plugins.webhook.sockets import (
    answered,
    message_to,
    raw_server,
    send,
    sending,
    trouble_of,
    trusting,
)

OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}"
PIECE = b"x" * 4096
Talk = Callable[[socket.socket], None]


def saying(*answers: bytes) -> Talk:
    """A receiver that says one thing after each request, and then no more."""

    def talk(connection: socket.socket) -> None:
        for answer in answers:
            if not connection.recv(65536):
                return
            connection.sendall(answer)

    return talk


def flooding(head: bytes, piece: bytes, sent: list[int]) -> Talk:
    """A receiver whose answer never ends."""

    def talk(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(head)
        while True:
            connection.sendall(piece)
            sent.append(len(piece))

    return talk


@pytest.fixture
def over() -> Iterator[threading.Event]:
    """Set when a test is over."""
    event = threading.Event()
    yield event
    event.set()


@pytest.mark.parametrize(
    ("head", "piece"),
    [
        (b"HTTP/1.1 200 OK\r\nx: ", PIECE),
        (b"HTTP/1.1 200 OK\r\n", b"x: " + PIECE + b"\r\n"),
        (b"HTTP/1.1 200 ", PIECE),
        (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
        (b"", b"HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n"),
    ],
    ids=["line", "headers", "status", "continue", "hints"],
)
def test_a_head_without_end_is_no_answer(head: bytes, piece: bytes) -> None:
    sent: list[int] = []
    with raw_server(flooding(head, piece, sent)) as (url, _):
        assert trouble_of(send(url)) is Trouble.PROTOCOL


@pytest.mark.parametrize(
    ("head", "piece"),
    [
        (b"", PIECE),
        (b"transfer-encoding: chunked\r\n", b"1000\r\n" + PIECE + b"\r\n"),
        (b"transfer-encoding: chunked\r\n", b"1;" + PIECE + b"\r\nx\r\n"),
        (b"content-encoding: gzip\r\n", gzip.compress(bytes(10_000_000))),
    ],
    ids=["plain", "chunked", "extensions", "gzip"],
)
def test_a_body_without_end_is_not_read_and_not_unpacked(head: bytes, piece: bytes) -> None:
    sent: list[int] = []
    with raw_server(flooding(b"HTTP/1.1 200 OK\r\n" + head + b"\r\n", piece, sent)) as (url, _):
        answer = answered(send(url))
    assert answer.status == 200
    assert len(answer.body) <= KEPT_BODY < MAX_ANSWER


@pytest.mark.parametrize("chunked", [True, False])
def test_a_body_that_drips_takes_no_longer_than_an_attempt(
    over: threading.Event, *, chunked: bool
) -> None:
    drop = b"1\r\nx\r\n" if chunked else b"x"
    head = b"transfer-encoding: chunked" if chunked else b"content-length: 16000"

    def talk(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 200 OK\r\n" + head + b"\r\n\r\n")
        while not over.wait(0.01):  # for ever, in steps that no time-out of a read would notice
            connection.sendall(drop)

    with raw_server(talk) as (url, _):
        assert answered(send(url, timeout_seconds=0.4)).status == 200


def test_a_receiver_that_takes_a_message_in_sips_takes_no_longer(over: threading.Event) -> None:
    taken: list[int] = []

    def talk(connection: socket.socket) -> None:
        while not over.wait(0.01):
            taken.append(len(connection.recv(16384)))

    with raw_server(talk, tls=True) as (url, _):
        outcome = send(
            url,
            timeout_seconds=0.5,
            resolver=lambda *_: ["127.0.0.1"],
            context=trusting(),
            body=b"{" + b" " * 16_000_000 + b"}",
        )
        assert trouble_of(outcome) is Trouble.TIMEOUT
        assert sum(taken) < 4_000_000  # not given up after the last sip only


def test_interim_answers_are_passed_over() -> None:
    hints = b"HTTP/1.1 103 Early Hints\r\nlink: </style.css>\r\n\r\n"
    late = b"HTTP/1.1 102 Processing\r\n\r\n" + hints + OK
    with raw_server(saying(late, late, late)) as (url, seen):
        assert answered(send(url, times=3)).status == 200
    assert len(seen) == 1


def test_a_change_of_protocols_is_no_answer() -> None:
    switch = b"HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\n\r\n"
    with raw_server(saying(switch)) as (url, _):
        assert trouble_of(send(url)) is Trouble.PROTOCOL


def test_an_answer_in_advance_is_not_taken_for_that_of_the_next_message() -> None:
    first, second = threading.Event(), threading.Event()

    def talk(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(OK)
        first.wait(10)
        connection.sendall(b"HTTP/1.1 410 Gone\r\ncontent-length: 0\r\n\r\n")
        second.set()
        connection.recv(65536)

    with raw_server(talk) as (url, seen), sending() as sender:
        answered(sender.send(message_to(url)))
        first.set()
        assert second.wait(10)
        assert answered(sender.send(message_to(url))).status == 200
    assert len(seen) == 2


def test_http_1_0_is_understood() -> None:
    with raw_server(saying(b"HTTP/1.0 200 OK\r\n\r\n{}")) as (url, seen):
        assert answered(send(url, times=3)).status == 200
    assert len(seen) == 3


@pytest.mark.parametrize("tls", [False, True])
def test_a_connection_is_used_again(*, tls: bool) -> None:
    with raw_server(saying(OK, OK, OK), tls=tls) as (url, seen):
        outcome = send(url, times=3, resolver=lambda *_: ["127.0.0.1"], context=trusting())
        assert answered(outcome).body == b"{}"
    assert len(seen) == 1


def test_cookies_are_not_kept(receiver: Receiver) -> None:
    receiver.script = lambda _: Say(200, {"set-cookie": "a=b; path=/"})
    answered(send(receiver.url(), times=2))
    assert not any("cookie" in got.headers for got in receiver.got)
