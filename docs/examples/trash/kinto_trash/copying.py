"""Writes copies with the operations that requests use, so that they make events of their own."""

from dataclasses import replace

from kinto_core import json
from kinto_core.events import Change
from kinto_core.resources.access import Access, Caller
from kinto_core.resources.addresses import list_address
from kinto_core.resources.bodies import ObjectBody
from kinto_core.resources.calls import Call, Rules
from kinto_core.resources.collection import COLLECTION
from kinto_core.resources.record import RECORD
from kinto_core.resources.writing import create
from kinto_core.transactions import Transaction

NAME = "plugin:trash"
"""Who writes the copies; may do everything, and nobody can authenticate under that name."""


def keep(transaction: Transaction, rules: Rules, change: Change, collection: str) -> None:
    """Write a copy of a deleted record into its bucket; makes the collection if need be."""
    bucket = str(change.bucket_id)
    allowed = replace(
        rules, access=Access(rules.types, {}, administrators=(NAME,)), explicit_permissions=False
    )
    copy = {
        "uri": change.uri,
        "deleted_by": change.user_id,
        "object": json.parse(change.old or "null"),
    }
    home = list_address(COLLECTION, (bucket,))
    trash = list_address(RECORD, (bucket, collection))
    create(transaction, allowed, home, _call({}, home.uri), collection)
    create(transaction, allowed, trash, _call(copy, trash.uri), None)


def _call(data: dict[str, object], uri: str) -> Call[ObjectBody]:
    """A request of this plugin."""
    return Call(read=lambda: ObjectBody(data, {}), caller=Caller(NAME), uri=uri)
