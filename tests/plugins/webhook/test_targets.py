"""Where messages may go: URLs and addresses as lists."""

import ipaddress
import threading
from collections.abc import Sequence

import pytest

from kinto_webhook.targets import (
    Blocked,
    Place,
    UnusableURL,
    choose,
    is_allowed,
    parse,
    resolve,
    resolve_in_time,
)

FORBIDDEN = """
0.0.0.0 0.1.2.3 10.0.0.1 10.255.255.255 100.64.0.1 100.127.255.255 127.0.0.1 127.1.2.3
127.255.255.255 169.254.0.1 169.254.169.254 172.16.0.1 172.31.255.255 192.0.0.1 192.0.0.170
192.0.2.1 192.88.99.1 192.168.0.1 192.168.255.255 198.18.0.1 198.19.255.255 198.51.100.7
203.0.113.9 224.0.0.1 239.255.255.250 240.0.0.1 255.255.255.255 :: ::1 ::7f00:1 ::ffff:127.0.0.1
::ffff:7f00:1 ::ffff:10.0.0.1 ::ffff:8.8.8.8 ::ffff:0:0 64:ff9b::7f00:1 64:ff9b::8.8.8.8
64:ff9b:1::a00:1 100::1 2001::1 2001:0:4136:e378:8000:63bf:: 2001:10::1 2001:20::1 2001:db8::1
2002:7f00:1:: 2002:a00:1::1 3fff::1 5f00::1 fc00::1 fd00::1 fdff:ffff::1 fe80::1 fe80::1%eth0
febf::1 fec0::1 ff02::1 ff0e::1 4000::1 8000::1
"""

PUBLIC = """
1.1.1.1 8.8.8.8 9.255.255.255 11.0.0.1 100.63.255.255 100.128.0.1 126.255.255.255 128.0.0.1
169.253.255.255 169.255.0.1 172.15.255.255 172.32.0.1 192.0.1.1 192.167.255.255 192.169.0.1
198.17.255.255 198.20.0.1 223.255.255.255 2606:4700:4700::1111 2001:4860:4860::8888 2a00::1
2003::1 3ffe::1
"""


@pytest.mark.parametrize("text", FORBIDDEN.split())
def test_no_message_goes_there(text: str) -> None:
    with pytest.raises(Blocked):
        choose([text])


@pytest.mark.parametrize("text", PUBLIC.split())
def test_the_public_internet_is_open(text: str) -> None:
    assert choose([text]) == [text]


def test_one_forbidden_address_spoils_the_others() -> None:
    with pytest.raises(Blocked):
        choose(["8.8.8.8", "10.0.0.1"])


@pytest.mark.parametrize(
    ("text", "network", "expected"),
    [
        ("127.0.0.1", "127.0.0.0/8", True),
        ("::ffff:127.0.0.1", "127.0.0.0/8", True),
        ("10.1.2.3", "10.1.0.0/16", True),
        ("10.2.2.3", "10.1.0.0/16", False),
        ("::1", "::1/128", True),
        ("::1", "127.0.0.0/8", False),
        ("fd00::5", "fd00::/8", True),
        ("::ffff:10.0.0.1", "127.0.0.0/8", False),
    ],
)
def test_an_operator_opens_networks(text: str, network: str, *, expected: bool) -> None:
    allowed = (ipaddress.ip_network(network),)
    assert is_allowed(ipaddress.ip_address(text), allowed) is expected


@pytest.mark.parametrize(
    "url",
    [
        "http://0x7f.1/",
        "http://2130706433/",
        "http://0177.0.0.1/",
        "http://127.1/",
        "http://0/",
        "http://[::ffff:127.0.0.1]/",
        "http://localhost/",
        "http://LOCALHOST/",
        "http://0x7f000001/",
    ],
)
def test_loopback_in_disguise_is_seen_when_it_is_resolved(url: str) -> None:
    place = parse(url, allow_http=True)
    with pytest.raises(Blocked):
        choose(resolve_in_time(resolve, place, 5))


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("https://example.com", Place("https", "example.com", 443, "/")),
        ("https://Example.com:8443/a?b=c#d", Place("https", "example.com", 8443, "/a?b=c")),
        ("http://[2a00::1]:80/x", Place("http", "2a00::1", 80, "/x")),
    ],
)
def test_a_url_says_where_to(url: str, place: Place) -> None:
    assert parse(url, allow_http=True) == place


def test_the_host_header_names_unusual_ports_only() -> None:
    assert parse("https://example.com/", allow_http=False).authority == "example.com"
    assert parse("https://example.com:444/", allow_http=False).authority == "example.com:444"
    assert parse("https://[2a00::1]/", allow_http=False).authority == "[2a00::1]"


@pytest.mark.parametrize(
    "url",
    [
        "",
        "example.com",
        "ftp://example.com",
        "file:///etc/passwd",
        "http://example.com",
        "https://",
        "https:///path",
        "https://user:secret@example.com/",
        "https://@example.com/",
        "https://exa mple.com/",
        "https://example.com/a b",
        "https://example.com/\r\nx",
        "https://example.com:0/",
        "https://example.com:99999/",
        "https://example.com:x/",
        "https://exämple.com/",
        "https://exa_mple%2ecom/",
        "https://[::1/",
        "https://[fe80::1%25eth0]/",
        "https://example.com/" + "x" * 2100,
        "//example.com/",
        "https:example.com",
        "gopher://example.com/_x",
    ],
)
def test_other_urls_are_refused(url: str) -> None:
    with pytest.raises(UnusableURL):
        parse(url, allow_http=False)


def test_an_address_is_not_resolved() -> None:
    def never(_host: str, _port: int) -> Sequence[str]:
        raise AssertionError

    place = Place("https", "2a00::1", 443, "/")
    assert resolve_in_time(never, place, 1) == ["2a00::1"]


def test_a_name_server_that_hangs_is_not_waited_for() -> None:
    over = threading.Event()

    def hangs(_host: str, _port: int) -> Sequence[str]:
        over.wait(60)
        return ["8.8.8.8"]

    with pytest.raises(TimeoutError):
        resolve_in_time(hangs, Place("https", "example.com", 443, "/"), 0.05)
    over.set()
