"""From settings to a WSGI application: the start-up order on one screen."""

import logging
import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from pyramid.config import Configurator
from pyramid.router import Router

from kinto_core.errors import BackendUnavailable
from kinto_core.http.application import make_wsgi
from kinto_core.server import Server
from kinto_core.settings import Settings, load

logger = logging.getLogger(__name__)

StartResponse = Callable[..., Any]


def make_application(settings: Settings) -> Router:
    """A WSGI application with a server of its own, as ``application.registry.site.server``.

    Raises:
        ConfigurationError: the settings or a plugin cannot work; lists every problem.
    """
    server = Server(settings)
    try:
        server.prepare()
    except BackendUnavailable as error:
        logger.critical("Starting without a database, which is tried at each request: %s", error)
    config = Configurator(
        settings={**settings.extra, "handle_exceptions": "false"}, autocommit=False
    )
    application = make_wsgi(config, server)
    application.close = server.close
    return application


def main(global_config: Mapping[str, str], **values: str) -> Router:
    """The paste application factory, for ``use = egg:kinto-core`` in an ini file.

    Args:
        global_config: of the file.
        values: the section's settings.
    """
    del global_config
    settings, _ = load(values, environ=os.environ)
    return make_application(settings)


_made: list[Router] = []


def application(environ: Mapping[str, Any], start_response: StartResponse) -> Iterable[bytes]:
    """The WSGI entry point: the application of the file named by ``KINTO_INI``, made once."""
    if not _made:
        load_application()
    return _made[0](environ, start_response)  # type: ignore[no-any-return]  # Pyramid is untyped


def load_application() -> None:
    """Make the application behind ``application`` now, rather than at the first request."""
    ini = os.environ.get("KINTO_INI")
    settings, _ = load(ini=Path(ini) if ini else None, environ=os.environ)
    _made[:] = [make_application(settings)]


def server() -> Server:
    """The server of the application behind ``application``, which was made."""
    found: Server = _made[0].registry.site.server
    return found


def close_application() -> None:
    """Close the application behind ``application``, if it was made."""
    while _made:
        _made.pop().close()
