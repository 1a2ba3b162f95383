"""Datagrams on this machine's network."""

import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from itertools import chain, repeat

import pytest

from kinto_core.builtin.statsd import sending
from kinto_core.builtin.statsd.sending import Address, Sender, Unresolved, look_up
from kinto_core.builtin.statsd.settings import Endpoint
from tests.unit.builtin.statsd.receiver import Receiver

LONG_SECONDS = 3600.0
MakeSender = Callable[..., Sender]


@pytest.fixture
def sender_to() -> Iterator[MakeSender]:
    """Makes senders to a port of this machine."""
    made = []

    def make(
        port: int,
        host: str = "127.0.0.1",
        interval_seconds: float = 0.01,
        look_up_seconds: float = LONG_SECONDS,
        find: Callable[[Endpoint], Address] = look_up,
    ) -> Sender:
        sender = Sender(
            Endpoint(host, port),
            interval_seconds=interval_seconds,
            look_up_seconds=look_up_seconds,
            find=find,
        )
        made.append(sender)
        return sender

    yield make
    for sender in made:
        sender.close()


def told(caplog: pytest.LogCaptureFixture) -> list[str]:
    """What senders logged; other threads of this process may log too."""
    return [one.getMessage() for one in caplog.records if one.name == sending.__name__]


def test_a_line_is_sent_after_a_moment(sender_to: MakeSender, receiver: Receiver) -> None:
    sender = sender_to(receiver.port)
    sender.add(b"hits:1|c")
    assert receiver.wait_for("hits:1|c") == ["hits:1|c"]
    sender.add(b"hits:2|c")
    receiver.wait_for("hits:2|c")


def test_a_full_datagram_waits_for_nobody(sender_to: MakeSender, receiver: Receiver) -> None:
    sender = sender_to(receiver.port, interval_seconds=LONG_SECONDS)
    lines = [f"kinto.hits.{number}:1|c".encode() for number in range(200)]
    for line in lines:
        sender.add(line)
    receiver.wait_for("kinto.hits.10:1|c")
    assert all(1300 < len(one) <= 1400 for one in receiver.datagrams)


def test_closing_sends_what_is_left(sender_to: MakeSender, receiver: Receiver) -> None:
    sender = sender_to(receiver.port, interval_seconds=LONG_SECONDS)
    sender.add(b"hits:1|c")
    sender.close()
    receiver.wait_for("hits:1|c")
    sender.close()
    sender.add(b"late:1|c")
    sender.close()
    receiver.hear()
    assert receiver.lines == ["hits:1|c"]
    assert not sender._thread.is_alive()


def test_what_never_sent_can_be_closed(sender_to: MakeSender, receiver: Receiver) -> None:
    sender = sender_to(receiver.port)
    sender.close()
    sender.add(b"late:1|c")
    receiver.hear()
    assert receiver.lines == []


def test_many_threads_lose_nothing(sender_to: MakeSender, receiver: Receiver) -> None:
    sender = sender_to(receiver.port)

    def work(name: int) -> None:
        for number in range(50):
            sender.add(f"hits.{name}.{number}:1|c".encode())

    threads = [threading.Thread(target=work, args=(name,)) for name in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    lines = receiver.wait_until(lambda found: len(found) >= 400)
    assert len(set(lines)) == len(lines) == 400


def test_a_receiver_may_be_away_and_come_back(
    sender_to: MakeSender, receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    port = receiver.port
    receiver.close()
    sender = sender_to(port)
    begin = time.monotonic()
    for _ in range(2000):
        sender.add(b"away:1|c")
    assert time.monotonic() - begin < 5
    with Receiver(port) as back:
        sender.add(b"back:1|c")
        back.wait_for("back:1|c")
    assert told(caplog) == []


def test_what_the_system_refuses_to_send_is_told_once(
    sender_to: MakeSender, caplog: pytest.LogCaptureFixture
) -> None:
    sender = sender_to(9, host="255.255.255.255", interval_seconds=LONG_SECONDS)
    for number in range(300):
        sender.add(f"kinto.hits.{number}:1|c".encode())
    (message,) = told(caplog)
    assert message.startswith("Metrics cannot be sent to 255.255.255.255:9: ")


def here(port: int) -> Address:
    return Address(socket.AF_INET, ("127.0.0.1", port))


def test_a_name_is_followed_to_another_address(sender_to: MakeSender, receiver: Receiver) -> None:
    with Receiver() as elsewhere:
        answers = chain([here(receiver.port)], repeat(here(elsewhere.port)))
        sender = sender_to(1, look_up_seconds=0, find=lambda _: next(answers))
        sender.add(b"first:1|c")
        receiver.wait_for("first:1|c")
        deadline = time.monotonic() + 10
        while "second:1|c" not in elsewhere.lines:
            assert time.monotonic() < deadline
            sender.add(b"second:1|c")
            elsewhere.hear()


def test_a_name_without_an_answer_keeps_its_address(
    sender_to: MakeSender, receiver: Receiver
) -> None:
    questions: list[Endpoint] = []
    asked_again = threading.Event()

    def find(endpoint: Endpoint) -> Address:
        questions.append(endpoint)
        if len(questions) == 1:
            return here(receiver.port)
        asked_again.set()
        reason = "away"
        raise Unresolved(reason)

    sender = sender_to(1, look_up_seconds=0, find=find)
    sender.add(b"first:1|c")
    assert asked_again.wait(10)
    sender.add(b"second:1|c")
    receiver.wait_for("second:1|c")


def test_a_slow_name_server_keeps_nobody_waiting(sender_to: MakeSender, receiver: Receiver) -> None:
    questions: list[Endpoint] = []
    asked_again, answered = threading.Event(), threading.Event()

    def find(endpoint: Endpoint) -> Address:
        questions.append(endpoint)
        if len(questions) > 1:
            asked_again.set()
            answered.wait(30)
        return here(receiver.port)

    sender = sender_to(1, look_up_seconds=0, find=find)
    sender.add(b"first:1|c")
    assert asked_again.wait(10)
    begin = time.monotonic()
    for number in range(200):
        sender.add(f"kinto.hits.{number}:1|c".encode())
    assert time.monotonic() - begin < 5
    receiver.wait_for("kinto.hits.10:1|c")
    begin = time.monotonic()
    sender.close()
    assert time.monotonic() - begin < 10
    receiver.wait_for("kinto.hits.199:1|c")
    answered.set()


def test_of_several_addresses_one_is_of_ipv4() -> None:
    assert look_up(Endpoint("localhost", 8125)).family == socket.AF_INET
    assert look_up(Endpoint("::1", 8125)).place[:2] == ("::1", 8125)


@pytest.mark.parametrize("host", ["fe80::1%nowhere", "a..b"])
def test_what_has_no_address_says_why(host: str) -> None:
    with pytest.raises(Unresolved, match=r"\w"):
        Sender(Endpoint(host, 8125))


FORKING = """
import os, sys
from kinto_core.builtin.statsd.sending import Sender
from kinto_core.builtin.statsd.settings import Endpoint

sender = Sender(Endpoint("127.0.0.1", int(sys.argv[1])), interval_seconds=3600)
sender.add(b"parent:1|c")
child = os.fork()
sender.add(b"child:1|c" if child == 0 else b"parent:2|c")
sender.close()
if child == 0:
    os._exit(0)
os.waitpid(child, 0)
"""


def test_a_forked_process_sends_its_own_lines_only(receiver: Receiver) -> None:
    command = [sys.executable, "-W", "ignore", "-c", FORKING, str(receiver.port)]
    subprocess.run(command, check=True, timeout=60, env=dict(os.environ))
    lines = receiver.wait_until(lambda found: len(found) >= 3)
    receiver.hear()
    assert sorted(lines) == ["child:1|c", "parent:1|c", "parent:2|c"]
