"""Sends what the server counts and times to a statsd server, in UDP packets.

Source: built-in plugins B-190; settings section 11.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from kinto_core.builtin.statsd.client import Client, make_client
from kinto_core.builtin.statsd.settings import StatsdSettings
from kinto_core.hookspecs import hookimpl
from kinto_core.metrics import Metrics, taker_of
from kinto_core.settings import Settings

if TYPE_CHECKING:
    from kinto_core.server import Server


@hookimpl
def register_settings() -> Iterable[type]:
    """The settings ``statsd_*``."""
    return (StatsdSettings,)


@hookimpl
def register_metrics(settings: Settings) -> Metrics:
    """Send measurements."""
    return make_client(settings)


@hookimpl
def server_closing(server: "Server") -> None:
    """Send what is left."""
    client = taker_of(server.metrics, Client)
    if client is not None:
        client.close()
