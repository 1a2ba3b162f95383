"""``/admin/`` and what is below it: files, for everybody, and for no page of another site.

Source: built-in plugins B-184 to B-188, BW-23; settings S-157.
"""

from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Any, Final

from pyramid.config import Configurator
from pyramid.request import Request
from pyramid.response import Response

from kinto_core.builtin.admin.choosing import console_of
from kinto_core.builtin.admin.files import File
from kinto_core.errors import KintoError
from kinto_core.http.adapter import FinishedResponse, finished
from kinto_core.http.endpoints import Endpoint
from kinto_core.http.errors import METHOD_NOT_ALLOWED, URL_MISSING, HttpError
from kinto_core.http.exchange import Exchange, Reply
from kinto_core.http.finishing import FINISHED, SECURITY_POLICY
from kinto_core.http.incoming import request_id
from kinto_core.http.site import Site
from kinto_core.http.times import http_date
from kinto_core.http.views import failure

PATH: Final = "/admin"
ROUTE: Final = "admin-console"
METHODS: Final = ("GET", "HEAD")
TEMPORARY_REDIRECT: Final = 307


def add_views(config: Configurator) -> None:
    """Serve the console of a server."""
    site: Site = config.registry.site
    console = console_of(site.server)

    def view(request: Request) -> Response:
        if request.method not in METHODS:
            headers = (("Allow", ", ".join(METHODS)),)
            return _refused(request, HttpError(METHOD_NOT_ALLOWED, headers=headers))
        file = console.find(request.matchdict["path"])
        if file is None:
            return _refused(request, HttpError(URL_MISSING))
        return _served(request, file)

    site.endpoints[PATH] = Endpoint("admin", redirect, METHODS)
    config.add_route(ROUTE, f"{site.prefix}{PATH}/{{path:.*}}")
    config.add_view(view, route_name=ROUTE)


def redirect(site: Site, exchange: Exchange) -> Reply:
    """Lead to the page, which needs the slash. Source: built-in plugins B-185."""
    location = f"{exchange.origin_url}{site.prefix}{PATH}/"
    return Reply(TEMPORARY_REDIRECT, None, [("Location", location)])


def is_unchanged(environ: Mapping[str, Any], file: File) -> bool:
    """Whether the browser has this file already. Source: RFC 9110 section 13.2.2."""
    tags: str | None = environ.get("HTTP_IF_NONE_MATCH")
    if tags is not None:
        known = {one.strip().removeprefix("W/") for one in tags.split(",")}
        return "*" in known or file.tag in known
    since = environ.get("HTTP_IF_MODIFIED_SINCE")
    if since is None:
        return False
    try:
        return file.modified // 1000 <= parsedate_to_datetime(since).timestamp()
    except (ValueError, OverflowError):  # no date
        return False


def _served(request: Request, file: File) -> Response:
    """The file, or that it is the same as before."""
    environ = request.environ
    headers = [
        ("ETag", file.tag),
        ("Last-Modified", http_date(file.modified)),
        ("Cache-Control", file.caching),
        ("Content-Security-Policy", file.policy or SECURITY_POLICY),
        ("X-Content-Type-Options", "nosniff"),
        ("Referrer-Policy", "no-referrer"),
        ("Cross-Origin-Opener-Policy", "same-origin"),
        ("Cross-Origin-Resource-Policy", "same-origin"),
        ("X-Request-Id", request_id(environ)),
    ]
    environ[FINISHED] = True
    if is_unchanged(environ, file):
        return FinishedResponse(status=304, headerlist=headers)
    headers += [("Content-Type", file.media_type), ("Content-Length", str(len(file.body)))]
    return FinishedResponse(status=200, headerlist=headers, app_iter=(file.body,))


def _refused(request: Request, error: KintoError) -> Response:
    """The answer to an error, which pages of other sites may not read."""
    reply = failure(request.registry.site, error, exposed=None)
    reply.is_open = False
    return finished(request.registry.finisher, request, reply)
