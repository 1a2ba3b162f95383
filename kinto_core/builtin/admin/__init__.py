"""A console for operators in the browser, below ``/admin/``.

Source: built-in plugins B-6, B-172, section 10, BW-23.
"""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from kinto_core.builtin.admin.choosing import console_of
from kinto_core.builtin.admin.settings import AdminSettings
from kinto_core.builtin.admin.views import add_views
from kinto_core.hookspecs import hookimpl

if TYPE_CHECKING:
    from pyramid.config import Configurator

    from kinto_core.database.plugin_tables import PluginTables
    from kinto_core.server import Server


@hookimpl
def register_settings() -> Iterable[type]:
    """The settings ``admin_assets_*``."""
    return (AdminSettings,)


@hookimpl
def register_tables(server: "Server") -> Iterable["PluginTables"]:
    """Keep nothing; refuse a folder that cannot be served, in every command."""
    console_of(server)
    return ()


@hookimpl
def register_capabilities(server: "Server") -> Mapping[str, Mapping[str, Any]]:
    """Announce the console. Source: built-in plugins B-6."""
    return {
        "admin": {
            "description": "Serves the admin console.",
            "url": "https://github.com/Kinto/kinto-admin/",
            "version": console_of(server).version,
        }
    }


def includeme(config: "Configurator") -> None:
    """Serve the console."""
    add_views(config)
