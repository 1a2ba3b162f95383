"""Tells plugins what was served; where none wants to know, nothing is made.

Source: events E-10, E-15 to E-21.
"""

from collections.abc import Sequence

from kinto_core.events.event import Action, ResourceRead
from kinto_core.hooks import dispatch_read
from kinto_core.http.exchange import Exchange
from kinto_core.http.routing import Target
from kinto_core.http.site import Site
from kinto_core.resources.calls import keys_of
from kinto_core.transactions import Transaction


def is_wanted(site: Site) -> bool:
    """Whether any plugin wants to know about reads."""
    return site.server.plugins.implements("resource_read")


def tell(
    site: Site,
    exchange: Exchange,
    target: Target,
    texts: Sequence[str],
    timestamp: int | None = None,
) -> None:
    """Tell plugins, if any wants to know, what a request for a resource is going to be answered.

    Args:
        site: of the request.
        exchange: the request.
        target: what it asked for.
        texts: the JSON texts of the objects in the answer. Source: events E-21.
        timestamp: of the list, in milliseconds; it is read unless given. Source: events E-18.

    Raises:
        Exception: whatever a plugin raises: the request is refused.
    """
    if not is_wanted(site):
        return
    if timestamp is None:
        timestamp = site.read(exchange, lambda tx: _list_timestamp(tx, target))
    payload = {
        "timestamp": timestamp,
        "action": Action.READ.value,
        "uri": exchange.path,
        "user_id": exchange.user_id,
        "resource_name": target.type.name,
        **target.url_ids,
    }
    dispatch_read(site.server.plugins, ResourceRead(payload, tuple(texts)))


def _list_timestamp(tx: Transaction, target: Target) -> int:
    address = target.list
    key = (address.parent_id, address.type.name)
    found = tx.look_up(keys_of(address), user_id=None, list_of=key, target_is_list=True)
    return found.list.timestamp if found.list is not None else 0
