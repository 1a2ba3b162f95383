"""Give a record a file, or take it away: one transaction for the record, its field and its file.

The record is written by the server's own operations, so permissions, preconditions, schemas, hooks
and events are those of any other write. The bytes are in the store before.

Source: attachment A-8 to A-13, A-25, A-26, A-36.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from kinto_attachment import links, names
from kinto_attachment.metadata import FIELD
from kinto_attachment.plugin import Attachments
from kinto_attachment.receiving import Received
from kinto_core.errors import BackendError, Fault, InvalidInput
from kinto_core.objects import Grants
from kinto_core.resources.access import Caller
from kinto_core.resources.addresses import ObjectAddress
from kinto_core.resources.bodies import ObjectBody, parse_body
from kinto_core.resources.calls import Call, ObjectAnswer, Situation, keys_of, live
from kinto_core.resources.checks import require_id
from kinto_core.resources.deciding import require_creation
from kinto_core.resources.patching import FieldsPatch, Patch
from kinto_core.resources.preconditions import NONE, Preconditions
from kinto_core.resources.writing import patch, replace
from kinto_core.transactions import Transaction

Input = TypeVar("Input")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """Who wants what for which record.

    Attributes:
        address: the record.
        caller: who asks.
        uri: path of the request, for events.
        url_ids: identifiers in that path.
        preconditions: which version of the record is expected.
        faults: of the request's headers, told once access is granted.
        data: fields to set as well.
        permissions: to add to those that are there.
    """

    address: ObjectAddress
    caller: Caller
    uri: str
    url_ids: Mapping[str, str]
    preconditions: Preconditions = NONE
    faults: tuple[Fault, ...] = ()
    data: Mapping[str, Any] | None = None
    permissions: Any = None

    @property
    def ids(self) -> tuple[str, str, str]:
        """Of the bucket, the collection and the record."""
        bucket, collection = (key.id for key in self.address.list.ancestors)
        return bucket, collection, self.address.key.id


@dataclass(frozen=True, slots=True)
class Attached:
    """What came of it.

    Attributes:
        answer: the record.
        shown: its field ``attachment``.
        is_known: whether the same content was in the store already, so that the new copy of it is
            not needed.
    """

    answer: ObjectAnswer
    shown: Mapping[str, Any]
    is_known: bool


Transact = Callable[[Callable[[Transaction], Attached]], Attached]
"""Runs work in a transaction, and again if it met another one."""


def require_writable(plugin: Attachments, tx: Transaction, wish: Wish) -> None:
    """Refuse who may not write the record, before anything of the file is read.

    Raises:
        NotAllowed, ParentNotFound, InvalidInput: as writing it would.
    """
    rules, address = plugin.server.rules, wish.address
    snapshot = tx.look_up(
        keys_of(address),
        user_id=wish.caller.user_id,
        all_grants=bool(wish.caller.extra),
        ancestor_bodies=True,
    )
    seen = Situation.of(snapshot, wish.caller, target_is_list=False)
    if seen.existing is None:
        require_creation(rules, address.list, _call(wish, ObjectBody(None, None)), seen)
    elif not rules.access.may_write(address.type, snapshot, seen.principals):
        raise wish.caller.refusal()
    require_id(rules, address)


def attach(plugin: Attachments, tx: Transaction, wish: Wish, file: Received) -> Attached:
    """Give the record a file, in place of the one it may have.

    Raises:
        NotAllowed, ParentNotFound, ModifiedMeanwhile, InvalidInput: as any write of the record.
    """
    bucket_id, collection_id, record_id = wish.ids
    rules = plugin.rules.of(bucket_id, collection_id)
    key, connection, moment = wish.address.key, tx.connection, plugin.server.clock()
    existing = _hold(tx, wish)
    links.detach(connection, key, keep=rules.keep_old_files)
    cleaned = names.clean(file.described.filename)
    name = names.patterned(
        rules.filename_pattern,
        names.randomized(cleaned) if rules.randomize or not cleaned else cleaned,
        record_id=record_id,
        moment=datetime.now().astimezone(),
    )
    folder = names.folder(
        plugin.settings.folder,
        bucket_id=bucket_id,
        collection_id=collection_id,
        record_id=record_id,
    )
    path = links.free_path(connection, folder + name)
    shown = file.described.shown(names.location(plugin.settings.base_url, path))
    answer = _write(plugin, tx, wish, shown, existing=existing)
    kept = links.claim(connection, file.described, file.key, moment)
    if kept != file.key and plugin.store.size(kept) != file.described.size:
        # The older bytes were lost outside of this server: the new ones take their place.
        links.rekey(connection, file.described.sha256, file.key)
        kept = file.key
    links.refer(
        connection,
        key,
        path,
        file.described,
        shown=shown,
        is_fixed=rules.randomize,
        moment=moment,
    )
    return Attached(answer, shown, is_known=kept != file.key)


def detach(plugin: Attachments, tx: Transaction, wish: Wish) -> ObjectAnswer:
    """Take the record's file away; the field becomes ``null``. Source: A-25, A-26.

    Raises:
        NotAllowed, ParentNotFound, ModifiedMeanwhile, InvalidInput: as any write of the record.
    """
    bucket_id, collection_id, _ = wish.ids
    answer = _write(plugin, tx, wish, None, existing=_hold(tx, wish))
    keep = plugin.rules.of(bucket_id, collection_id).keep_old_files
    links.detach(tx.connection, wish.address.key, keep=keep)
    return answer


def attach_and_settle(
    plugin: Attachments,
    transact: Transact,
    wish: Wish,
    file: Received,
    also: Callable[[Transaction], None] | None = None,
) -> Attached:
    """``attach`` in a transaction of its own; then deletes those bytes that nobody needs.

    After an error that leaves open whether the commit happened, nothing is deleted: the sweep will
    know.

    Args:
        plugin: has the store.
        transact: runs work in a transaction.
        wish: who wants what.
        file: in the store.
        also: more work for the same transaction.

    Raises:
        KintoError: the record cannot be written; the record has the file that it had.
    """

    def work(tx: Transaction) -> Attached:
        attached = attach(plugin, tx, wish, file)
        if also is not None:
            also(tx)
        return attached

    try:
        attached = transact(work)
    except BackendError:
        raise
    except BaseException:
        plugin.discard([file.key])
        raise
    if attached.is_known:
        plugin.discard([file.key])
    return attached


def _hold(tx: Transaction, wish: Wish) -> bool:
    """Hold the list of records; gives whether the record exists, which then stays true."""
    key = wish.address.key
    tx.lock_list((key.parent_id, key.resource))
    return live(tx.fetch(key)) is not None


def _write(
    plugin: Attachments,
    tx: Transaction,
    wish: Wish,
    shown: Mapping[str, Any] | None,
    *,
    existing: bool,
) -> ObjectAnswer:
    """Create or patch the record."""
    rules = plugin.server.rules
    names_ = rules.types.permission_names(wish.address.type)
    data = {**(wish.data or {}), FIELD: shown}
    value = {"data": data}
    if wish.permissions is not None:
        value["permissions"] = wish.permissions
    body, faults = parse_body(value, permission_names=names_)
    faults = [*wish.faults, *faults]
    if not existing:
        return replace(tx, rules, wish.address, _call(wish, body, faults))
    added = _added(tx.grants(wish.address.key), body.permissions)
    change: Patch = FieldsPatch(ObjectBody(body.data, added))
    answer, _ = patch(tx, rules, wish.address, _call(wish, change, faults))
    return answer


def _added(
    grants: Grants, permissions: Mapping[str, list[str]] | None
) -> dict[str, list[str]] | None:
    """The permissions that are there and those given. Source: A-8."""
    if permissions is None:
        return None
    return {name: [*grants.get(name, ()), *who] for name, who in permissions.items()}


def _call(wish: Wish, content: Input, faults: Sequence[Fault] = ()) -> Call[Input]:
    """The wish as the operations see it."""

    def read() -> Input:
        if faults:
            raise InvalidInput(*faults)
        return content

    return Call(
        read=read,
        caller=wish.caller,
        preconditions=wish.preconditions,
        uri=wish.uri,
        url_ids=wish.url_ids,
    )
