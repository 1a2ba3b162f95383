"""Which network a request counts for."""

import pytest

from kinto_core.builtin.accounts.senders import Sender, network_of


@pytest.mark.parametrize(
    ("peer", "forwarded", "proxies", "expected"),
    [
        ("192.0.2.1", None, 0, "192.0.2.1"),
        ("2001:db8:1:2:3::4", None, 0, "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.1", None, 0, "192.0.2.1"),
        ("", None, 0, None),
        (None, None, 0, None),
        ("unix", None, 0, None),
        ("127.0.0.1", None, 0, "127.0.0.1"),
        ("127.0.0.1", "198.51.100.7", 0, None),  # a proxy that nobody vouches for
        ("8.8.8.8", "198.51.100.7", 0, "8.8.8.8"),  # a stranger's own claim
        ("127.0.0.1", "198.51.100.7", 1, "198.51.100.7"),
        ("127.0.0.1", "1.2.3.4, 198.51.100.7", 1, "198.51.100.7"),
        ("127.0.0.1", "1.2.3.4, 198.51.100.7, 10.0.0.1", 2, "198.51.100.7"),
        ("127.0.0.1", "198.51.100.7:4711", 1, "198.51.100.7"),
        ("127.0.0.1", "[2001:db8::1]:4711", 1, "2001:db8::/64"),
        ("127.0.0.1", "198.51.100.7", 2, None),
        ("127.0.0.1", None, 1, None),
        ("127.0.0.1", "nonsense", 1, None),
    ],
)
def test_the_address_that_counts(
    peer: str | None, forwarded: str | None, proxies: int, expected: str | None
) -> None:
    assert network_of(Sender(peer, forwarded), proxies) == expected
