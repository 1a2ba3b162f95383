"""Who may see which history.

Source: built-in plugins B-142 to B-146, B-152, BW-14.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from kinto_core.builtin.history.entries import READING
from kinto_core.objects import Grants, ObjectKey, StoredObject
from kinto_core.resources.access import Caller, holds
from kinto_core.resources.calls import live
from kinto_core.server import Server
from kinto_core.transactions import Transaction

RESOURCE: Final = "history"
"""The name in settings: ``history_read_principals``, ``plural_history_get_enabled``."""


@dataclass(frozen=True, slots=True)
class Sight:
    """What somebody may do with the history of a bucket.

    Attributes:
        bucket: the bucket as it is.
        principals: everything the caller counts as.
        sees_all: whether every entry may be read.
        may_purge: whether entries may be deleted.
    """

    bucket: StoredObject
    principals: frozenset[str]
    sees_all: bool
    may_purge: bool


def sight_of(tx: Transaction, server: Server, bucket: str, caller: Caller) -> Sight:
    """What a caller may do.

    Raises:
        NotAllowed: there is no such bucket, of which nobody learns here.
    """
    if not server.types.ids["bucket"].match(bucket):
        raise caller.refusal()
    key = ObjectKey("", "bucket", bucket)
    [stored], [grants], principals = _look(tx, [key], caller)
    if stored is None:
        raise caller.refusal()
    access = server.rules.access
    return Sight(
        stored,
        principals,
        sees_all=holds(grants, READING, principals)
        or access.is_configured(principals, RESOURCE, *READING),
        may_purge=holds(grants, ("write",), principals)
        or access.is_configured(principals, RESOURCE, "write"),
    )


def require_operator(tx: Transaction, server: Server, caller: Caller) -> None:
    """Refuse who may not read what concerns the whole server.

    Raises:
        NotAllowed: neither ``history_read_principals`` nor ``administrators`` names them.
    """
    principals = caller.principals(tuple(tx.groups(caller.user_id)))
    if not server.rules.access.is_configured(principals, RESOURCE, *READING):
        raise caller.refusal()


def require_reader(
    tx: Transaction, keys: Sequence[ObjectKey], caller: Caller
) -> list[StoredObject | None]:
    """Refuse who has no stored permission on a bucket or collection; gives both as they are.

    Raises:
        NotAllowed: as it says, or there is no such bucket. Source: B-152.
    """
    found, granted, principals = _look(tx, keys, caller)
    if found[0] is None or not any(holds(grants, READING, principals) for grants in granted):
        raise caller.refusal()
    return found


def _look(
    tx: Transaction, keys: Sequence[ObjectKey], caller: Caller
) -> tuple[list[StoredObject | None], Sequence[Grants], frozenset[str]]:
    snapshot = tx.look_up(
        keys, user_id=caller.user_id, all_grants=bool(caller.extra), target_is_list=True
    )
    found = [live(stored) for stored in snapshot.objects]
    return found, snapshot.grants, caller.principals(snapshot.groups)
