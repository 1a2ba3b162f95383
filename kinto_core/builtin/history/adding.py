"""The endpoints of history, as far as the settings leave them on."""

from typing import Final

from kinto_core.builtin.history import describing
from kinto_core.builtin.history.access import RESOURCE
from kinto_core.builtin.history.entries import SERVER_URI
from kinto_core.builtin.history.snapshot import snapshot_view
from kinto_core.builtin.history.views import history_view, server_view
from kinto_core.http import presenting
from kinto_core.http.endpoints import Endpoint
from kinto_core.http.site import Site

HISTORY: Final = "/buckets/{bucket_id}/history"
SNAPSHOT: Final = "/buckets/{bucket_id}/snapshot/collections/{collection_id}@{timestamp}"

_READING: Final = ("GET", "HEAD", "OPTIONS")
_EXPOSED: Final = {"GET": presenting.LIST_EXPOSED, "HEAD": presenting.COUNT_EXPOSED}


def add_endpoints(site: Site) -> None:
    """Serve histories, the log of the server, and snapshots."""
    site.endpoints[HISTORY] = Endpoint(
        "history-plural",
        history_view,
        _methods(site),
        exposed=_EXPOSED,
        described=describing.HISTORY,
    )
    site.endpoints[SERVER_URI] = Endpoint(
        "history-server", server_view, _READING, exposed=_EXPOSED, described=describing.SERVER
    )
    site.endpoints[SNAPSHOT] = Endpoint(
        "snapshot", snapshot_view, _READING, described=describing.SNAPSHOT
    )


def _methods(site: Site) -> tuple[str, ...]:
    """The methods that the settings leave on. Source: settings S-79."""
    enabled = site.settings.endpoint_enabled
    methods = ("HEAD", "GET", "DELETE")
    on = (one for one in methods if enabled.get(f"plural_{RESOURCE}_{one.lower()}", True))
    return (*on, "OPTIONS")
