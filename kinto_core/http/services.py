"""Services of Cornice: the only file that knows it.

Cornice's own ``includeme`` makes Pyramid build a class and several objects for every request. Here
the same things are attributes of our request class, made when somebody looks at them.
"""

from collections.abc import Callable, Sequence
from typing import Any

from cornice import Service
from cornice.errors import Errors
from cornice.pyramidhook import (
    apply_filters,
    register_resource_views,
    register_service_views,
)
from cornice.renderer import CorniceRenderer
from cornice.util import ContentTypePredicate, current_service
from pyramid.config import Configurator
from pyramid.decorator import reify
from pyramid.request import Request

View = Callable[..., Any]

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
"""Methods that every service hands to its view, which knows best what it answers; Pyramid takes
HEAD for a kind of GET."""


class ServiceRequest(Request):
    """A request with what Cornice's validators and filters expect to find on it."""

    @reify
    def errors(self) -> Errors:
        """Faults that validators found."""
        self.add_response_callback(apply_filters)
        return Errors()

    @reify
    def validated(self) -> dict[str, Any]:
        """What validators made of the input."""
        return {}

    @reify
    def info(self) -> dict[str, Any]:
        """Cornice's notes on the request."""
        return {}

    @reify
    def current_service(self) -> Service | None:
        """The service that serves the request."""
        return current_service(self)


class _NoErrors:
    """Stands for the errors of a request whose view validates by itself."""

    def __len__(self) -> int:
        """None."""
        return 0


NO_ERRORS = _NoErrors()


def include_cornice(config: Configurator) -> None:
    """What Cornice adds to a configurator, less what it does at each request."""
    config.registry.cornice_services = {}
    config.add_directive("add_cornice_service", register_service_views)
    config.add_directive("add_cornice_resource", register_resource_views)
    config.add_renderer("cornicejson", CorniceRenderer())
    config.add_view_predicate("content_type", ContentTypePredicate)
    config.set_request_factory(ServiceRequest)
    config.add_traverser(lambda _root: _stay, ServiceRoot)


class ServiceRoot:
    """The context of every service, which is found by its route alone."""


_ROOT = ServiceRoot()
_STANDING = {
    "context": _ROOT,
    "root": _ROOT,
    "virtual_root": _ROOT,
    "view_name": "",
    "subpath": (),
    "traversed": (),
    "virtual_root_path": (),
}


def _stay(_request: Request) -> dict[str, Any]:
    """What Pyramid learns by walking from a root that has no tree."""
    return _STANDING


def _root_of(_request: Request) -> ServiceRoot:
    return _ROOT


def add_service(
    config: Configurator, name: str, path: str, view: View, methods: Sequence[str] = METHODS
) -> None:
    """Serve a path.

    Args:
        config: of the application.
        name: of the service and its route; appears in metrics.
        path: a route pattern with the version prefix.
        view: a Pyramid view that validates by itself.
        methods: those that reach the view; others are answered 405.
    """

    def self_validating(request: ServiceRequest) -> Any:  # noqa: ANN401  a response
        return view(request)

    def without_errors(request: ServiceRequest, **_options: Any) -> None:  # noqa: ANN401  Cornice's
        request.__dict__["errors"] = NO_ERRORS

    service = Service(name=name, path=path, cors_enabled=False, factory=_root_of)
    for method in methods:
        service.add_view(method, self_validating, validators=(without_errors,))
    # One Pyramid view for all of them: with one for each, Pyramid tries them in turn, and makes an
    # error response for every one that does not fit.
    _, definition, arguments = service.definitions[0]
    service.definitions[:] = [(tuple(service.defined_methods), definition, arguments)]
    config.add_cornice_service(service)
