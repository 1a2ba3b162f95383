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
from kinto_core.http.adapter import FINISHED, request_id, to_response
from kinto_core.http.errors import (
    GONE,
    INVALID_PARAMETERS,
    METHOD_NOT_ALLOWED,
    HttpError,
)
from kinto_core.http.finishing import EndOfService, Finisher
from kinto_core.http.site import Site
from kinto_core.http.views import failure

summary = logging.getLogger("request.summary")

SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
Handler = Callable[[Request], Response]


def surround(handler: Handler, registry: Registry) -> Handler:
    """The outermost tween."""
    site: Site = registry.site
    finisher: Finisher = registry.finisher
    end = EndOfService.of(site.settings)
    readonly = site.settings.readonly

    def guarded(request: Request) -> Response:
        try:
            if end is not None and end.is_over() and not _is_spared(site, request):
                raise HttpError(GONE)
            if readonly and request.environ["REQUEST_METHOD"] not in SAFE_METHODS:
                raise HttpError(METHOD_NOT_ALLOWED)
            if request.environ.get("QUERY_STRING"):
                _check_query(request.environ["QUERY_STRING"])
            return handler(request)
        except KintoError as error:
            return to_response(failure(site, error, exposed=()))

    def tween(request: Request) -> Response:
        started = time.perf_counter()
        response = guarded(request)
        environ = request.environ
        if FINISHED not in environ:
            headers: list[tuple[str, str]] = []
            exposed = () if environ["REQUEST_METHOD"] != "OPTIONS" or _is_bare(response) else None
            if response.status_code == METHOD_NOT_ALLOWED.status and "Allow" in response.headers:
                exposed = None
            finisher.finish(headers, environ.get("HTTP_ORIGIN"), exposed)
            for name, value in headers:
                response.headers.setdefault(name, value)
        if end is not None:
            response.headers["Alert"] = end.hard if end.is_over() else end.soft
        if summary.isEnabledFor(logging.INFO):
            _log(site, request, response, time.perf_counter() - started)
        return response

    return tween


def _is_spared(site: Site, request: Request) -> bool:
    """What still works after the end: checks of load balancers, preflights. Source: SW-14, C-133."""
    environ = request.environ
    return bool(
        environ["PATH_INFO"] == f"{site.prefix}/__lbheartbeat__"
        or environ["REQUEST_METHOD"] == "OPTIONS"
    )


def _is_bare(response: Response) -> bool:
    return response.status_code != 405  # noqa: PLR2004  the status itself


def _check_query(query: str) -> None:
    """Refuse a query string that is not UTF-8. Source: protocol E-14."""
    if "%" not in query and query.isascii():
        return
    try:
        unquote_to_bytes(query.encode("latin-1", "surrogateescape")).decode()
    except (UnicodeDecodeError, UnicodeEncodeError) as error:
        message = (
            "A request with an incorrect encoding in the querystring was received."
            " Please make sure your requests are encoded in UTF-8."
        )
        raise HttpError(INVALID_PARAMETERS, message=message) from error


def _log(site: Site, request: Request, response: Response, seconds: float) -> None:
    """One line for each request, without anything that was sent in confidence."""
    environ: dict[str, Any] = request.environ
    identity = site.authenticate(environ.get("HTTP_AUTHORIZATION"))
    fields: dict[str, Any] = {
        "agent": environ.get("HTTP_USER_AGENT"),
        "path": environ["PATH_INFO"].encode("latin-1").decode("utf-8", "replace"),
        "method": environ["REQUEST_METHOD"],
        "rid": request_id(environ),
        "code": response.status_code,
        "t": int(seconds * 1000),
        "uid": identity.identifier if identity is not None else None,
        "authn_type": identity.policy if identity is not None else None,
    }
    summary.info("", extra={key: value for key, value in fields.items() if value is not None})


