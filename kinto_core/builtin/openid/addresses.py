"""Where requests to a provider may go: the issuer's address and what its own document names.

No I/O here.

Source: OpenID Connect Discovery 1.0 section 7, RFC 9700 section 2.6.
"""

from ipaddress import ip_address
from urllib.parse import SplitResult, urlsplit


def address_problem(url: str, *, issuer: str | None = None) -> str | None:
    """Why requests may not go to an address; ``None`` when they may.

    Args:
        url: of the issuer, or of one of its endpoints.
        issuer: whose endpoint it is. An endpoint on this machine is one of an issuer on this
            machine: nobody else can send us there.
    """
    parts = _split(url)
    if parts is None or not parts.hostname:
        return "expected an address such as https://accounts.example.org"
    if parts.username is not None or parts.fragment:
        return "expected an address without user name and fragment"
    if parts.scheme == "https":
        return None
    is_near = is_loopback(parts.hostname)
    if parts.scheme == "http" and is_near and (issuer is None or _is_near(issuer)):
        return None
    return "expected https://, which only a provider on this machine may do without"


def is_loopback(host: str) -> bool:
    """Whether a host is this machine."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _is_near(url: str) -> bool:
    parts = _split(url)
    return parts is not None and parts.scheme == "http" and is_loopback(parts.hostname or "")


def _split(url: str) -> SplitResult | None:
    if not url.isascii() or not url.isprintable() or " " in url or "\\" in url:
        return None
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018  reading it checks it
    except ValueError:
        return None
    return parts
