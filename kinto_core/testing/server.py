"""Servers for tests: in memory, empty, and gone when they are closed."""

from collections.abc import Mapping

from pyramid.router import Router

from kinto_core.app import make_application
from kinto_core.server import Server
from kinto_core.settings import Settings, load

DEFAULTS: Mapping[str, str] = {"multiauth.policies": "basicauth"}


def make_settings(values: Mapping[str, str] | None = None) -> Settings:
    """Settings as an ini file would give them; missing secrets are accepted.

    Args:
        values: names, with or without ``kinto.``, and texts.
    """
    settings, _ = load({**DEFAULTS, **(values or {})}, allow_weak=True)
    return settings


def make_server(values: Mapping[str, str] | None = None) -> Server:
    """A server without HTTP, ready for work, in memory unless ``values`` name a database.

    Close it when done, or use it as a context manager.
    """
    server = Server(make_settings(values))
    server.prepare()
    return server


def make_app(values: Mapping[str, str] | None = None) -> Router:
    """A WSGI application on fresh, empty storage in memory unless ``values`` name a database.

    Its server is ``app.registry.site.server``; close it with ``app.close()``.
    """
    return make_application(make_settings(values))
