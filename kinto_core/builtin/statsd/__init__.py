"""Sends what the server counts and times to a statsd server, in UDP packets.

Source: built-in plugins B-190; settings section 11.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from kinto_core.builtin.statsd.client import client_of, make_metrics
from kinto_core.builtin.statsd.settings import StatsdSettings
from kinto_core.hookspecs import hookimpl
from kinto_core.metrics import Metrics
from kinto_core.settings import Settings

if TYPE_CHECKING:
    from kinto_core.server import Server


@hookimpl
def register_settings() -> Iterable[type]:
    """The settings ``statsd_*``."""
    return (StatsdSettings,)


@hookimpl(trylast=True)
def register_metrics(settings: Settings) -> Metrics:
    """Send measurements, and keep them as well when Prometheus asks for them."""
    return make_metrics(settings)


@hookimpl
def server_closing(server: "Server") -> None:
    """Send what is left."""
    client = client_of(server.metrics)
    if client is not None:
        client.close()
