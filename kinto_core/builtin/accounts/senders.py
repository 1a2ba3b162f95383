"""From which network address a request comes, for those who count attempts.

Policies see credentials only. The address is therefore kept beside the request, where there are
accounts.
"""

import ipaddress
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, NamedTuple

_IPV6_NETWORK = 64
"""Bits of an IPv6 address that tell one customer of a provider from another."""


class Sender(NamedTuple):
    """What a request says of where it comes from."""

    peer: str | None
    forwarded: str | None


_sender: ContextVar[Sender | None] = ContextVar("sender", default=None)


@contextmanager
def remembered_sender(environ: Mapping[str, Any]) -> Iterator[None]:
    """Keep the sender of the request that this thread serves within."""
    known = Sender(environ.get("REMOTE_ADDR"), environ.get("HTTP_X_FORWARDED_FOR"))
    mine = _sender.set(known)
    try:
        yield
    finally:
        _sender.reset(mine)


def network(trusted_proxies: int) -> str | None:
    """The network of who sent the request that this thread serves; ``None`` when unknown."""
    sender = _sender.get()
    return None if sender is None else network_of(sender, trusted_proxies)


def network_of(sender: Sender, trusted_proxies: int) -> str | None:
    """The address that counts; of IPv6 the network of the customer.

    Unknown is one that a proxy hides: it is on this machine or a private network, passes requests
    on for others, and nobody said how many proxies to believe.
    """
    forwarded = [part.strip() for part in (sender.forwarded or "").split(",") if part.strip()]
    if trusted_proxies:
        believed = forwarded[-trusted_proxies:]
        return _network(believed[0]) if len(believed) == trusted_proxies else None
    address = _parsed(sender.peer)
    if address is None or (forwarded and address.is_private):
        return None
    return _network(str(address))


def _network(text: str) -> str | None:
    address = _parsed(text)
    if address is None:
        return None
    if address.version == 6:  # noqa: PLR2004  the protocol's name
        return str(ipaddress.ip_network((int(address), _IPV6_NETWORK), strict=False))
    return str(address)


def _parsed(text: str | None) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """The address in a text such as ``192.0.2.1``, ``192.0.2.1:80`` or ``[2001:db8::1]:80``."""
    if not text:
        return None
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    mapped = getattr(address, "ipv4_mapped", None)
    return mapped or address
