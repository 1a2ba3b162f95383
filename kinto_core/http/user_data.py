"""``DELETE /__user_data__/{principal}``: erase what one principal owns.

Source: protocol V-27.
"""

from kinto_core import json
from kinto_core.http.exchange import Exchange, Reply
from kinto_core.http.site import Site
from kinto_core.resources.erasing import erase_principal

_PREFIX = "/__user_data__/"


def user_data_view(site: Site, exchange: Exchange) -> Reply:
    """Erase a principal's objects, grants and memberships."""
    principal = exchange.path.removeprefix(_PREFIX)
    caller = site.caller(exchange)
    access = site.server.rules.access
    groups = site.read(exchange, lambda tx: tx.groups(caller.user_id))
    if not access.is_configured(caller.principals(tuple(groups)), "user-data", "delete"):
        raise caller.refusal()
    site.write(
        exchange,
        lambda tx: erase_principal(tx, site.server.rules, principal, caller, exchange.path),
    )
    return Reply(200, json.dumpb({"data": {"principal": principal}}))
