"""Between Pyramid and the exchanges of this plugin: bodies in pieces, both ways.

The only file of the plugin that knows Pyramid. Requests without a large body go through the
server's own endpoints, which serve batches as well.
"""

from collections.abc import Callable
from typing import Any

from pyramid.config import Configurator
from pyramid.request import Request
from pyramid.response import Response

from kinto_attachment import describing, serving, tus, uploading
from kinto_attachment.incoming import Incoming
from kinto_core.errors import InvalidInput, KintoError, ParentNotFound
from kinto_core.http.adapter import finished
from kinto_core.http.cors import require_allowed_origin
from kinto_core.http.endpoints import Endpoint
from kinto_core.http.errors import URL_MISSING, HttpError
from kinto_core.http.exchange import Exchange, Reply
from kinto_core.http.incoming import BODY_READ, EnvironHeaders, origin_url, request_id
from kinto_core.http.site import Site
from kinto_core.http.views import failure

Take = Callable[[Site, Incoming], Reply]
View = Callable[[Any, Request], Response]


def include(config: Configurator) -> None:
    """Serve uploads and downloads."""
    site: Site = config.registry.site
    _add(config, "attachment-upload", uploading.PATH, "POST", _taking(uploading.upload))
    _add(config, "attachment-download", serving.PATH, "GET", _download)
    _add(config, "attachment-download-head", serving.PATH, "HEAD", _download)
    _add(config, "attachment-piece", tus.PATH, "PATCH", _taking(tus.add_piece))
    site.endpoints[uploading.PATH] = Endpoint(
        "attachment",
        uploading.serve_in_batch,
        uploading.METHODS,
        described=describing.ATTACHMENT,
    )
    site.endpoints[serving.PATH] = Endpoint(
        "attachment-file",
        _not_in_batch,
        serving.METHODS,
        exposed={"GET": serving.EXPOSED, "HEAD": serving.EXPOSED},
        described=describing.FILE,
    )
    site.endpoints[tus.CREATION_PATH] = Endpoint(
        "attachment-uploads",
        tus.create,
        tus.CREATION_METHODS,
        exposed=dict.fromkeys(tus.CREATION_METHODS, tus.EXPOSED),
        described=describing.UPLOADS,
    )
    site.endpoints[tus.PATH] = Endpoint(
        "attachment-pieces",
        tus.look,
        tus.METHODS,
        exposed=dict.fromkeys(tus.METHODS, tus.EXPOSED),
        described=describing.UPLOAD,
    )
    for path in (tus.CREATION_PATH, tus.PATH):
        endpoint = site.endpoints[path]
        _add(config, f"{endpoint.name}-options", path, "OPTIONS", _options(endpoint.methods))


def _add(
    config: Configurator,
    name: str,
    path: str,
    method: str,
    view: View,
) -> None:
    """Serve one method of a path before the server's own endpoint of that path."""
    site: Site = config.registry.site
    config.add_route(name, site.prefix + path, request_method=method)
    config.add_view(view, route_name=name)


def _taking(take: Take) -> View:
    """A view of what reads the body by itself."""

    def view(_context: Any, request: Request) -> Response:  # noqa: ANN401  Pyramid's
        site: Site = request.registry.site
        try:
            incoming = _incoming(site, request)
            require_allowed_origin(
                incoming.exchange.headers.get("origin"), site.settings.cors_origins
            )
            reply = take(site, incoming)
        except KintoError as error:
            reply = failure(site, error, exposed=None if _is_about_path(error) else ())
        return finished(request.registry.finisher, request, reply)

    return view


def _download(_context: Any, request: Request) -> Response:  # noqa: ANN401  Pyramid's
    site: Site = request.registry.site
    try:
        exchange = _exchange(site, request)
        require_allowed_origin(exchange.headers.get("origin"), site.settings.cors_origins)
        found = serving.download(site, exchange)
    except KintoError as error:
        reply = failure(site, error, exposed=serving.EXPOSED)
        return finished(request.registry.finisher, request, reply)
    return Response(status=found.status, headerlist=found.headers, app_iter=found.content)


def _options(methods: tuple[str, ...]) -> View:
    """A view that says what resumable uploads can do."""

    def view(_context: Any, request: Request) -> Response:  # noqa: ANN401  Pyramid's
        site: Site = request.registry.site
        try:
            reply = tus.options(site, _exchange(site, request), methods)
        except KintoError as error:
            reply = failure(site, error, exposed=None)
        return finished(request.registry.finisher, request, reply)

    return view


def _is_about_path(error: KintoError) -> bool:
    """Whether the path can name no record; such answers list no headers for browsers."""
    if isinstance(error, InvalidInput):
        return error.faults[0].location == "path"
    return isinstance(error, ParentNotFound)


def _not_in_batch(site: Site, exchange: Exchange) -> Reply:
    """Files are no JSON, so a batch cannot answer them."""
    del site, exchange
    raise HttpError(URL_MISSING)


class _Stream:
    """The body of a request; who has begun to read it is the one to read on.

    Args:
        environ: of the request.
    """

    def __init__(self, environ: dict[str, Any]) -> None:
        self._environ = environ

    def read(self, size: int, /) -> bytes:
        """Up to so many bytes; none at the end."""
        self._environ[BODY_READ] = True
        piece: bytes = self._environ["wsgi.input"].read(size)
        return piece


def _incoming(site: Site, request: Request) -> Incoming:
    environ = request.environ
    length = environ.get("CONTENT_LENGTH") or ""
    if not length and "HTTP_TRANSFER_ENCODING" not in environ:
        length = "0"
    return Incoming(
        _exchange(site, request),
        _Stream(environ),
        int(length) if length.isdecimal() else None,
    )


def _exchange(site: Site, request: Request) -> Exchange:
    """A request as handlers see it, without its body."""
    environ = request.environ
    path: str = environ["PATH_INFO"].encode("latin-1").decode()
    return Exchange(
        method=environ["REQUEST_METHOD"],
        path=path[len(site.prefix) :],
        query=environ.get("QUERY_STRING", ""),
        headers=EnvironHeaders(environ),
        origin_url=origin_url(site, environ),
        identity=site.authenticate(environ.get("HTTP_AUTHORIZATION")),
        request_id=request_id(environ),
    )
