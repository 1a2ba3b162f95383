"""Lets go of the threads that it has for each server."""

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from weakref import WeakKeyDictionary

from kinto_core import hookimpl
from kinto_core.eventlog import Consumer
from kinto_core.server import Server

pools: WeakKeyDictionary[Server, ThreadPoolExecutor] = WeakKeyDictionary()


@hookimpl
def register_consumers(server: Server) -> Iterable[Consumer]:
    """Make the threads; whoever needs them takes them from ``pools``."""
    pools[server] = ThreadPoolExecutor(2)
    return ()


@hookimpl
def server_closing(server: Server) -> None:
    """Wait for what they do, and end them; a server may be closed twice."""
    pool = pools.pop(server, None)
    if pool is not None:
        pool.shutdown()
