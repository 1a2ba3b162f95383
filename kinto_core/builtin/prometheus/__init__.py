"""``/__metrics__``: what the server counts and times, as Prometheus reads it.

Source: built-in plugins B-14, B-189; settings section 11.
"""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from kinto_core.builtin.prometheus.settings import PrometheusSettings, make_registry, prefix_of
from kinto_core.builtin.prometheus.views import add_view
from kinto_core.hookspecs import hookimpl
from kinto_core.metrics import Registry
from kinto_core.settings import Settings

if TYPE_CHECKING:
    from pyramid.config import Configurator

    from kinto_core.server import Server


@hookimpl
def register_settings() -> Iterable[type]:
    """The settings ``prometheus_*``."""
    return (PrometheusSettings,)


@hookimpl
def register_metrics(settings: Settings) -> Registry:
    """Keep measurements in memory."""
    return make_registry(settings)


@hookimpl
def register_capabilities(server: "Server") -> Mapping[str, Mapping[str, Any]]:
    """Announce the endpoint. Source: built-in plugins B-14."""
    return {
        "prometheus": {
            "description": "Prometheus metrics.",
            "url": "https://github.com/Kinto/kinto/",
            "prefix": prefix_of(server.settings),
            "disabled_metrics": list(
                server.settings.plugin(PrometheusSettings).prometheus_disabled_metrics
            ),
        }
    }


def includeme(config: "Configurator") -> None:
    """Serve the endpoint."""
    add_view(config)
