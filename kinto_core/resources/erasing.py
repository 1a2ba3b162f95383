"""Erase what one principal owns.

Source: protocol V-27; events E-54.
"""

from kinto_core.authentication.principals import EVERYONE
from kinto_core.errors import KintoError
from kinto_core.objects import ObjectKey
from kinto_core.resources.access import Access, Caller
from kinto_core.resources.addresses import ObjectAddress, object_address
from kinto_core.resources.calls import Call, Rules
from kinto_core.resources.deleting import delete
from kinto_core.transactions import Transaction


def erase_principal(tx: Transaction, rules: Rules, principal: str, caller: Caller, uri: str) -> int:
    """Delete what only this principal may write, and take it out of all permissions and groups.

    Gives how many objects were deleted, those inside them aside. Plugins are told
    (``principal_erased``).

    Args:
        tx: the transaction.
        rules: of the server.
        principal: whose data go.
        caller: who asked for it; the events name them.
        uri: the request's path, for the events.
    """
    everything = Rules(
        rules.types, Access(rules.types, {}, administrators=(EVERYONE,)), explicit_permissions=False
    )
    erased: list[ObjectKey] = []
    for key in sorted(tx.owned_only_by(principal), key=lambda key: key.parent_id.count("/")):
        kind = rules.types.by_name.get(key.resource)
        if kind is None:
            continue
        parents = key.parent_id.split("/")[2::2]
        address: ObjectAddress = object_address(kind, (*parents, key.id))
        names = [f"{ancestor.name}_id" for ancestor in kind.ancestors]
        call: Call[int | None] = Call(
            read=lambda: None,
            caller=caller,
            uri=uri,
            url_ids=dict(zip(names, parents, strict=True)),
        )
        try:
            delete(tx, everything, address, call)
        except KintoError:  # it went with what contained it
            continue
        erased.append(key)
    tx.forget_principal(principal)
    plugins = tx.backends.plugins
    plugins.hook.principal_erased(
        principal=principal, objects=erased, transaction=tx, server=plugins.server
    )
    return len(erased)
