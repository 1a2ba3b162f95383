"""Is everything well? For people and for load balancers.

Source: protocol V-20, V-21.
"""

import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait

from kinto_core import json
from kinto_core.cache.interface import Cache
from kinto_core.http.exchange import Exchange, Reply
from kinto_core.http.site import Site

logger = logging.getLogger(__name__)

Check = Callable[[], bool | None]
UNAVAILABLE = 503


def heartbeat_view(site: Site, _exchange: Exchange) -> Reply:
    """``GET /__heartbeat__``: true, false or null for each check; late means false."""
    timeout = site.settings.heartbeat_timeout_seconds
    pool = ThreadPoolExecutor(max_workers=max(1, len(site.heartbeats)))
    try:
        futures = {name: pool.submit(_run, name, check) for name, check in site.heartbeats.items()}
        wait(futures.values(), timeout=timeout)
        results: dict[str, bool | None] = {}
        for name, future in futures.items():
            if future.done():
                results[name] = future.result()
            else:
                logger.error("'%s' heartbeat has exceeded timeout of %s seconds.", name, timeout)
                results[name] = False
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
    status = UNAVAILABLE if False in results.values() else 200
    return Reply(status, json.dumpb(results))


def lbheartbeat_view(_site: Site, _exchange: Exchange) -> Reply:
    """``GET /__lbheartbeat__``: the process answers; no backend is asked."""
    return Reply(200, b"{}")


def core_heartbeats(site: Site) -> dict[str, Check]:
    """The checks of the backends."""
    server = site.server
    checks: dict[str, Check] = {
        "storage": lambda: server.is_alive(server.storage.database),
        "permission": lambda: server.is_alive(server.permission.database),
        "cache": lambda: _answers(server.cache),
    }
    if server.events is not None:
        checks["events"] = server.events.is_on_time
    return checks


def _answers(cache: Cache) -> bool:
    cache.ping()
    return True


def _run(name: str, check: Check) -> bool | None:
    try:
        return check()
    except Exception:  # whatever is wrong with what is checked, the answer is no
        logger.exception("'%s' heartbeat failed.", name)
        return False
