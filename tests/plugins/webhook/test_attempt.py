"""One HTTP try, against real sockets."""

import ipaddress
import socket
import threading
from collections.abc import Sequence

import pytest

from kinto_webhook.attempt import KEPT_BODY
from kinto_webhook.outcome import Answer, Trouble
from tests.plugins.webhook.receiver import OK, Receiver, Say, receiving
from tests.plugins.webhook.sockets import BODY, raw_server, send, trouble_of, trusting, wait_for


def test_a_message_is_posted_as_it_is(receiver: Receiver) -> None:
    outcome = send(receiver.url("/a/b?c=d"))
    assert isinstance(outcome, Answer)
    assert (outcome.status, outcome.body) == (200, b"{}")
    (got,) = receiver.got
    assert (got.path, got.body) == ("/a/b?c=d", BODY)
    assert got.headers == {
        "host": f"127.0.0.1:{receiver.port}",
        "content-type": "application/json",
        "content-length": str(len(BODY)),
        "accept-encoding": "identity",
        "webhook-id": "message",
        "x-token": "t",
    }


def test_a_redirection_is_not_followed(receiver: Receiver) -> None:
    receiver.script = lambda _: Say(307, {"location": receiver.url("/inside")})
    outcome = send(receiver.url("/hook"))
    assert isinstance(outcome, Answer)
    assert outcome.status == 307
    assert [got.path for got in receiver.got] == ["/hook"]


def test_a_connection_is_used_again() -> None:
    def talk(connection: socket.socket) -> None:
        while connection.recv(65536):
            connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}")

    with raw_server(talk) as (url, seen):
        assert isinstance(send(url, times=3), Answer)
    assert len(seen) == 1


def test_a_kept_connection_that_was_closed_is_replaced() -> None:
    def talk(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}")

    with raw_server(talk) as (url, seen):
        assert isinstance(send(url, times=3), Answer)
    assert len(seen) == 3


def test_a_large_answer_is_not_read_to_its_end() -> None:
    def talk(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 500 Oh\r\n\r\n")
        while True:
            connection.sendall(b"x" * 65536)

    with raw_server(talk) as (url, _):
        outcome = send(url)
    assert isinstance(outcome, Answer)
    assert outcome.body == b"x" * KEPT_BODY


def test_a_receiver_that_says_nothing_is_given_up() -> None:
    over = threading.Event()
    with raw_server(lambda _: wait_for(over)) as (url, _):
        assert trouble_of(send(url, timeout_seconds=0.3)) is Trouble.TIMEOUT
        over.set()


def test_a_receiver_that_drips_is_given_up_in_time() -> None:
    waiting = threading.Event()

    def talk(connection: socket.socket) -> None:
        connection.recv(65536)
        for byte in b"HTTP/1.1 200 OK\r\nx: " + b"y" * 10_000:
            connection.sendall(bytes((byte,)))
            if waiting.wait(0.02):
                return

    with raw_server(talk) as (url, _):
        assert trouble_of(send(url, timeout_seconds=0.5)) is Trouble.TIMEOUT
        waiting.set()


def test_a_status_counts_though_its_body_never_ends() -> None:
    over = threading.Event()

    def talk(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 202 Fine\r\ncontent-length: 9\r\n\r\n{")
        over.wait(10)

    with raw_server(talk) as (url, _):
        outcome = send(url, timeout_seconds=0.3)
        over.set()
    assert isinstance(outcome, Answer)
    assert outcome.status == 202


@pytest.mark.parametrize(
    "answer",
    [b"", b"hello\r\n\r\n", b"HTTP/1.1 abc\r\n\r\n", b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * 200],
)
def test_what_is_no_http_is_a_failure(answer: bytes) -> None:
    def talk(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(answer)

    with raw_server(talk) as (url, _):
        assert trouble_of(send(url)) in {Trouble.PROTOCOL, Trouble.CONNECTION}


def test_a_refused_connection_is_tried_once_more_at_once() -> None:
    asked: list[str] = []

    def resolver(host: str, _port: int) -> Sequence[str]:
        asked.append(host)
        return ["127.0.0.1"]

    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    outcome = send(f"http://receiver.test:{port}/", resolver=resolver)
    assert trouble_of(outcome) is Trouble.CONNECTION
    assert asked == ["receiver.test", "receiver.test"]


def test_a_name_without_addresses_is_a_failure() -> None:
    def resolver(_host: str, _port: int) -> Sequence[str]:
        raise socket.gaierror(socket.EAI_NONAME, "unknown")

    assert trouble_of(send("http://receiver.test/", resolver=resolver)) is Trouble.DNS


def test_a_forbidden_address_is_not_connected_to(receiver: Receiver) -> None:
    assert trouble_of(send(receiver.url(), allowed=())) is Trouble.BLOCKED
    assert receiver.got == []


def test_a_name_that_changes_its_address_reaches_only_the_checked_one(receiver: Receiver) -> None:
    answers = iter((["203.0.113.1"], ["127.0.0.1"]))
    asked: list[str] = []

    def rebinding(host: str, _port: int) -> Sequence[str]:
        asked.append(host)
        return next(answers)

    public_only = (ipaddress.ip_network("203.0.113.0/24"),)
    url = f"http://receiver.test:{receiver.port}/"
    outcome = send(url, resolver=rebinding, allowed=public_only, timeout_seconds=0.5)
    # The first address does not answer; a second resolution, if there is one, is checked again.
    assert trouble_of(outcome) in {Trouble.TIMEOUT, Trouble.CONNECTION, Trouble.BLOCKED}
    assert receiver.got == []


def test_an_instant_failure_resolves_and_checks_again(receiver: Receiver) -> None:
    answers = iter((["127.0.0.2"], ["127.0.0.1"]))
    url = f"http://receiver.test:{receiver.port}/"
    only_second = (ipaddress.ip_network("127.0.0.2/32"),)
    outcome = send(url, resolver=lambda *_: next(answers), allowed=only_second)
    assert trouble_of(outcome) is Trouble.BLOCKED
    assert receiver.got == []


def test_proxies_of_the_environment_are_ignored(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert isinstance(send(receiver.url()), Answer)


def test_tls_is_verified_for_the_name_though_an_address_is_connected_to() -> None:
    with receiving(tls=True) as receiver:
        url = f"https://receiver.test:{receiver.port}/"
        outcome = send(url, resolver=lambda *_: ["127.0.0.1"], context=trusting(), times=2)
        assert isinstance(outcome, Answer), outcome
        assert receiver.got[0].headers["host"] == f"receiver.test:{receiver.port}"


@pytest.mark.parametrize(
    ("host", "trusts"), [("other.test", True), ("receiver.test", False), ("127.0.0.1", True)]
)
def test_a_certificate_of_another_name_or_authority_is_refused(host: str, *, trusts: bool) -> None:
    with receiving(tls=True) as receiver:
        outcome = send(
            f"https://{host}:{receiver.port}/",
            resolver=lambda *_: ["127.0.0.1"],
            context=trusting() if trusts else None,
        )
        assert trouble_of(outcome) is Trouble.TLS
        assert receiver.got == []


def test_a_plain_server_is_no_tls_server(receiver: Receiver) -> None:
    receiver.script = lambda _: OK
    outcome = send(receiver.url().replace("http:", "https:"))
    assert trouble_of(outcome) is Trouble.TLS
