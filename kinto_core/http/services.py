"""From resource types and endpoints to Cornice services: the only file that knows Cornice."""

from collections.abc import Callable, Sequence
from typing import Any

from cornice import Service
from pyramid.config import Configurator

View = Callable[..., Any]

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
"""Methods that every service hands to its view, which knows best what it answers; Pyramid takes
HEAD for a kind of GET."""


def add_service(
    config: Configurator, name: str, path: str, view: View, methods: Sequence[str] = METHODS
) -> None:
    """Serve a path.

    Args:
        config: of the application.
        name: of the service and its route; appears in metrics.
        path: a route pattern with the version prefix.
        view: a Pyramid view.
        methods: those that reach the view; others are answered 405.
    """
    service = Service(name=name, path=path, cors_enabled=False)
    for method in methods:
        service.add_view(method, view)
    config.add_cornice_service(service)
