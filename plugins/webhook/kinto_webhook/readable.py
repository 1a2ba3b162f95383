"""What of an event an endpoint's owner may read now, by the rules that hold for every reader."""

from kinto_core.authentication.interface import Identity
from kinto_core.events.event import Change, ResourceChanged
from kinto_core.http.routing import Router
from kinto_core.resources.access import ANONYMOUS, Caller
from kinto_core.resources.calls import keys_of
from kinto_core.server import Server
from kinto_core.transactions import Transaction
from kinto_webhook.endpoints import OPERATOR, Endpoint, is_server_wide


def caller_of(server: Server, owner: str | None) -> Caller:
    """An endpoint's owner, with the principals that plugins add."""
    if owner is None:
        return ANONYMOUS
    if not server.plugins.implements("principals"):
        return Caller(owner)
    identity = Identity(owner, owner.partition(":")[0])
    added = server.plugins.hook.principals(identity=identity)
    return Caller(owner, frozenset(name for names in added for name in names))


def wanted(endpoint: Endpoint, event: ResourceChanged) -> list[Change]:
    """The changes that an endpoint asks for; a webhook hears of its own bucket only."""
    selector = endpoint.selector
    found = [one for one in event.changes if selector.accepts(one)]
    if is_server_wide(endpoint.uri):
        return found
    bucket = endpoint.uri.split("/")[2]
    return [one for one in found if one.bucket_id == bucket]


def readable(
    tx: Transaction, server: Server, router: Router, endpoint: Endpoint, changes: list[Change]
) -> list[Change]:
    """Those of some changes of one event whose objects the owner may read now.

    Of deleted objects only what is above them can still say so.
    """
    if endpoint.owner == OPERATOR or not changes:
        return changes
    caller = caller_of(server, endpoint.owner)
    if _may_list(tx, server, router, caller, changes[0]):
        return changes
    return [one for one in changes if _may_read(tx, server, router, caller, one)]


def _may_list(
    tx: Transaction, server: Server, router: Router, caller: Caller, change: Change
) -> bool:
    """Whether everything in the list of a changed object may be read: then one look suffices."""
    target = router.find(change.uri)
    if target is None:
        return False
    address = target.object.list
    snapshot = tx.look_up(
        keys_of(address),
        user_id=caller.user_id,
        all_grants=bool(caller.extra),
        target_is_list=True,
    )
    grants = list(snapshot.grants[: len(address.ancestors)])
    principals = caller.principals(snapshot.groups)
    return server.rules.access.may_list(address.type, grants, principals)


def _may_read(
    tx: Transaction, server: Server, router: Router, caller: Caller, change: Change
) -> bool:
    target = router.find(change.uri)
    if target is None:
        return False
    address = target.object
    snapshot = tx.look_up(keys_of(address), user_id=caller.user_id, all_grants=bool(caller.extra))
    principals = caller.principals(snapshot.groups)
    return server.rules.access.may_read(address.type, snapshot, principals)
