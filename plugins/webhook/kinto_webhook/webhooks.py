"""The resource type ``webhook``, and what follows when one is written, disabled or deleted."""

import ipaddress
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
from kinto_webhook import sql_endpoints
from kinto_webhook.endpoints import PLUGIN, from_data, is_server_wide, webhook_fields
from kinto_webhook.office import RESOURCE, key_of
from kinto_webhook.schedule import DAY
from kinto_webhook.settings import WebhookSettings, limits_of, settings_of
from kinto_webhook.sql_endpoints import NO_HEADERS, EndpointRow
from kinto_webhook.targets import Blocked, UnusableURL, choose, parse

ROTATION: Final = DAY
"""How long the former secret stays valid beside a new one."""

_REQUIRED = "Required: whsec_ and the base64 of 24 to 64 random bytes; nobody can read it later"


def prepare(tx: Transaction, writing: Writing, data: dict[str, Any]) -> None:
    """Put away what nobody may read, and complete what the server owns.

    Changes ``data``: ``secret`` and ``headers`` go, ``owner``, ``enabled``, ``header_names`` and,
    where it is due, ``disabled_reason`` are set.

    Raises:
        InvalidInput: the URL is not allowed, or a new webhook has no secret.
    """
    server = tx.backends.plugins.server
    table = settings_of(server.settings) if server is not None else WebhookSettings()
    now = tx.backends.clock()
    old = writing.old.data if writing.old is not None else None
    _require_url(server, table, data["url"])
    row = _row(tx.connection, writing)
    secret = data.pop("secret", None)
    if secret is None and not row.secret:
        raise InvalidInput(Fault("body", "secret", _REQUIRED))
    if secret is not None and secret != row.secret:
        until = now + ROTATION if row.secret else 0
        row = row._replace(secret=secret, former_secret=row.secret, former_until=until)
    if "headers" in data:
        row = row._replace(headers=json.dumps(data.pop("headers")))
    elif old is not None and old["url"] != data["url"]:  # whoever gets them now is not who they
        row = row._replace(headers=NO_HEADERS)  # were for, and perhaps not chosen by who knows them
    data["header_names"] = sorted(json.parse(row.headers))
    _own(writing, data, old)
    row = _enabled(row, writing, data, old)
    endpoint = from_data(writing.uri, data, {}, concurrency=table.concurrency)
    lanes = endpoint.max_lanes
    row = row._replace(fifo=endpoint.is_fifo, max_lanes=lanes, lanes=min(row.lanes, lanes))
    sql_endpoints.write(tx.connection, row if old else row._replace(lanes=lanes))


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
