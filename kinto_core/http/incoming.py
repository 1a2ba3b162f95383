"""From the environment of a WSGI request to an exchange."""

import itertools
import secrets
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

from kinto_core.authentication.interface import Identity
from kinto_core.http.errors import TOO_LARGE, HttpError
from kinto_core.http.exchange import Exchange
from kinto_core.http.site import Site

REQUEST_ID = "kinto.request_id"
"""Where the environment keeps the request's name."""

IDENTITY = "kinto.identity"
"""Where the environment keeps who asks, beside the credentials that prove it."""

BODY_READ = "kinto.body_read"
"""Set in the environment of a request by who reads its body, and what is left of it too."""

SAFE_IN_PATH = "/~!$&'()*+,;=:@"
MAX_REQUEST_ID = 128

_prefix = secrets.token_hex(6)
_counter = itertools.count(1)
_names: dict[str, str] = {"content-type": "CONTENT_TYPE", "content-length": "CONTENT_LENGTH"}


class EnvironHeaders(Mapping[str, str]):
    """The headers of a WSGI environment by lower-case name, without copying them."""

    __slots__ = ("_environ",)

    def __init__(self, environ: Mapping[str, Any]) -> None:
        self._environ = environ

    def __getitem__(self, name: str) -> str:
        """The value of a header; raises ``KeyError`` when it is absent."""
        value: str = self._environ[_environ_name(name)]
        return value

    def get(self, name: str, default: Any = None) -> Any:  # noqa: ANN401  as in Mapping
        """The value of a header, or ``default``."""
        return self._environ.get(_environ_name(name), default)

    def __iter__(self) -> Iterator[str]:
        """The names of all headers."""
        for name in self._environ:
            if name.startswith("HTTP_"):
                yield name[5:].replace("_", "-").lower()
            elif name in ("CONTENT_TYPE", "CONTENT_LENGTH"):
                yield name.replace("_", "-").lower()

    def __len__(self) -> int:
        """How many headers there are."""
        return sum(1 for _ in self)


def _environ_name(name: str) -> str:
    known = _names.get(name)
    if known is None:
        known = _names[name] = "HTTP_" + name.upper().replace("-", "_")
    return known


def request_id(environ: dict[str, Any]) -> str:
    """The client's name for the request, or one of ours, which the environment keeps.

    Source: settings S-193, SW-19.
    """
    known: str | None = environ.get(REQUEST_ID)
    if known is None:
        given: str | None = environ.get("HTTP_X_REQUEST_ID")
        known = given[:MAX_REQUEST_ID] if given else f"{_prefix}-{next(_counter):x}"
        environ[REQUEST_ID] = known
    return known


def path_of(environ: Mapping[str, Any]) -> str:
    """The path of a request, decoded.

    Raises:
        UnicodeDecodeError: it is not UTF-8.
    """
    path: str = environ["PATH_INFO"]
    return path if path.isascii() else path.encode("latin-1").decode()


def to_exchange(site: Site, environ: dict[str, Any]) -> Exchange:
    """A request as handlers see it.

    Raises:
        HttpError: the body is too large; nothing of it was read.
    """
    return Exchange(
        method=environ["REQUEST_METHOD"],
        path=path_of(environ)[len(site.prefix) :],
        query=environ.get("QUERY_STRING", ""),
        headers=EnvironHeaders(environ),
        body=_body(site, environ),
        origin_url=origin_url(site, environ),
        identity=identity_of(site, environ),
        request_id=request_id(environ),
    )


def identity_of(site: Site, environ: dict[str, Any]) -> Identity | None:
    """Who asks, found out once for each request; ``None`` when anonymous.

    Raises:
        BackendUnavailable: that cannot be known now.
    """
    credentials = environ.get("HTTP_AUTHORIZATION")
    if credentials is None:
        return None
    known = environ.get(IDENTITY)
    if known is None or known[0] != credentials:
        known = environ[IDENTITY] = (credentials, site.authenticate(credentials))
    identity: Identity | None = known[1]
    return identity


def known_identity(environ: Mapping[str, Any]) -> Identity | None:
    """Who asked, if somebody wanted to know while the request was served."""
    known: tuple[str, Identity | None] | None = environ.get(IDENTITY)
    return known[1] if known is not None else None


def origin_url(site: Site, environ: Mapping[str, Any]) -> str:
    """Scheme and host of absolute URLs. Source: protocol V-13."""
    scheme = site.settings.http_scheme or environ["wsgi.url_scheme"]
    host = site.settings.http_host or environ.get("HTTP_HOST")
    if not host:
        host = f"{environ['SERVER_NAME']}:{environ['SERVER_PORT']}"
    return f"{scheme}://{host}"


def raw_path(environ: Mapping[str, Any]) -> str:
    """The path of a request, percent-encoded."""
    return quote(environ["PATH_INFO"].encode("latin-1"), safe=SAFE_IN_PATH)


def _body(site: Site, environ: dict[str, Any]) -> bytes:
    limit = site.settings.max_body_size_bytes
    length = environ.get("CONTENT_LENGTH")
    if not length:
        if "HTTP_TRANSFER_ENCODING" not in environ:
            return b""
        body: bytes = environ["wsgi.input"].read(limit + 1)
    elif not length.isdigit() or int(length) > limit:
        raise _too_large(limit)
    else:
        body = environ["wsgi.input"].read(int(length)) if length != "0" else b""
    if len(body) > limit:
        raise _too_large(limit)
    environ[BODY_READ] = True
    return body


def discard_body(environ: Mapping[str, Any], limit: int) -> None:
    """Read a body that nobody asked for, so that the client can go on using the connection.

    A server closes the connection if it answers before the body has come, and a client that sends
    its next request there, as after a redirect, gets no answer. Source: clients C-15.

    Args:
        environ: of the request.
        limit: bytes; more are not waited for.
    """
    length = environ.get("CONTENT_LENGTH")
    if BODY_READ in environ or length == "0":
        return
    if length:
        if not length.isdigit() or int(length) > limit:
            return
    elif "HTTP_TRANSFER_ENCODING" not in environ:
        return
    environ["wsgi.input"].read(limit)


def _too_large(limit: int) -> HttpError:
    return HttpError(TOO_LARGE, message=f"The body is larger than {limit} bytes.")
