"""Where messages may go: which URLs are accepted, and which addresses are never connected to.

A server that sends requests for its users must not become their way into its own network. What
counts is the address that is connected to: a name is resolved once, every address that it has is
checked, and one of those is used. Nothing here connects.
"""

import ipaddress
import queue
import re
import socket
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Resolver = Callable[[str, int], Sequence[str]]
"""The addresses of a host name; raises ``OSError`` when it has none."""

MAX_URL: Final = 2048
_PORTS: Final = {"http": 80, "https": 443}
_HOST = re.compile(r"[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\]")
_TARGET = re.compile(r"[!-~]*")

FORBIDDEN_V4: Final = tuple(
    ipaddress.IPv4Network(text)
    for text in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
    )
)
"""Not of the public internet. Source: RFC 6890 and the registry of special-purpose addresses."""

PUBLIC_V6: Final = ipaddress.IPv6Network("2000::/3")
"""Everything else in IPv6 is local, mapped, translated or reserved."""

FORBIDDEN_V6: Final = tuple(
    ipaddress.IPv6Network(text) for text in ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20")
)
"""Special parts of ``PUBLIC_V6``: protocol assignments with Teredo, documentation, 6to4."""


class UnusableURL(ValueError):
    """The text is no URL that messages can be sent to; the message says why."""


class Blocked(Exception):
    """The host has an address that must not be connected to."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a URL points.

    Attributes:
        scheme: ``http`` or ``https``.
        host: a name or an address, without brackets.
        port: a number.
        path: with the query, as it is requested.
    """

    scheme: str
    host: str
    port: int
    path: str

    @property
    def authority(self) -> str:
        """The value of the header ``Host``."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"


def parse(url: str, *, allow_http: bool) -> Place:
    """Where a URL points.

    Raises:
        UnusableURL: it is malformed, too long, of another scheme, or carries credentials.
    """
    if len(url) > MAX_URL or not _TARGET.fullmatch(url):
        message = (
            f"expected at most {MAX_URL} printable ASCII characters: write other letters of a host "
            "as xn--…, and of a path as %XX"
        )
        raise UnusableURL(message)
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:  # whose text repeats parts of the URL
        message = "expected a host name or an address, and a port from 1 to 65535 or none"
        raise UnusableURL(message) from None
    schemes = ("https", "http") if allow_http else ("https",)
    if parts.scheme not in schemes:
        message = f"expected a URL that begins with {'://, or '.join(schemes)}://"
        if parts.scheme == "http":
            message += " (http:// needs the operator's webhook.allow_http)"
        raise UnusableURL(message)
    if "@" in parts.netloc:
        message = "a URL with credentials is not accepted: use headers"
        raise UnusableURL(message)
    host = parts.hostname or ""
    written = f"[{host}]" if ":" in host else host
    if not _HOST.fullmatch(written) or port == 0:
        message = "expected a host name or an address, and a port from 1 to 65535 or none"
        raise UnusableURL(message)
    query = f"?{parts.query}" if parts.query else ""
    return Place(parts.scheme, host, port or _PORTS[parts.scheme], (parts.path or "/") + query)


def is_allowed(address: Address, allowed: Sequence[Network] = ()) -> bool:
    """Whether an address may be connected to.

    Args:
        address: what a name was resolved to.
        allowed: networks that the operator allows in addition to the public internet.
    """
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return any(_is_in(address.ipv4_mapped, one) for one in allowed)
        is_public = address in PUBLIC_V6 and not any(address in one for one in FORBIDDEN_V6)
    else:
        is_public = not any(address in one for one in FORBIDDEN_V4)
    return is_public or any(_is_in(address, one) for one in allowed)


def choose(addresses: Sequence[str], allowed: Sequence[Network] = ()) -> list[str]:
    """The addresses of a host, all of them checked.

    Raises:
        Blocked: one of them must not be connected to: then none is.
    """
    for text in addresses:
        if not is_allowed(ipaddress.ip_address(text.partition("%")[0]), allowed):
            message = "the address is not of the public internet; see webhook.allowed_networks"
            raise Blocked(message)
    return list(dict.fromkeys(addresses))


def _is_in(address: Address, network: Network) -> bool:
    return address.version == network.version and address in network


def resolve(host: str, port: int) -> Sequence[str]:
    """The addresses of a host, as the system resolves names; addresses are their own.

    Raises:
        OSError: it has none.
    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
    return [str(entry[4][0]) for entry in found]


def resolve_in_time(resolver: Resolver, place: Place, timeout_seconds: float) -> Sequence[str]:
    """What a resolver answers, if it does so in time: the system's has no time-out of its own.

    Raises:
        OSError: the host has no address.
        TimeoutError: it takes too long.
    """
    try:
        return [str(ipaddress.ip_address(place.host))]
    except ValueError:
        pass
    answers: queue.SimpleQueue[Sequence[str] | Exception] = queue.SimpleQueue()

    def ask() -> None:
        try:
            answers.put(resolver(place.host, place.port))
        except (OSError, UnicodeError) as error:
            answers.put(error)

    threading.Thread(target=ask, name="webhook-dns", daemon=True).start()
    try:
        answer = answers.get(timeout=timeout_seconds)
    except queue.Empty:
        message = "the name could not be resolved in time"
        raise TimeoutError(message) from None
    if isinstance(answer, UnicodeError):
        message = "not a host name"
        raise OSError(message) from answer
    if isinstance(answer, Exception):
        raise answer
    return answer
