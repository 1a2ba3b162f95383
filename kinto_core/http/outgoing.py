"""From a reply to what WSGI sends."""

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from webob.util import status_generic_reasons, status_reasons

from kinto_core.http.exchange import Reply

NOT_MODIFIED = 304


class Answer:
    """A reply as WSGI sends it; it looks like a Pyramid response to those who watch answers.

    Args:
        reply: becomes the answer's.

    Attributes:
        status_code: such as 200.
        headerlist: all headers, in order.
        body: empty where there is none.
    """

    __slots__ = ("body", "headerlist", "status_code")

    def __init__(self, reply: Reply) -> None:
        self.status_code = reply.status
        self.headerlist = with_content(reply)
        self.body = reply.body or b""

    def __call__(
        self, environ: Mapping[str, Any], start_response: Callable[..., object]
    ) -> list[bytes]:
        """Send it, as WSGI says; no body to ``HEAD``.

        The body is in a list, since servers stream what comes in anything else.
        """
        start_response(status_line(self.status_code), self.headerlist)
        if environ["REQUEST_METHOD"] == "HEAD" or not self.body:
            return []
        return [self.body]


def with_content(reply: Reply) -> list[tuple[str, str]]:
    """The headers of a reply, with those that describe its body."""
    headers, body = reply.headers, reply.body
    if body is not None:
        headers.append(("Content-Type", "application/json"))
        headers.append(("Content-Length", str(len(body))))
    elif reply.status != NOT_MODIFIED:
        headers.append(("Content-Length", "0"))
    return headers


@lru_cache(maxsize=128)
def status_line(status: int) -> str:
    """The status line, such as ``404 Not Found``."""
    reason: str = status_reasons.get(status) or status_generic_reasons[status // 100]
    return f"{status} {reason}"
