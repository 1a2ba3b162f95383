"""One summary for each request and for each operation of a batch, for the log.

Nothing here is called while nobody wants to read summaries.

Source: settings S-188 to S-203, SW-19.
"""

import logging
import time
from typing import Any, Protocol

from kinto_core import json
from kinto_core.authentication.interface import Identity
from kinto_core.errors import KintoError
from kinto_core.http.exchange import Exchange, Reply
from kinto_core.http.incoming import EnvironHeaders, identity_of, request_id
from kinto_core.http.querystring import UndecodableQuery, parse_pairs
from kinto_core.http.site import Site
from kinto_core.logs import HIDDEN, REQUESTS, RequestSummary

ERROR = 400
"""Statuses from here on are errors."""

_DEEPEST = 1000


class Summarised(Protocol):
    """What is told of an answer."""

    status_code: int
    headerlist: list[tuple[str, str]]
    body: bytes


def of_request(
    site: Site, environ: dict[str, Any], answer: Summarised, started: float
) -> RequestSummary:
    """The summary of a whole request.

    The addresses of an answer that no other site may hear of have secrets in them: they are hidden.

    Args:
        site: of the application.
        environ: of WSGI.
        answer: what will be sent.
        started: when the request came, by ``time.perf_counter``.
    """
    identity = _identity(site, environ)
    path = environ["PATH_INFO"].encode("latin-1").decode("utf-8", "replace")
    headers = dict(answer.headerlist)
    media_type = headers.get("Content-Type", "").partition(";")[0]
    body = answer.body if media_type == "application/json" else b""  # no file is read into memory
    is_private = headers.get("Referrer-Policy") == "no-referrer"
    query = _query(environ.get("QUERY_STRING", ""))
    summary = RequestSummary(
        agent=environ.get("HTTP_USER_AGENT"),
        path=path,
        method=environ["REQUEST_METHOD"],
        lang=environ.get("HTTP_ACCEPT_LANGUAGE"),
        rid=request_id(environ),
        errno=_errno(body) if answer.status_code >= ERROR else 0,
        querystring=dict.fromkeys(query, HIDDEN) if query and is_private else query,
        uid=identity.identifier if identity is not None else None,
        authn_type=identity.policy if identity is not None else None,
        batch_size=_batch_size(body) if path == f"{site.prefix}/batch" else None,
        code=answer.status_code,
        t=_milliseconds_since(started),
    )
    if REQUESTS.isEnabledFor(logging.DEBUG):
        summary.headers = dict(EnvironHeaders(environ))
        text = body.decode("utf-8", "replace")
        shown = headers | ({"Location": HIDDEN} if is_private else {})
        summary.response = {"headers": shown, "body": text}
    return summary


def of_operation(exchange: Exchange, reply: Reply, path: str, started: float) -> RequestSummary:
    """The summary of an operation of a batch.

    Args:
        exchange: the operation.
        reply: its answer.
        path: as the batch's answer shows it.
        started: when it began, by ``time.perf_counter``.
    """
    identity = exchange.identity
    return RequestSummary(
        agent=exchange.headers.get("user-agent"),
        path=path,
        method=exchange.method,
        lang=exchange.headers.get("accept-language"),
        rid=exchange.request_id,
        errno=_errno(reply.body or b"") if reply.status >= ERROR else 0,
        querystring=_query(exchange.query),
        uid=identity.identifier if identity is not None else None,
        authn_type=identity.policy if identity is not None else None,
        code=reply.status,
        t=_milliseconds_since(started),
    )


def _identity(site: Site, environ: dict[str, Any]) -> Identity | None:
    """Who asked; nobody in particular when that cannot be known now."""
    try:
        return identity_of(site, environ)
    except KintoError:
        return None


def _milliseconds_since(started: float) -> int:
    return int((time.perf_counter() - started) * 1000)


def _query(raw: str) -> dict[str, str] | None:
    """The parameters, the last value of each. Source: settings S-195, SW-18."""
    try:
        return dict(parse_pairs(raw)) or None
    except UndecodableQuery:
        return None


def _errno(body: bytes) -> int:
    """The protocol's number of an error. Source: settings S-194."""
    errno = _field(body, "errno")
    return errno if isinstance(errno, int) else 0


def _batch_size(body: bytes) -> int | None:
    """How many operations a batch had, by its answer. Source: settings S-198."""
    responses = _field(body, "responses")
    return len(responses) if isinstance(responses, list) else None


def _field(body: bytes, name: str) -> Any:  # noqa: ANN401  any JSON value
    try:
        value = json.loads(body, _DEEPEST)
    except json.InvalidJSON:
        return None
    return value.get(name) if isinstance(value, dict) else None
