"""All that Pyramid learns, in order.

Source: DESIGN 4: router, service, authentication, one look-up, resource.
"""

from collections.abc import Iterator

from pyramid.config import Configurator
from pyramid.httpexceptions import HTTPException
from pyramid.request import Request
from pyramid.response import Response
from pyramid.router import Router as PyramidRouter

from kinto_core.errors import KintoError
from kinto_core.http.adapter import as_view, finished
from kinto_core.http.batch import Batch
from kinto_core.http.direct import Direct, is_watched
from kinto_core.http.endpoints import Endpoints
from kinto_core.http.errors import URL_MISSING, HttpError
from kinto_core.http.exchange import Exchange, Reply
from kinto_core.http.failures import Failures
from kinto_core.http.finishing import Finisher
from kinto_core.http.heartbeat import core_heartbeats
from kinto_core.http.incoming import to_exchange
from kinto_core.http.measuring import Meter
from kinto_core.http.redirects import without_route
from kinto_core.http.root import core_capabilities
from kinto_core.http.routing import Router
from kinto_core.http.security import SitePolicy
from kinto_core.http.services import add_service, include_cornice
from kinto_core.http.site import Site
from kinto_core.http.surroundings import Surroundings
from kinto_core.http.views import failure, serve_path
from kinto_core.metrics import NO_METRICS
from kinto_core.resources.definition import ResourceType
from kinto_core.server import Server


def make_wsgi(config: Configurator, server: Server) -> PyramidRouter:
    """The WSGI application of a server.

    Adds ``site``, ``finisher`` and ``surroundings`` to ``config.registry``; plugins find the server
    as ``config.registry.site.server``.
    """
    site = Site.of(server)
    finisher = Finisher(site.settings)
    is_measured = server.metrics is not NO_METRICS
    meter = Meter(server.metrics, site.settings.metrics_matchdict_fields) if is_measured else None
    config.registry.site = site
    config.registry.finisher = finisher
    config.registry.surroundings = surroundings = Surroundings(site, finisher, meter)
    config.set_security_policy(SitePolicy(site))
    config.add_tween("kinto_core.http.surroundings.surround")
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
    failures = Failures(site, router)
    routes = {
        name: path
        for kind in reversed(tuple(server.types.by_name.values()))
        for name, path in _add_resource(config, site, finisher, router, kind)
    }
    for path, endpoint in endpoints.table.items():
        view = as_view(site, finisher, endpoints.view(path))
        methods = endpoint.handled_methods()
        add_service(config, endpoint.name, site.prefix + path, view, methods)
        if "{" not in path:
            routes[endpoint.name] = site.prefix + path
    _add_errors(config, site, finisher, router, failures)
    application: PyramidRouter = config.make_wsgi_app()
    if not is_watched(application, routes):
        direct = Direct(site, router, endpoints, finisher, surroundings, failures)
        application.execution_policy = direct
    return application


def _add_resource(
    config: Configurator, site: Site, finisher: Finisher, router: Router, kind: ResourceType
) -> Iterator[tuple[str, str]]:
    """Serve a kind of resource; gives the name and the path of each route."""

    def view(exchange: Exchange) -> Reply:
        reply = serve_path(site, router, exchange)
        if reply is None:
            raise HttpError(URL_MISSING)
        return reply

    pyramid_view = as_view(site, finisher, view)
    for suffix, path in (("object", kind.object_path), ("plural", kind.plural_path)):
        name = f"{kind.name}-{suffix}"
        add_service(config, name, site.prefix + path, pyramid_view)
        yield name, site.prefix + path


def _add_errors(
    config: Configurator, site: Site, finisher: Finisher, router: Router, failures: Failures
) -> None:
    """What answers when nothing else does."""

    def not_found(_context: object, request: Request) -> Response:
        try:
            reply = _rewritten(site, router, request) or without_route(site, request.environ)
        except KintoError as error:
            reply = failure(site, error, exposed=())
        return finished(finisher, request, reply)

    def failed(error: Exception, request: Request) -> Response:
        return finished(finisher, request, failures.reply(request.environ, error))

    config.add_notfound_view(not_found)
    config.add_exception_view(failed, context=HTTPException)  # Pyramid has one of its own for it
    config.add_exception_view(failed, context=Exception)


def _rewritten(site: Site, router: Router, request: Request) -> Reply | None:
    """Serve an alias of a plugin, such as one whose path is no resource by itself."""
    if not site.rewrites or not request.environ["PATH_INFO"].startswith(site.prefix + "/"):
        return None
    return serve_path(site, router, to_exchange(site, request.environ))
