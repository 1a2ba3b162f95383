"""All that Pyramid learns, in order.

Source: DESIGN 4: router, service, authentication, one look-up, resource.
"""

import logging
from typing import Any

from pyramid.config import Configurator
from pyramid.exceptions import URLDecodeError
from pyramid.httpexceptions import HTTPException, HTTPMethodNotAllowed
from pyramid.request import Request
from pyramid.response import Response

from kinto_core.errors import KintoError
from kinto_core.http.adapter import as_view, finished, to_exchange
from kinto_core.http.batch import Batch
from kinto_core.http.endpoints import Endpoints
from kinto_core.http.errors import (
    BUG,
    INVALID_PARAMETERS,
    METHOD_NOT_ALLOWED,
    URL_MISSING,
    ErrorKind,
    HttpError,
    error_body,
)
from kinto_core.http.exchange import Exchange, Reply
from kinto_core.http.finishing import Finisher
from kinto_core.http.heartbeat import core_heartbeats
from kinto_core.http.measuring import Meter
from kinto_core.http.redirects import without_route
from kinto_core.http.root import core_capabilities
from kinto_core.http.routing import Router, Target
from kinto_core.http.security import SitePolicy
from kinto_core.http.services import add_service, include_cornice
from kinto_core.http.site import Site
from kinto_core.http.views import failure, methods_of, serve_path
from kinto_core.metrics import NO_METRICS
from kinto_core.resources.definition import ResourceType
from kinto_core.server import Server

logger = logging.getLogger(__name__)

CLIENT_ERROR = 400
SERVER_ERROR = 500


def configure(config: Configurator, server: Server) -> None:
    """Make a configurator serve a server.

    Adds ``config.registry.site``, ``config.registry.finisher`` and ``config.registry.meter``;
    plugins find the server as ``config.registry.site.server``.
    """
    site = Site.of(server)
    finisher = Finisher(site.settings)
    is_measured = server.metrics is not NO_METRICS
    meter = Meter(server.metrics, site.settings.metrics_matchdict_fields) if is_measured else None
    config.registry.site = site
    config.registry.finisher = finisher
    config.registry.meter = meter
    config.set_security_policy(SitePolicy(site))
    config.add_tween("kinto_core.http.tweens.surround")
    include_cornice(config)
    site.capabilities.update(core_capabilities(site))
    site.heartbeats.update(core_heartbeats(site))
    server.plugins.include_all(config)
    for entries in server.plugins.gather("register_capabilities", server=server):
        site.capabilities.update(entries)
    for checks in server.plugins.gather("register_heartbeats", server=server):
        site.heartbeats.update(checks)
    router = Router(server.types)
    endpoints = Endpoints(site, router)
    endpoints.batch = Batch(site, router, finisher, endpoints.serve_inside_batch, meter)
    for kind in reversed(tuple(server.types.by_name.values())):
        _add_resource(config, site, finisher, router, kind)
    for path, endpoint in endpoints.table.items():
        view = as_view(site, finisher, endpoints.view(path))
        methods = endpoint.handled_methods()
        add_service(config, endpoint.name, site.prefix + path, view, methods)
    _add_errors(config, site, finisher, router)


def _add_resource(
    config: Configurator, site: Site, finisher: Finisher, router: Router, kind: ResourceType
) -> None:
    def view(exchange: Exchange) -> Reply:
        reply = serve_path(site, router, exchange)
        if reply is None:
            raise HttpError(URL_MISSING)
        return reply

    pyramid_view = as_view(site, finisher, view)
    add_service(config, f"{kind.name}-object", site.prefix + kind.object_path, pyramid_view)
    add_service(config, f"{kind.name}-plural", site.prefix + kind.plural_path, pyramid_view)


def _add_errors(config: Configurator, site: Site, finisher: Finisher, router: Router) -> None:
    """What answers when nothing else does."""

    def not_found(_context: Any, request: Request) -> Response:  # noqa: ANN401  Pyramid's
        try:
            reply = _rewritten(site, router, request) or without_route(site, request.environ)
        except KintoError as error:
            reply = failure(site, error, exposed=())
        return finished(finisher, request, reply)

    def refused(context: HTTPException, request: Request) -> Response:
        return finished(finisher, request, _from_http(site, router, context, request))

    def explained(context: KintoError, request: Request) -> Response:
        return finished(finisher, request, failure(site, context, exposed=()))

    def bug(context: Exception, request: Request) -> Response:
        logger.error(
            "Unhandled error in %s %s",
            request.environ["REQUEST_METHOD"],
            request.environ["PATH_INFO"],
            exc_info=context,
        )
        body = error_body(BUG, message=BUG.message, info=site.settings.error_info_link)
        return finished(finisher, request, Reply(BUG.status, body))

    config.add_notfound_view(not_found)
    config.add_exception_view(refused, context=HTTPException)

    def undecodable(context: URLDecodeError, request: Request) -> Response:
        del context
        body = error_body(INVALID_PARAMETERS, message="Invalid URL path.")
        return finished(finisher, request, Reply(INVALID_PARAMETERS.status, body))

    config.add_exception_view(undecodable, context=URLDecodeError)
    config.add_exception_view(explained, context=KintoError)
    config.add_exception_view(bug, context=Exception)


def _rewritten(site: Site, router: Router, request: Request) -> Reply | None:
    """Serve an alias of a plugin, such as one whose path is no resource by itself."""
    if not site.rewrites or not request.environ["PATH_INFO"].startswith(site.prefix + "/"):
        return None
    return serve_path(site, router, to_exchange(site, request))


def _from_http(site: Site, router: Router, context: HTTPException, request: Request) -> Reply:
    """The reply to an error of Pyramid's or of a plugin's view."""
    if isinstance(context, HTTPMethodNotAllowed):
        path = request.environ["PATH_INFO"]
        target: Target | None = router.find(path[len(site.prefix) :])
        allowed = methods_of(site, target) if target is not None else context.allow or ()
        headers = (("Allow", ", ".join(allowed)),)
        return failure(site, HttpError(METHOD_NOT_ALLOWED, headers=headers), exposed=None)
    if context.status_code < CLIENT_ERROR:
        headers_list = [("Location", context.location)] if context.location else []
        return Reply(context.status_code, None, headers_list)
    kind = ErrorKind(context.status_code, BUG.errno, None, "of a plugin")
    return Reply(kind.status, error_body(kind, message=context.detail or context.explanation))
