"""What surrounds every request: end of service, read-only mode, headers, the log.

Source: protocol 0-10 to 0-13, E-28 to E-30; settings S-188.
"""

import logging
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from typing import Any, Protocol, TypeVar
from urllib.parse import unquote_to_bytes

from pyramid.registry import Registry
from pyramid.request import Request
from pyramid.response import Response

from kinto_core.errors import KintoError
from kinto_core.http.adapter import to_response
from kinto_core.http.errors import GONE, METHOD_NOT_ALLOWED, HttpError
from kinto_core.http.exchange import Reply
from kinto_core.http.finishing import FINISHED, EndOfService, Finisher
from kinto_core.http.incoming import discard_body
from kinto_core.http.incoming import request_id as request_id_of
from kinto_core.http.measuring import Meter, Place, place_of
from kinto_core.http.querystring import UndecodableQuery
from kinto_core.http.site import Site
from kinto_core.http.summaries import of_request
from kinto_core.http.views import failure
from kinto_core.logs import REQUESTS, log_request, request_id

SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
Handler = Callable[[Request], Response]


class Answered(Protocol):
    """What is seen of an answer: a Pyramid response, or what stands for one."""

    status_code: int
    headerlist: list[tuple[str, str]]
    body: bytes


A = TypeVar("A", bound=Answered)


class Surroundings:
    """What is done before and after whatever answers a request.

    Args:
        site: of the application.
        finisher: adds the headers that every answer carries.
        meter: measures requests, if somebody exports that.
    """

    def __init__(self, site: Site, finisher: Finisher, meter: Meter | None) -> None:
        self._site = site
        self._finisher = finisher
        self._meter = meter
        self._end = EndOfService.of(site.settings)
        self._has_limits = self._end is not None or site.settings.readonly

    def serve(
        self,
        environ: dict[str, Any],
        serve: Callable[[], A],
        make: Callable[[Reply], A],
        place: Callable[[A], Place],
    ) -> A:
        """The answer to a request.

        Args:
            environ: of WSGI.
            serve: what answers, unless the request is refused before.
            make: an answer from a reply.
            place: says what answered, when it is measured.
        """
        started = time.perf_counter()
        name = request_id.set(request_id_of(environ))
        try:
            self._require_acceptable(environ)
            answer = self._within(environ, serve) if self._site.around else serve()
        except KintoError as error:
            place = _nowhere
            reply = failure(self._site, error, exposed=())
            answer = make(self._finisher.complete(environ, reply))
        finally:
            request_id.reset(name)
        discard_body(environ, self._site.settings.max_body_size_bytes)
        if FINISHED not in environ:
            _complete(self._finisher, environ, answer)
        if self._end is not None:
            notice = self._end.hard if self._end.is_over() else self._end.soft
            answer.headerlist.append(("Alert", notice))
        if REQUESTS.isEnabledFor(logging.INFO):
            log_request(of_request(self._site, environ, answer, started))
        if self._meter is not None:
            self._meter.take_request(environ, answer, place(answer), started)
        return answer

    def _within(self, environ: Mapping[str, Any], serve: Callable[[], A]) -> A:
        with ExitStack() as stack:
            for enter in self._site.around:
                stack.enter_context(enter(environ))
            return serve()

    def _require_acceptable(self, environ: Mapping[str, Any]) -> None:
        """Refuse what is not served now, or by nobody.

        Raises:
            KintoError: it is.
        """
        if self._has_limits:
            self._refuse(environ)
        if environ.get("QUERY_STRING"):
            _check_query(environ["QUERY_STRING"])

    def _refuse(self, environ: Mapping[str, Any]) -> None:
        """Refuse what is not served now.

        Raises:
            HttpError: after the end of service; for a write on a read-only server.
        """
        if self._end is not None and self._end.is_over() and not self._is_spared(environ):
            raise HttpError(GONE)
        if self._site.settings.readonly and environ["REQUEST_METHOD"] not in SAFE_METHODS:
            raise HttpError(METHOD_NOT_ALLOWED)

    def _is_spared(self, environ: Mapping[str, Any]) -> bool:
        """What works after the end: load balancers' checks, preflights. Source: SW-14, C-133."""
        return bool(
            environ["PATH_INFO"] == f"{self._site.prefix}/__lbheartbeat__"
            or environ["REQUEST_METHOD"] == "OPTIONS"
        )


def surround(handler: Handler, registry: Registry) -> Handler:
    """The outermost tween: what Pyramid serves."""
    surroundings: Surroundings = registry.surroundings

    def tween(request: Request) -> Response:
        def place(response: Response) -> Place:
            return place_of(request, response.status_code)

        return surroundings.serve(request.environ, lambda: handler(request), to_response, place)

    return tween


def _nowhere(_answer: Answered) -> Place:
    """Where a request got that nobody served. Source: settings S-230."""
    return Place("unnamed", {})


def _complete(finisher: Finisher, environ: dict[str, Any], answer: Answered) -> None:
    """Add what every answer carries to one that Pyramid or a plugin made."""
    present = {name.lower() for name, _ in answer.headerlist}
    is_refused = answer.status_code == METHOD_NOT_ALLOWED.status
    is_preflight = environ["REQUEST_METHOD"] == "OPTIONS" and is_refused
    headers: list[tuple[str, str]] = []
    exposed = None if is_preflight or (is_refused and "allow" in present) else ()
    finisher.finish(headers, environ.get("HTTP_ORIGIN"), exposed)
    headers.append(("X-Request-Id", request_id_of(environ)))
    answer.headerlist += [one for one in headers if one[0].lower() not in present]


def _check_query(query: str) -> None:
    """Refuse a query string that is not UTF-8. Source: protocol E-14."""
    if "%" not in query and query.isascii():
        return
    try:
        unquote_to_bytes(query.encode("latin-1", "surrogateescape")).decode()
    except (UnicodeDecodeError, UnicodeEncodeError) as error:
        raise UndecodableQuery from error
