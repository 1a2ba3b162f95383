"""What has no route: redirects to the version prefix and to the URL without trailing slash.

Source: protocol 1.1, 1.2.
"""

import re
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import urljoin

from kinto_core.http.caching import max_age
from kinto_core.http.errors import URL_MISSING, VERSION_MISSING, HttpError, version_headers
from kinto_core.http.exchange import Reply
from kinto_core.http.incoming import origin_url, raw_path
from kinto_core.http.site import Site

_OTHER_VERSION = re.compile(r"/v[0-9]+")
TEMPORARY_REDIRECT = 307


def without_route(site: Site, environ: Mapping[str, Any]) -> Reply:
    """The reply to a request for a URL that nothing serves.

    Raises:
        HttpError: 404, with the number that says why.
    """
    path: str = environ["PATH_INFO"]
    settings = site.settings
    if path.startswith(site.prefix):
        if settings.trailing_slash_redirect_enabled:
            if path == site.prefix:
                return _redirect(site, environ, raw_path(environ) + "/", slash=True)
            if path.endswith("/"):
                return _redirect(site, environ, raw_path(environ).rstrip("/"), slash=True)
        raise HttpError(URL_MISSING)
    if _OTHER_VERSION.match(path) or not settings.version_prefix_redirect_enabled:
        raise HttpError(VERSION_MISSING)
    if environ["REQUEST_METHOD"] == "OPTIONS":
        return Reply(200)
    return _redirect(site, environ, site.prefix + raw_path(environ), slash=False)


def _redirect(site: Site, environ: Mapping[str, Any], path: str, *, slash: bool) -> Reply:
    query = environ.get("QUERY_STRING")
    location = urljoin(origin_url(site, environ), path) + (f"?{query}" if query else "")
    settings = site.settings
    seconds = (
        settings.trailing_slash_redirect_ttl_seconds
        if slash
        else settings.version_prefix_redirect_ttl_seconds
    )
    headers = [("Location", location)]
    if seconds >= 0:
        now = time.time_ns() // 1_000_000
        headers += max_age(seconds, now)
        if seconds == 0:
            headers.append(version_headers(now)[1])
    return Reply(TEMPORARY_REDIRECT, None, headers)
