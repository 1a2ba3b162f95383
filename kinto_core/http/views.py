"""From an exchange to its reply: the steps that all resource endpoints share.

Source: protocol 0.1, the order of processing.
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import replace

from kinto_core.errors import (
    BackendError,
    BackendUnavailable,
    InvalidInput,
    KintoError,
    ParentNotFound,
    Unauthenticated,
)
from kinto_core.http import lists, objects, parsing, presenting
from kinto_core.http.cors import preflight, require_allowed_origin
from kinto_core.http.errors import METHOD_NOT_ALLOWED, HttpError, reply_to
from kinto_core.http.exchange import Exchange, Reply
from kinto_core.http.methods import allowed_methods
from kinto_core.http.routing import Router, Target
from kinto_core.http.site import Site
from kinto_core.resources.checks import INVALID_ID

logger = logging.getLogger(__name__)

Handler = Callable[[Site, Exchange, Target], Reply]

_LIST: Mapping[str, Handler] = {
    "GET": lists.get_list,
    "HEAD": lists.get_list,
    "POST": lists.post_list,
    "DELETE": lists.delete_objects,
}
_OBJECT: Mapping[str, Handler] = {
    "GET": objects.get_object,
    "HEAD": objects.get_object,
    "PUT": objects.put_object,
    "PATCH": objects.patch_object,
    "DELETE": objects.delete_object,
}


_READING = ("GET", "HEAD")


def serve(site: Site, exchange: Exchange, target: Target) -> Reply:
    """The reply of a resource endpoint, whatever happens.

    Raises:
        BackendError: inside a batch only, whose transaction is lost.
    """
    try:
        exchange = _with_allowed_head(site, exchange, target)
        handler = _handler(site, exchange, target)
        if exchange.method == "OPTIONS":
            return _preflight(site, exchange, target)
    except KintoError as error:
        return failure(site, error, exposed=None)
    exposed = _exposed(exchange.method, is_list=target.is_list)
    try:
        require_allowed_origin(exchange.headers.get("origin"), site.settings.cors_origins)
        if exchange.method not in _READING:
            _require_possible_parents(site, target)
        parsing.require_acceptable(exchange.headers)
        if "\0" in exchange.path:  # protocol W-20: no database has to see it
            raise InvalidInput(INVALID_ID)
        guard = site.guards.get(target.type.name)
        if guard is not None:
            exchange = guard(site, exchange)
        reply = handler(site, exchange, target)
    except BackendError as error:
        if exchange.transaction is not None:
            raise
        return failure(site, error, exposed=exposed)
    except KintoError as error:
        return failure(site, error, exposed=exposed)
    reply.exposed = exposed
    return reply


def serve_path(site: Site, router: Router, exchange: Exchange) -> Reply | None:
    """The reply of the resource that a path names, aliases resolved; ``None`` when it names none.

    Raises:
        BackendError: inside a batch only, whose transaction is lost.
    """
    return serve_target(site, router, exchange, router.find(exchange.path))


def serve_target(
    site: Site, router: Router, exchange: Exchange, target: Target | None
) -> Reply | None:
    """As ``serve_path``, where it is known what the path names before aliases are resolved."""
    path = exchange.path
    try:
        for rewrite in site.rewrites:
            exchange = rewrite(site, exchange)
    except BackendError:
        raise
    except KintoError as error:
        return failure(site, error, exposed=None if isinstance(error, Unauthenticated) else ())
    if exchange.path != path:
        target = router.find(exchange.path)
    return serve(site, exchange, target) if target is not None else None


def failure(site: Site, error: KintoError, *, exposed: tuple[str, ...] | None) -> Reply:
    """The reply to an error, which is logged when operators should know."""
    if isinstance(error, BackendUnavailable):
        logger.critical("A backend failed: %s", error, exc_info=error)
    reply = reply_to(
        error,
        challenges=site.challenges,
        retry_after=site.settings.retry_after_seconds,
    )
    reply.exposed = exposed
    return reply


def methods_of(site: Site, target: Target) -> tuple[str, ...]:
    """The methods that a resource endpoint has with these settings."""
    key = (target.type.name, target.is_list)
    known = site.methods.get(key)
    if known is None:
        known = site.methods[key] = allowed_methods(
            target.type, is_list=target.is_list, enabled=site.settings.endpoint_enabled
        )
    return known


def _handler(site: Site, exchange: Exchange, target: Target) -> Handler:
    allowed = methods_of(site, target)
    handlers = _LIST if target.is_list else _OBJECT
    method = exchange.method
    if method not in allowed:
        raise HttpError(METHOD_NOT_ALLOWED, headers=(("Allow", ", ".join(allowed)),))
    return handlers.get(method, _unreachable)


def _with_allowed_head(site: Site, exchange: Exchange, target: Target) -> Exchange:
    """A HEAD that was switched off by itself is a GET without body. Source: protocol M-4."""
    if exchange.method == "HEAD" and target.is_list:
        allowed = methods_of(site, target)
        if "HEAD" not in allowed and "GET" in allowed:
            return replace(exchange, method="GET")
    return exchange


def _require_possible_parents(site: Site, target: Target) -> None:
    """Refuse to write below something that cannot exist.

    Raises:
        ParentNotFound: its identifier is malformed. Source: protocol M-9, 0-15.
    """
    for key in target.list.ancestors:
        if not site.server.types.ids[key.resource].match(key.id):
            raise ParentNotFound(key.resource, key.id)


def _unreachable(site: Site, exchange: Exchange, target: Target) -> Reply:
    """Stands for the handler of OPTIONS, which is answered before handlers are called."""
    return _preflight(site, exchange, target)


def _preflight(site: Site, exchange: Exchange, target: Target) -> Reply:
    exposed = presenting.COUNT_EXPOSED if target.is_list else presenting.OBJECT_EXPOSED
    return preflight(
        exchange,
        methods_of(site, target),
        exposed,
        origins=site.settings.cors_origins,
        max_age_seconds=site.settings.cors_max_age_seconds,
    )


def _exposed(method: str, *, is_list: bool) -> tuple[str, ...]:
    """Which more headers browsers may read. Source: protocol C-4."""
    if method not in ("GET", "HEAD"):
        return ()
    if not is_list:
        return presenting.OBJECT_EXPOSED
    return presenting.LIST_EXPOSED if method == "GET" else presenting.COUNT_EXPOSED
