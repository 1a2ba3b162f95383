"""``POST /__flush__``: erase everything, for test suites.

Anybody may call it, so never enable it where data matter.

Source: built-in plugins B-168 to B-170.
"""

from collections.abc import Mapping
from typing import Any

from pyramid.config import Configurator

from kinto_core.builtin.flush.describing import FLUSH
from kinto_core.builtin.flush.views import flush_view
from kinto_core.hookspecs import hookimpl
from kinto_core.http.endpoints import Endpoint
from kinto_core.http.site import Site
from kinto_core.server import Server


@hookimpl
def register_capabilities(server: Server) -> Mapping[str, Mapping[str, Any]]:
    """Announce the endpoint. Source: built-in plugins B-10."""
    del server
    return {
        "flush_endpoint": {
            "description": "The __flush__ endpoint can be used to remove all data"
            " from all backends.",
            "url": "https://kinto.readthedocs.io/en/latest/api/1.x/flush.html",
        }
    }


def includeme(config: Configurator) -> None:
    """Serve the endpoint."""
    site: Site = config.registry.site
    methods = ("POST", "OPTIONS")
    site.endpoints["/__flush__"] = Endpoint("flush", flush_view, methods, described=FLUSH)
