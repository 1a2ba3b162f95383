"""The endpoint, for anybody."""

from kinto_core.http.exchange import Exchange, Reply
from kinto_core.http.site import Site


def flush_view(site: Site, exchange: Exchange) -> Reply:
    """Erase everything."""
    if exchange.transaction is not None:
        exchange.transaction.flush()
    else:
        site.server.flush()
    return Reply(202, b"{}")
