"""Has ``kinto start`` run a second program beside the server."""

import sys
from collections.abc import Iterable

from kinto_core import hookimpl
from kinto_core.supervisor import Service


@hookimpl
def register_services() -> Iterable[Service]:
    """A file server for the folder ``public``."""
    return [Service("files", (sys.executable, "-m", "http.server", "--directory", "public"))]
