"""The endpoints that are no resources: which there are, and which methods they have.

Source: protocol 1.3, 1.4.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from kinto_core.errors import KintoError
from kinto_core.http import presenting
from kinto_core.http.batch import Batch
from kinto_core.http.cors import preflight, require_allowed_origin
from kinto_core.http.description import openapi_view
from kinto_core.http.errors import METHOD_NOT_ALLOWED, URL_MISSING, HttpError
from kinto_core.http.exchange import Exchange, Reply
from kinto_core.http.heartbeat import heartbeat_view, lbheartbeat_view
from kinto_core.http.permissions import permissions_view
from kinto_core.http.root import contribute_view, root_view, version_view
from kinto_core.http.routing import Router
from kinto_core.http.services import METHODS
from kinto_core.http.site import Site
from kinto_core.http.user_data import user_data_view
from kinto_core.http.views import failure

EndpointView = Callable[[Site, Exchange], Reply]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One endpoint.

    Attributes:
        name: of its route.
        view: what answers.
        methods: those it has, as ``Allow`` shows them.
        has_cors: whether web pages may use it.
        exposed: headers that its answers expose to them.
        described: its part of the API's description, an OpenAPI (Swagger 2.0) path item:
            ``{"parameters": […], "post": {"operationId", "tags", "responses", …}}``. Operations
            produce JSON and need credentials unless they say otherwise (``describing.py``).
            Empty: it is left out.
    """

    name: str
    view: EndpointView
    methods: tuple[str, ...] = ("GET", "HEAD", "OPTIONS")
    has_cors: bool = True
    exposed: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    described: Mapping[str, Any] = field(default_factory=dict)

    def handled_methods(self) -> tuple[str, ...]:
        """All methods: the endpoint itself knows what to answer."""
        return METHODS


_PARAMETER = re.compile(r"\{[^{}:]+(?::([^{}]+))?\}")


@cache
def _pattern(route: str) -> re.Pattern[str]:
    literals = _PARAMETER.split(route)
    return re.compile(
        "".join(
            re.escape(part) if index % 2 == 0 else f"(?:{part or '[^/]+'})"
            for index, part in enumerate(literals)
        )
    )


def fits(route: str, path: str) -> bool:
    """Whether a path fits a route as Pyramid writes it: ``/x/{name}``, ``/x/{name:.*}``."""
    return _pattern(route).fullmatch(path) is not None


class Endpoints:
    """The endpoints of one site.

    Args:
        site: shared by all handlers.
        router: finds resources by path.

    Attributes:
        table: endpoints by path.
        batch: serves batches; set once everything else is there.
    """

    batch: Batch

    def __init__(self, site: Site, router: Router) -> None:
        self._site = site
        self._router = router
        documents = ("GET", "HEAD")
        self.table: dict[str, Endpoint] = {
            "/": Endpoint("hello", root_view),
            "/__heartbeat__": Endpoint("heartbeat", heartbeat_view),
            "/__lbheartbeat__": Endpoint("lbheartbeat", lbheartbeat_view),
            "/__version__": Endpoint("version", version_view, documents, has_cors=False),
            "/__api__": Endpoint("openapi", openapi_view, documents, has_cors=False),
            "/contribute.json": Endpoint("contribute", contribute_view),
            "/batch": Endpoint("batch", self._batch, ("POST", "OPTIONS")),
            "/__user_data__": Endpoint("user-data-plural", user_data_view, ("OPTIONS",)),
            "/__user_data__/{principal:.*}": Endpoint(
                "user-data", user_data_view, ("DELETE", "OPTIONS")
            ),
        }
        self.table.update(site.endpoints)
        if site.settings.experimental_permissions_endpoint:
            self.table["/permissions"] = Endpoint(
                "permissions",
                permissions_view,
                ("HEAD", "GET", "OPTIONS"),
                exposed={"GET": presenting.LIST_EXPOSED, "HEAD": presenting.COUNT_EXPOSED},
            )

    def view(self, path: str) -> Callable[[Exchange], Reply]:
        """What answers at a path of the table."""
        endpoint = self.table[path]
        return lambda exchange: self._serve(endpoint, exchange)

    def serve_inside_batch(self, exchange: Exchange) -> Reply:
        """Answer a request of a batch that is no resource."""
        endpoint = self.table.get(exchange.path) or self._with_parameters(exchange.path)
        if endpoint is None:
            return failure(self._site, HttpError(URL_MISSING), exposed=())
        return self._serve(endpoint, exchange)

    def _with_parameters(self, path: str) -> Endpoint | None:
        """The endpoint whose path has parameters and fits."""
        found = (self.table[key] for key in self.table if "{" in key and fits(key, path))
        return next(found, None)

    def _serve(self, endpoint: Endpoint, exchange: Exchange) -> Reply:
        settings = self._site.settings
        method = exchange.method
        exposed = endpoint.exposed.get(method, ())
        try:
            if method not in endpoint.methods:
                headers = (("Allow", ", ".join(endpoint.methods)),)
                error = HttpError(METHOD_NOT_ALLOWED, headers=headers)
                reply = failure(self._site, error, exposed=None)
                reply.is_open = endpoint.has_cors
                return reply
            if method == "OPTIONS":
                every = endpoint.exposed.get("HEAD", ())
                return preflight(
                    exchange,
                    endpoint.methods,
                    every,
                    origins=settings.cors_origins,
                    max_age_seconds=settings.cors_max_age_seconds,
                )
            if endpoint.has_cors:
                require_allowed_origin(exchange.headers.get("origin"), settings.cors_origins)
            reply = endpoint.view(self._site, exchange)
        except KintoError as error:
            unexposed = method == "OPTIONS"
            return failure(self._site, error, exposed=None if unexposed else exposed)
        reply.exposed = exposed if endpoint.has_cors else None
        reply.is_open = endpoint.has_cors
        return reply

    def _batch(self, _site: Site, exchange: Exchange) -> Reply:
        return self.batch.serve(exchange)
