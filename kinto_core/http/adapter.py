"""Between Pyramid's requests and responses and our exchanges and replies."""

from collections.abc import Callable
from typing import Any

from pyramid.request import Request
from pyramid.response import Response

from kinto_core.errors import KintoError
from kinto_core.http.exchange import Exchange, Reply
from kinto_core.http.finishing import Finisher
from kinto_core.http.incoming import to_exchange
from kinto_core.http.outgoing import status_line, with_content
from kinto_core.http.site import Site
from kinto_core.http.views import failure

ExchangeView = Callable[[Exchange], Reply]


def as_view(site: Site, finisher: Finisher, view: ExchangeView) -> Callable[[Request], Response]:
    """A Pyramid view that serves exchanges, with every header in place."""

    def pyramid_view(request: Request) -> Response:
        try:
            exchange = to_exchange(site, request.environ)
            reply = view(exchange)
        except KintoError as error:
            reply = failure(site, error, exposed=())
        return finished(finisher, request, reply)

    return pyramid_view


def finished(finisher: Finisher, request: Request, reply: Reply) -> Response:
    """The response of a reply, with the headers that every answer carries."""
    return to_response(finisher.complete(request.environ, reply))


def to_response(reply: Reply) -> Response:
    """A reply as Pyramid sends it."""
    body = [] if reply.body is None else [reply.body]
    headers = with_content(reply)
    return FinishedResponse(status=status_line(reply.status), headerlist=headers, app_iter=body)


class FinishedResponse(Response):
    """A response whose headers are as they will be sent, absolute URLs included."""

    def _abs_headerlist(self, environ: dict[str, Any]) -> list[tuple[str, str]]:
        """What WebOb sends; it would look through all headers for relative URLs."""
        del environ
        headers: list[tuple[str, str]] = self.headerlist
        return headers
