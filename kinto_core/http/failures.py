"""The reply to whatever was raised while a request was served."""

import logging
from collections.abc import Mapping
from typing import Any

from pyramid.exceptions import URLDecodeError
from pyramid.httpexceptions import HTTPException, HTTPMethodNotAllowed

from kinto_core.errors import KintoError
from kinto_core.http.errors import (
    BUG,
    INVALID_PARAMETERS,
    METHOD_NOT_ALLOWED,
    ErrorKind,
    HttpError,
    error_body,
)
from kinto_core.http.exchange import Reply
from kinto_core.http.routing import Router
from kinto_core.http.site import Site
from kinto_core.http.views import failure, methods_of

logger = logging.getLogger(__name__)

CLIENT_ERROR = 400


class Failures:
    """Knows the reply to every exception: of ours, of Pyramid's and of plugins.

    Args:
        site: of the application.
        router: finds resources by path.
    """

    def __init__(self, site: Site, router: Router) -> None:
        self._site = site
        self._router = router

    def reply(self, environ: Mapping[str, Any], error: Exception) -> Reply:
        """The reply to an exception; one that nobody meant to raise is logged."""
        if isinstance(error, KintoError):
            return failure(self._site, error, exposed=())
        if isinstance(error, HTTPException):
            return self._from_http(environ, error)
        if isinstance(error, URLDecodeError):
            body = error_body(INVALID_PARAMETERS, message="Invalid URL path.")
            return Reply(INVALID_PARAMETERS.status, body)
        logger.error(
            "Unhandled error in %s %s",
            environ["REQUEST_METHOD"],
            environ["PATH_INFO"],
            exc_info=error,
        )
        link = self._site.settings.error_info_link
        return Reply(BUG.status, error_body(BUG, message=BUG.message, info=link))

    def _from_http(self, environ: Mapping[str, Any], error: HTTPException) -> Reply:
        """The reply to an error of Pyramid's or of a plugin's view."""
        if isinstance(error, HTTPMethodNotAllowed):
            target = self._router.find(environ["PATH_INFO"][len(self._site.prefix) :])
            allowed = methods_of(self._site, target) if target is not None else error.allow or ()
            headers = (("Allow", ", ".join(allowed)),)
            return failure(self._site, HttpError(METHOD_NOT_ALLOWED, headers=headers), exposed=None)
        if error.status_code < CLIENT_ERROR:
            location = [("Location", error.location)] if error.location else []
            return Reply(error.status_code, None, location)
        kind = ErrorKind(error.status_code, BUG.errno, None, "of a plugin")
        return Reply(kind.status, error_body(kind, message=error.detail or error.explanation))
