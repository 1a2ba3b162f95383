"""Servers for tests: in memory, empty, and gone when they are closed."""

import atexit
import os
from collections.abc import Mapping
from contextlib import ExitStack
from functools import cache

from pyramid.router import Router

from kinto_core.app import make_application
from kinto_core.server import Server
from kinto_core.settings import Settings, load
from kinto_core.testing.services import PostgresqlServer, running_postgresql

POSTGRESQL_URL = "KINTO_TEST_POSTGRESQL_URL"
"""Environment variable: a running server to use, with a user who may create databases."""

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


def make_postgresql_app(values: Mapping[str, str] | None = None) -> Router:
    """A WSGI application on an empty PostgreSQL database.

    The server is the one of ``KINTO_TEST_POSTGRESQL_URL``, or one that is started with the first
    call and ends with the program. All calls share one database, which each call empties.
    """
    url = _postgresql_database()
    writable = {k: v for k, v in (values or {}).items() if k.removeprefix("kinto.") != "readonly"}
    settings = make_settings({**writable, "storage_url": url})
    with Server(settings) as server:
        server.migrate()  # the tables of its plugins
        server.flush()
    return make_application(make_settings({**(values or {}), "storage_url": url}))


@cache
def _postgresql_database() -> str:
    """The URL of the database that the applications of this program share."""
    stack = ExitStack()
    atexit.register(stack.close)
    given = os.environ.get(POSTGRESQL_URL)
    server = PostgresqlServer(url=given) if given else stack.enter_context(running_postgresql())
    url = stack.enter_context(server.database())
    with Server(make_settings({"storage_url": url})) as first:
        first.migrate()
    return url
