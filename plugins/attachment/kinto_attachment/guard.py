"""Before each commit: only the server describes files, and files go with their records.

The field ``attachment`` of a record may be left as it is, become empty, or say what the server
itself said of the file that the record has. However a record is written - by itself, in a batch, in
the default bucket, by another plugin - this sees it, because it looks at what is committed.

Source: attachment A-20 to A-23, A-27, A-28, A-31, A-88.
"""

from kinto_attachment import links
from kinto_attachment.failures import forged
from kinto_attachment.metadata import FIELD
from kinto_attachment.plugin import Attachments
from kinto_core import json
from kinto_core.database.engine import Connection
from kinto_core.events.event import Action, Change, ResourceChanged, id_in
from kinto_core.objects import ObjectKey
from kinto_core.resources.patching import same
from kinto_core.transactions import Transaction

_MENTION = f'"{FIELD}"'
CONTAINERS = ("bucket", "collection")


def before_commit(plugin: Attachments, event: ResourceChanged, tx: Transaction) -> None:
    """Check or follow one event.

    Raises:
        HttpError: somebody else than the server describes a file. Source: A-21.
    """
    if event.resource_name == "record":
        for change in event.changes:
            if event.action is Action.DELETE:
                _let_go(plugin, tx.connection, change)
            elif _MENTION in change.new:
                _check(tx, change)
    elif event.resource_name in CONTAINERS and event.action is Action.DELETE:
        for change in event.changes:
            _let_go_below(plugin, tx.connection, change.uri)


def _check(tx: Transaction, change: Change) -> None:
    value = json.parse(change.new).get(FIELD)
    if not value:
        return
    if change.old is not None and same(json.parse(change.old).get(FIELD), value):
        return
    allowed = links.shown(tx.connection, _key(change))
    if not any(same(one, value) for one in allowed):
        raise forged()


def _let_go(plugin: Attachments, connection: Connection, change: Change) -> None:
    keep = plugin.rules.of(change.bucket_id or "", change.collection_id or "").keep_old_files
    links.detach(connection, _key(change), keep=keep)


def _let_go_below(plugin: Attachments, connection: Connection, uri: str) -> None:
    """Everything inside a bucket or a collection is gone."""
    for parent in links.parents_below(connection, uri):
        bucket, collection = id_in(parent, "buckets"), id_in(parent, "collections")
        keep = plugin.rules.of(bucket or "", collection or "").keep_old_files
        links.detach_all(connection, parent, keep=keep)


def _key(change: Change) -> ObjectKey:
    return ObjectKey(change.parent_uri, change.resource_name, change.object_id)
