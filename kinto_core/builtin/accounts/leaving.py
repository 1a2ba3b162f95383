"""What follows when an account is deleted: nothing is left that its name could be used for.

Source: built-in plugins BW-7.
"""

from dataclasses import replace
from functools import partial

from kinto_core.builtin.accounts import sql
from kinto_core.builtin.accounts.account import RESOURCE, user_id
from kinto_core.builtin.default_bucket import bucket_id
from kinto_core.events.event import Action, ResourceChanged
from kinto_core.objects import ObjectKey
from kinto_core.resources.access import Access, Caller
from kinto_core.resources.addresses import object_address
from kinto_core.resources.bodies import ObjectBody
from kinto_core.resources.bucket import BUCKET
from kinto_core.resources.calls import Call, Rules, live
from kinto_core.resources.deleting import delete
from kinto_core.resources.group import GROUP
from kinto_core.resources.patching import FieldsPatch, Patch
from kinto_core.resources.writing import patch
from kinto_core.server import Server
from kinto_core.transactions import Transaction

OPERATOR = "plugin:accounts"
"""Who acts when the plugin does; nobody authenticates as this."""


def clean_up(event: ResourceChanged, tx: Transaction) -> None:
    """After accounts were deleted: forget their passwords, permissions and memberships.

    Groups lose the member, with an event each. The personal bucket goes unless others have
    permissions on it: nobody else could ever reach it, and who takes the name would find it closed.
    """
    server = tx.backends.plugins.server
    if event.resource_name != RESOURCE or event.action is not Action.DELETE or server is None:
        return
    for change in event.changes:
        sql.remove(tx.connection, change.object_id)
        user = user_id(change.object_id)
        _leave_groups(tx, server, user)
        if "default_bucket" in server.settings.includes:
            _delete_personal_bucket(tx, server, user)
        tx.forget_principal(user)


def rules_of_plugin(server: Server, user: str | None = None) -> Rules:
    """Rules by which the plugin, or a user for whom it acts, may do everything and owns nothing."""
    access = Access(server.types, {}, administrators=(user or OPERATOR,))
    return replace(server.rules, access=access, explicit_permissions=False, validates_schemas=False)


def _leave_groups(tx: Transaction, server: Server, user: str) -> None:
    for uri in sorted(tx.groups(user)):
        bucket, group = uri.split("/")[2::2]
        stored = live(tx.fetch(ObjectKey(f"/buckets/{bucket}", GROUP.name, group)))
        members = stored.data.get("members", []) if stored is not None else []
        if user not in members:  # all users are members, not this one
            continue
        left = {"members": [member for member in members if member != user]}
        call: Call[Patch] = Call(
            read=partial(FieldsPatch, ObjectBody(left, None)),
            caller=Caller(OPERATOR),
            uri=uri,
            url_ids={"bucket_id": bucket, "group_id": group},
        )
        patch(tx, rules_of_plugin(server), object_address(GROUP, (bucket, group)), call)


def _delete_personal_bucket(tx: Transaction, server: Server, user: str) -> None:
    address = object_address(BUCKET, (bucket_id(server, user),))
    if live(tx.fetch(address.key)) is None:
        return
    if any(who - {user} for who in tx.grants(address.key).values()):
        return
    call: Call[int | None] = Call(
        read=lambda: None,
        caller=Caller(OPERATOR),
        uri=address.uri,
        url_ids={"bucket_id": address.key.id},
    )
    delete(tx, rules_of_plugin(server), address, call)
