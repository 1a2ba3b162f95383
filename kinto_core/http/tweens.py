"""What surrounds every request: end of service, read-only mode, headers, the log.

Source: protocol 0-10 to 0-13, E-28 to E-30; settings S-188.
"""

import logging
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote_to_bytes

from pyramid.registry import Registry
from pyramid.request import Request
from pyramid.response import Response

from kinto_core.errors import KintoError
from kinto_core.http.adapter import FINISHED, to_response
from kinto_core.http.adapter import request_id as request_id_of
from kinto_core.http.errors import GONE, METHOD_NOT_ALLOWED, HttpError
from kinto_core.http.finishing import EndOfService, Finisher
from kinto_core.http.measuring import Meter
from kinto_core.http.querystring import UndecodableQuery
from kinto_core.http.site import Site
from kinto_core.http.summaries import of_request
from kinto_core.http.views import failure
from kinto_core.logs import REQUESTS, log_request, request_id

SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
Handler = Callable[[Request], Response]


def surround(handler: Handler, registry: Registry) -> Handler:
    """The outermost tween."""
    site: Site = registry.site
    finisher: Finisher = registry.finisher
    end = EndOfService.of(site.settings)
    has_limits = end is not None or site.settings.readonly
    meter: Meter | None = registry.meter

    def guarded(request: Request) -> Response:
        try:
            if has_limits:
                _refuse(site, end, request)
            if request.environ.get("QUERY_STRING"):
                _check_query(request.environ["QUERY_STRING"])
            return handler(request)
        except KintoError as error:
            return to_response(failure(site, error, exposed=()))

    def tween(request: Request) -> Response:
        started = time.perf_counter()
        environ = request.environ
        name = request_id.set(request_id_of(environ))
        try:
            response = guarded(request)
        finally:
            request_id.reset(name)
        if FINISHED not in environ:
            _finish(finisher, environ, response)
        if end is not None:
            response.headers["Alert"] = end.hard if end.is_over() else end.soft
        if REQUESTS.isEnabledFor(logging.INFO):
            log_request(of_request(site, environ, response, started))
        if meter is not None:
            meter.take_request(request, response, started)
        return response

    return tween


def _refuse(site: Site, end: EndOfService | None, request: Request) -> None:
    """Refuse what is not served now.

    Raises:
        HttpError: after the end of service; for a write on a read-only server.
    """
    if end is not None and end.is_over() and not _is_spared(site, request):
        raise HttpError(GONE)
    if site.settings.readonly and request.environ["REQUEST_METHOD"] not in SAFE_METHODS:
        raise HttpError(METHOD_NOT_ALLOWED)


def _finish(finisher: Finisher, environ: dict[str, Any], response: Response) -> None:
    """Add what every answer carries to one that Pyramid or a plugin made."""
    is_refused = response.status_code == METHOD_NOT_ALLOWED.status
    is_preflight = environ["REQUEST_METHOD"] == "OPTIONS" and is_refused
    headers: list[tuple[str, str]] = []
    exposed = None if is_preflight or (is_refused and "Allow" in response.headers) else ()
    finisher.finish(headers, environ.get("HTTP_ORIGIN"), exposed)
    headers.append(("X-Request-Id", request_id_of(environ)))
    for name, value in headers:
        response.headers.setdefault(name, value)


def _is_spared(site: Site, request: Request) -> bool:
    """What works after the end: checks of load balancers, preflights. Source: SW-14, C-133."""
    environ = request.environ
    return bool(
        environ["PATH_INFO"] == f"{site.prefix}/__lbheartbeat__"
        or environ["REQUEST_METHOD"] == "OPTIONS"
    )


def _check_query(query: str) -> None:
    """Refuse a query string that is not UTF-8. Source: protocol E-14."""
    if "%" not in query and query.isascii():
        return
    try:
        unquote_to_bytes(query.encode("latin-1", "surrogateescape")).decode()
    except (UnicodeDecodeError, UnicodeEncodeError) as error:
        raise UndecodableQuery from error
