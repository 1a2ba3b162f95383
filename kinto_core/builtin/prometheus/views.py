"""The endpoint: any method, for anybody unless there is a token, and for no web page.

Source: built-in plugins B-189, BW-13.
"""

import hmac
import logging
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pyramid.config import Configurator
from pyramid.request import Request
from pyramid.response import Response

from kinto_core.builtin.prometheus import describing
from kinto_core.builtin.prometheus.adding import total
from kinto_core.builtin.prometheus.gauges import event_gauges, process_gauges
from kinto_core.builtin.prometheus.publishing import Publisher
from kinto_core.builtin.prometheus.settings import (
    Exported,
    PrometheusSettings,
    disabled_names,
    folder_of,
    make_registry,
    prefix_of,
)
from kinto_core.builtin.prometheus.text import CONTENT_TYPE, Page
from kinto_core.errors import Unauthenticated
from kinto_core.http.adapter import finished
from kinto_core.http.errors import reply_to
from kinto_core.http.exchange import Reply
from kinto_core.http.site import Site
from kinto_core.metrics import Measured, taker_of

logger = logging.getLogger(__name__)

PATH = "/__metrics__"
ROUTE = "prometheus_metrics"


@dataclass(frozen=True, slots=True)
class Found:
    """What has been measured until now.

    Attributes:
        measured: by all processes.
        started: when the first of them began, in seconds since 1970.
        processes: identifiers of those that may be running.
    """

    measured: Measured
    started: float
    processes: tuple[int, ...]


class Exporter:
    """Makes the text of one application.

    Args:
        site: of the application.
    """

    def __init__(self, site: Site) -> None:
        settings = site.settings
        registry = taker_of(site.server.metrics, Exported)
        self._registry = registry if registry is not None else make_registry(settings)
        self._server = site.server
        self._prefix = prefix_of(settings)
        self._hidden = disabled_names(settings)
        self._shows_start = settings.plugin(PrometheusSettings).prometheus_created_metrics_enabled
        self._started = time.time()
        folder = folder_of(settings)
        self._publisher = Publisher(self._registry, folder) if folder is not None else None

    def text(self) -> str | None:
        """The page; ``None`` when the folder of the processes has vanished."""
        found = self._found()
        if found is None:
            return None
        gauges = event_gauges(self._server, self._prefix) + process_gauges(found.processes)
        return Page(
            prefix=self._prefix,
            measured=found.measured,
            buckets=self._registry.buckets,
            created=found.started if self._shows_start else None,
            hidden=self._hidden,
            gauges=gauges,
        ).text()

    def _found(self) -> Found | None:
        if self._publisher is None:
            return Found(self._registry.measured(), self._started, (os.getpid(),))
        snapshots = self._publisher.total()
        if snapshots is None:
            return None
        started = min(one.started for one in snapshots)
        processes = tuple(one.process for one in snapshots if one.process)
        return Found(total(snapshots, self._registry.buckets), started, processes)


def add_view(config: Configurator) -> None:
    """Serve the endpoint. Source: settings S-218."""
    site: Site = config.registry.site
    if folder_of(site.settings) is None:
        logger.warning("Prometheus metrics will run in single-process mode only.")
    exporter = Exporter(site)
    token = site.settings.plugin(PrometheusSettings).prometheus_token.encode()

    def metrics_view(request: Request) -> Response:
        if token and not _is_known(request.environ, token):
            reply = reply_to(Unauthenticated(), challenges=("Bearer",), retry_after=0)
            return _closed(config, request, reply)
        text = exporter.text()
        if text is None:
            response = _closed(config, request, Reply(204))
            response.content_length = None
            return response
        response = _closed(config, request, Reply(200, text.encode(errors="replace")))
        response.headers["Content-Type"] = CONTENT_TYPE
        return response

    if token:
        site.own_security.update(describing.SECURITY)
    site.described[PATH] = describing.path_item(needs_token=bool(token))
    config.add_route(ROUTE, site.prefix + PATH)
    config.add_view(metrics_view, route_name=ROUTE)


def _closed(config: Configurator, request: Request, reply: Reply) -> Response:
    """The response, which no web page may read. Source: settings S-157."""
    reply.exposed, reply.is_open = None, False
    return finished(config.registry.finisher, request, reply)


def _is_known(environ: Mapping[str, Any], token: bytes) -> bool:
    scheme, _, given = environ.get("HTTP_AUTHORIZATION", "").partition(" ")
    sent = given.strip().encode("latin-1", "replace")
    return scheme.lower() == "bearer" and hmac.compare_digest(sent, token)
