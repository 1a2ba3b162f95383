"""Which pages tokens may be sent to. No I/O here.

Source: built-in plugins B-93 to B-96.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

_URL: Final = re.compile(
    r"(?P<scheme>https?)://(?P<host>\[[^\]/?#]*\]|[^:/?#\[\]]*)(?::(?P<port>[^/?#]*))?"
    r"(?P<rest>.*)",
    re.IGNORECASE | re.DOTALL,
)
_HOST: Final = re.compile(r"[a-z0-9.-]+|\[[0-9a-f:.]+\]")
_HOST_PATTERN: Final = re.compile(r"[a-z0-9.*-]+|\[[0-9a-f:.*]+\]")
_PORT: Final = re.compile(r"[0-9]{1,5}")
_PORT_PATTERN: Final = re.compile(r"[0-9*]+")
_PORTS: Final = {"http": "80", "https": "443"}
_DOT: Final = re.compile(r"%2e", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Parts:
    scheme: str
    host: str
    port: str
    rest: str


def is_trusted(callback: str, patterns: Iterable[str]) -> bool:
    """Whether every part of a URL fits the same pattern.

    Args:
        callback: an absolute URL.
        patterns: URLs in which ``*`` stands for any text within a part; malformed ones fit nothing.
    """
    url = _parts(callback, _HOST, _PORT)
    if url is None:
        return False
    known = (_parts(pattern, _HOST_PATTERN, _PORT_PATTERN) for pattern in patterns)
    return any(one is not None and _fits(url, one) for one in known)


def _parts(url: str, host: re.Pattern[str], port: re.Pattern[str]) -> _Parts | None:
    """The parts of a URL; ``None`` when browsers might read it in another way than we do."""
    match = _URL.fullmatch(url)
    if match is None or not url.isprintable() or " " in url or "\\" in url:
        return None
    scheme = match["scheme"].lower()
    found = _Parts(
        scheme,
        match["host"].lower(),
        _PORTS[scheme] if match["port"] is None else match["port"],
        match["rest"] if match["rest"].startswith("/") else "/" + match["rest"],
    )
    is_plain = host.fullmatch(found.host) and port.fullmatch(found.port)
    return found if is_plain and not _climbs(found.rest) else None


def _climbs(rest: str) -> bool:
    """Whether a path has segments that mean another one."""
    path = _DOT.sub(".", re.split(r"[?#]", rest, maxsplit=1)[0])
    return any(one in (".", "..") for one in path.split("/"))


def _fits(url: _Parts, pattern: _Parts) -> bool:
    return url.scheme == pattern.scheme and all(
        _matches(text, wanted)
        for text, wanted in (
            (url.host, pattern.host),
            (url.port, pattern.port),
            (url.rest, pattern.rest),
        )
    )


def _matches(text: str, pattern: str) -> bool:
    expression = ".*".join(re.escape(part) for part in re.split(r"\*+", pattern))
    return re.fullmatch(expression, text, re.DOTALL) is not None
