"""``GET /__counters__``: how many objects and tombstones there are, by type.

Source: built-in plugins section 8, BW-13.
"""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from kinto_core.builtin.counters.settings import CountersSettings
from kinto_core.builtin.counters.sql import TABLES
from kinto_core.builtin.counters.views import add_endpoint
from kinto_core.hookspecs import hookimpl

if TYPE_CHECKING:
    from pyramid.config import Configurator

    from kinto_core.database.plugin_tables import PluginTables
    from kinto_core.server import Server


@hookimpl
def register_settings() -> Iterable[type]:
    """The setting ``counters_token``."""
    return (CountersSettings,)


@hookimpl
def register_tables(server: "Server") -> Iterable["PluginTables"]:
    """Have an index of tombstones."""
    del server
    return (TABLES,)


@hookimpl
def register_capabilities(server: "Server") -> Mapping[str, Mapping[str, Any]]:
    """Announce the endpoint. Source: built-in plugins B-8."""
    del server
    return {
        "counters_endpoint": {
            "description": "The __counters__ endpoint exposes how many objects are stored.",
            "url": "https://kinto.readthedocs.io/en/latest/api/1.x/counters.html",
        }
    }


def includeme(config: "Configurator") -> None:
    """Serve the endpoint."""
    add_endpoint(config.registry.site)
