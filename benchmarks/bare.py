"""The ceiling: one Pyramid view that does nothing, under the same HTTP server as ours."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pyramid.config import Configurator
from pyramid.request import Request
from pyramid.response import Response

from benchmarks.processes import free_port, running
from benchmarks.subject import Work, record, request

_BODY = str(record(1)).encode()


def view(_request: Request) -> Response:
    """The same 250 bytes each time."""
    return Response(_BODY, content_type="application/json")


def make_application() -> object:
    """A WSGI application with one view."""
    config = Configurator()
    config.add_route("record", "/record")
    config.add_view(view, route_name="record")
    return config.make_wsgi_app()


@dataclass(frozen=True)
class Bare:
    """See ``Subject``."""

    port: int
    pids: Sequence[int]
    name: str = "bare Pyramid view"

    def work(self, scenario: str) -> Work | None:
        """It can be read."""
        return Work(requests=[request("GET", "/record", {})]) if scenario == "read" else None


@contextmanager
def bare(folder: Path, *, workers: int, threads: int) -> Iterator[Bare]:
    """Start it.

    Args:
        folder: for its log.
        workers: HTTP processes, as many as ours.
        threads: of each of them.
    """
    port = free_port()
    command = [
        *(sys.executable, "-m", "granian", "--interface", "wsgi", "--no-ws"),
        *("--host", "127.0.0.1", "--port", str(port), "--log-level", "error"),
        *("--workers", str(workers), "--blocking-threads", str(threads)),
        *("--factory", "benchmarks.bare:make_application"),
    ]
    with running(command, port=port, log=folder / "bare.log") as pid:
        yield Bare(port, (pid,))
