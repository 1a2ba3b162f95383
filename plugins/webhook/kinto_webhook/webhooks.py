"""The resource type ``webhook``, and what follows when one is written, disabled or deleted."""

import ipaddress
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from kinto_core import json
from kinto_core.database.engine import Connection
from kinto_core.errors import Fault, InvalidInput, ObjectNotFound
from kinto_core.events.event import Action, ResourceChanged
from kinto_core.objects import ObjectKey
from kinto_core.resources.access import Access, Caller
from kinto_core.resources.addresses import object_address
from kinto_core.resources.bucket import BUCKET
from kinto_core.resources.calls import Call
from kinto_core.resources.definition import ResourceType, Writing
from kinto_core.resources.patching import MERGE_PATCH, parse_patch
from kinto_core.resources.writing import patch
from kinto_core.server import Server
from kinto_core.transactions import Transaction
from kinto_webhook import asymmetric, sql_endpoints
from kinto_webhook.endpoints import PLUGIN, from_data, is_server_wide, webhook_fields
from kinto_webhook.office import RESOURCE, key_of
from kinto_webhook.schedule import DAY
from kinto_webhook.sealing import Seal, Unreadable
from kinto_webhook.settings import WebhookSettings, limits_of, settings_of
from kinto_webhook.signing import V1, V1A, kind_of
from kinto_webhook.sql_endpoints import NO_HEADERS, EndpointRow
from kinto_webhook.targets import Blocked, UnusableURL, choose, parse

ROTATION: Final = DAY
"""How long the former secret stays valid beside a new one."""

REQUIRED: Final = (
    "Required: whsec_ and the base64 of 24 to 64 random bytes; nobody can read it later"
)
"""Why a webhook is refused that has no secret."""

_OF_ANOTHER_KIND = "expected whsec_… for signatures v1, and whsk_… for v1a"


def prepare(tx: Transaction, writing: Writing, data: dict[str, Any]) -> None:
    """Put away what nobody may read, and complete what the server owns.

    Changes ``data``: ``secret`` and ``headers`` go, ``owner``, ``enabled``, ``header_names`` and,
    where they are due, ``public_key`` and ``disabled_reason`` are set.

    Raises:
        InvalidInput: the URL is not allowed, there is no secret for its signatures, or the bucket
            has enough webhooks.
    """
    server = tx.backends.plugins.server
    table = settings_of(server.settings) if server is not None else WebhookSettings()
    now = tx.backends.clock()
    old = writing.old.data if writing.old is not None else None
    _require_url(server, table, data["url"])
    seal = Seal(table.encryption_keys)
    if old is None:
        _require_room(tx.connection, writing, table.max_per_bucket)
    row = _with_secret(_row(tx.connection, writing), seal, data, old, now)
    row = _with_headers(row, seal, data, old)
    _own(writing, data, old)
    row = _enabled(row, writing, data, old)
    endpoint = from_data(writing.uri, data, {}, concurrency=table.concurrency)
    lanes = endpoint.max_lanes
    row = row._replace(fifo=endpoint.is_fifo, max_lanes=lanes, lanes=min(row.lanes, lanes))
    sql_endpoints.write(tx.connection, row if old else row._replace(lanes=lanes))


def _require_room(connection: Connection, writing: Writing, most: int) -> None:
    """Refuse one webhook more than a bucket may have."""
    parent = writing.uri.rpartition("/")[0]
    if sql_endpoints.count_in(connection, f"{parent}/", limit=most) >= most:
        text = f"the bucket has {most} webhooks already, as many as webhook.max_per_bucket allows"
        raise InvalidInput(Fault("path", "webhooks", text))


def _with_secret(
    row: EndpointRow, seal: Seal, data: dict[str, Any], old: dict[str, Any] | None, now: int
) -> EndpointRow:
    """Keep the secret apart from the object, or make one where a pair of keys is wanted."""
    kind = data.get("signature", V1)
    secret = data.pop("secret", None)
    data.pop("public_key", None)
    is_same_kind = bool(row.secret) and old is not None and old.get("signature", V1) == kind
    if secret is None and is_same_kind and old is not None:
        data |= {name: old[name] for name in ("public_key",) if name in old}
        return row
    if secret is None and kind == V1:
        raise InvalidInput(Fault("body", "secret", REQUIRED))
    try:
        secret = secret if secret is not None else asymmetric.new_key()
        if kind_of(secret) != kind:
            raise InvalidInput(Fault("body", "secret", _OF_ANOTHER_KIND))
    except asymmetric.InvalidKey as error:  # the library is not installed
        raise InvalidInput(Fault("body", "signature", str(error))) from error
    if kind == V1A:
        data["public_key"] = asymmetric.public_key(secret)
    present = _opened(seal, row)
    if present == secret:
        return row
    return row._replace(
        secret=seal.close(secret, row.uri),
        former_secret=row.secret if present else "",
        former_until=now + ROTATION if present else 0,
    )


def _opened(seal: Seal, row: EndpointRow) -> str:
    """The present secret; an empty text when there is none that could be read."""
    try:
        return seal.open(row.secret, row.uri)
    except Unreadable:  # writing another one is the remedy
        return ""


def _with_headers(
    row: EndpointRow, seal: Seal, data: dict[str, Any], old: dict[str, Any] | None
) -> EndpointRow:
    """Keep the values of headers apart from the object."""
    if "headers" in data:
        headers = data.pop("headers")
        data["header_names"] = sorted(headers)
        stored = seal.close(json.dumps(headers), row.uri) if headers else NO_HEADERS
        return row._replace(headers=stored)
    if old is None or old["url"] != data["url"]:  # whoever gets them now is not who they were for,
        data["header_names"] = []  # and perhaps not chosen by who knows them
        return row._replace(headers=NO_HEADERS)
    data["header_names"] = old.get("header_names", [])
    return row


def _require_url(server: Server | None, table: WebhookSettings, url: str) -> None:
    try:
        place = parse(url, allow_http=table.allow_http)
        address = str(ipaddress.ip_address(place.host))
    except UnusableURL as error:
        raise InvalidInput(Fault("body", "url", str(error))) from error
    except ValueError:  # a name, whose addresses are checked at each attempt
        return
    try:
        choose([address], limits_of(server.settings).allowed if server is not None else ())
    except Blocked as error:
        raise InvalidInput(Fault("body", "url", str(error))) from error


def _row(connection: Connection, writing: Writing) -> EndpointRow:
    """What is known of the webhook; what is left of a former one of this name goes."""
    if writing.old is None:
        sql_endpoints.remove(connection, writing.uri)
        return EndpointRow(writing.uri)
    return sql_endpoints.hold(connection, writing.uri) or EndpointRow(writing.uri)


def _own(writing: Writing, data: dict[str, Any], old: dict[str, Any] | None) -> None:
    """Note whose permissions count: those of who wrote it last, or nobody's in particular."""
    is_ours = writing.user_id == PLUGIN and old is not None
    owner = old.get("owner") if is_ours and old is not None else writing.user_id
    data.pop("owner", None)
    if owner is not None:
        data["owner"] = owner


def _enabled(
    row: EndpointRow, writing: Writing, data: dict[str, Any], old: dict[str, Any] | None
) -> EndpointRow:
    """What ``enabled`` means for the row; a webhook that is enabled again starts afresh."""
    is_enabled = data.setdefault("enabled", True)
    if is_enabled:
        data.pop("disabled_reason", None)
    elif writing.user_id != PLUGIN:
        data.pop("disabled_reason", None)
        if old is not None and "disabled_reason" in old:
            data["disabled_reason"] = old["disabled_reason"]
    if is_enabled and (not row.enabled or (old is not None and old["url"] != data["url"])):
        row = fresh(row)
    reason = data.get("disabled_reason", "")
    return row._replace(enabled=is_enabled, reason=reason, announced=True)


def fresh(row: EndpointRow) -> EndpointRow:
    """An endpoint whose failures are forgotten."""
    return row._replace(
        enabled=True,
        reason="",
        announced=True,
        lanes=row.max_lanes,
        failures=0,
        first_failure=0,
        blocks=0,
        paused_until=0,
    )


WEBHOOK: Final = ResourceType(name=RESOURCE, parent=BUCKET, fields=webhook_fields, prepare=prepare)
"""The resource type, at ``/buckets/{bucket_id}/webhooks/{id}``."""


def forget_deleted(event: ResourceChanged, transaction: Transaction) -> None:
    """Forget the secrets and deliveries of webhooks that are being deleted."""
    if event.action is not Action.DELETE:
        return
    for change in event.changes:
        if event.resource_name == RESOURCE:
            sql_endpoints.remove(transaction.connection, change.uri)
        elif event.resource_name == BUCKET.name:
            sql_endpoints.remove_in_bucket(transaction.connection, change.uri)


def fields_of(tx: Transaction, uri: str) -> Mapping[str, Any]:
    """The fields of a webhook as it is now; none when it is gone."""
    stored = tx.fetch(key_of(uri))
    return {} if stored is None or stored.deleted else stored.data


def write_fields(server: Server, tx: Transaction, uri: str, fields: dict[str, Any]) -> None:
    """Change fields of a webhook in the plugin's name; an ordinary update with its event."""
    key = key_of(uri)
    address = object_address(_type(server), (*_bucket(key), key.id))
    change, _ = parse_patch(MERGE_PATCH, {"data": fields}, ())
    rules = replace(
        server.rules,
        access=Access(server.types, {}, administrators=(PLUGIN,)),
        explicit_permissions=False,
    )
    ids = {"bucket_id": _bucket(key)[0], "webhook_id": key.id}
    call = Call(read=lambda: change, caller=Caller(PLUGIN), uri=uri, url_ids=ids)
    patch(tx, rules, address, call)


def announce_disabled(server: Server, uri: str) -> None:
    """Make a webhook that was disabled say so itself; does nothing when it says so."""

    def work(tx: Transaction) -> None:
        row = sql_endpoints.find(tx.connection, uri)
        if row is None or row.announced:
            return
        if row.enabled or is_server_wide(uri):
            sql_endpoints.write(tx.connection, row._replace(announced=True))
            return
        try:
            fields = {"enabled": False, "disabled_reason": row.reason}
            write_fields(server, tx, uri, fields)
        except ObjectNotFound:  # deleted meanwhile
            sql_endpoints.remove(tx.connection, uri)

    server.transact(work)


def _bucket(key: ObjectKey) -> tuple[str]:
    return (key.parent_id.split("/")[2],)


def _type(server: Server) -> ResourceType:
    return server.types.by_name[RESOURCE]
