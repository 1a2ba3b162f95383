"""What people do to webhooks besides writing them, over HTTP and on the command line."""

from typing import Any, Final

from kinto_core import json
from kinto_core.database.engine import Connection
from kinto_core.errors import Fault, InvalidInput, ObjectNotFound
from kinto_core.events.event import new_event_id
from kinto_core.server import Server
from kinto_core.transactions import Transaction
from kinto_webhook import asymmetric, sql_endpoints, sql_log, sql_queue
from kinto_webhook.endpoints import is_server_wide
from kinto_webhook.office import RESOURCE, Office
from kinto_webhook.schedule import DAY
from kinto_webhook.sealing import Seal
from kinto_webhook.signing import V1A
from kinto_webhook.sql_endpoints import NO_HEADERS, EndpointRow
from kinto_webhook.sql_queue import EventRow
from kinto_webhook.webhooks import REQUIRED, fields_of, fresh, write_fields

PING: Final = "webhook.ping"
FURTHEST_REPLAY: Final = 14 * DAY
DELIVERY: Final = "delivery"
TESTABLE: Final = tuple(
    f"{resource}.{action}"
    for resource in ("record", "collection", "group", "bucket")
    for action in ("created", "updated", "deleted")
)
"""The types of test messages."""


def require_row(office: Office, connection: Connection, uri: str) -> EndpointRow:
    """What is known of an endpoint.

    Raises:
        ObjectNotFound: there is none with this URI.
    """
    if uri in office.wide:
        office.know_server_wide(connection)
    row = sql_endpoints.hold(connection, uri)
    if row is None or (is_server_wide(uri) and uri not in office.wide):
        raise ObjectNotFound(RESOURCE, uri)
    return row


def ping(office: Office, connection: Connection, uri: str) -> str:
    """Queue a message that says nothing; gives its id.

    Raises:
        ObjectNotFound: there is no such endpoint.
    """
    return _send(office, connection, uri, PING, {"webhook": uri})


def test(office: Office, connection: Connection, uri: str, kind: str) -> str:
    """Queue a message with a made-up event, which says that it is one; gives its id.

    Raises:
        InvalidInput: there are no messages of this type.
        ObjectNotFound: there is no such endpoint.
    """
    if kind not in TESTABLE:
        text = f"expected one of {', '.join(TESTABLE)}"
        raise InvalidInput(Fault("body", "type", text))
    return _send(office, connection, uri, kind, sample(kind, office.server.clock()))


def sample(kind: str, now: int) -> dict[str, Any]:
    """The data of a test message."""
    resource, _, past = kind.partition(".")
    action = past.removesuffix("d")
    parts = {
        "bucket": "/buckets/example",
        "group": "/buckets/example/groups/example",
        "collection": "/buckets/example/collections/example",
        "record": "/buckets/example/collections/example/records/example",
    }
    new: dict[str, Any] = {"id": "example", "last_modified": now}
    if action == "delete":
        new["deleted"] = True
    pair = {"new": new}
    if action != "create":
        pair["old"] = {"id": "example", "last_modified": now - 1}
    return {
        "test": True,
        "bucket_id": "example",
        "collection_id": "example" if resource in ("record", "collection") else None,
        "resource_name": resource,
        "uri": parts[resource],
        "action": action,
        "timestamp": now,
        "user_id": None,
        "impacted": [pair],
    }


def resend(office: Office, connection: Connection, uri: str, event_id: str) -> None:
    """Deliver an event again, with the whole schedule before it.

    Raises:
        ObjectNotFound: there is no such endpoint or delivery.
    """
    row = require_row(office, connection, uri)
    if sql_log.one(connection, uri, event_id) is None:
        raise ObjectNotFound(DELIVERY, event_id)
    sql_log.resend(connection, uri, event_id, office.server.clock())
    _wake(connection, row)


def replay(office: Office, connection: Connection, uri: str, since: int) -> int:
    """Deliver what failed since a moment again, of the last 14 days; gives how many.

    Raises:
        ObjectNotFound: there is no such endpoint.
    """
    row = require_row(office, connection, uri)
    now = office.server.clock()
    count = sql_log.replay(connection, uri, max(since, now - FURTHEST_REPLAY), now)
    _wake(connection, row)
    return count


def rotate(server: Server, tx: Transaction, uri: str, secret: str | None) -> str | None:
    """Sign with another secret from now on, and for a day with the former one as well.

    Args:
        server: whose.
        tx: a transaction that writes.
        uri: of a webhook.
        secret: the new one; ``None``: a new pair of keys, where the signatures are ``v1a``.

    Returns:
        The public key, if it has one.

    Raises:
        InvalidInput: it is no secret; or the endpoint is one of the settings, where it stands.
        ObjectNotFound: there is no such webhook.
    """
    if is_server_wide(uri):
        text = "change webhook.NAME.secret in the settings, the new one first, then the former one"
        raise InvalidInput(Fault("body", "secret", text))
    if secret is None and fields_of(tx, uri).get("signature") == V1A:
        secret = asymmetric.new_key()
    if secret is None:
        raise InvalidInput(Fault("body", "secret", REQUIRED))
    write_fields(server, tx, uri, {"secret": secret})
    found: str | None = fields_of(tx, uri).get("public_key")
    return found


def reseal(office: Office, connection: Connection, *, plain: bool = False) -> int:
    """Seal every secret with the first of the keys; gives of how many webhooks.

    Args:
        office: knows the keys.
        connection: of a transaction that writes.
        plain: store them as they are.

    Raises:
        Unreadable: some were sealed with a key that is not there.
    """
    after = Seal(()) if plain else office.seal
    sql_endpoints.hold_all(connection)
    rows = [row for row in sql_endpoints.below(connection, "") if row.secret]
    for row in rows:

        def sealed(text: str, uri: str = row.uri) -> str:
            return text if text == NO_HEADERS else after.close(office.seal.open(text, uri), uri)

        changed = row._replace(
            secret=sealed(row.secret),
            former_secret=sealed(row.former_secret),
            headers=sealed(row.headers),
        )
        sql_endpoints.write(connection, changed)
    return len(rows)


def set_enabled(office: Office, tx: Transaction, uri: str, *, enabled: bool, reason: str) -> None:
    """Switch an endpoint on, with its failures forgotten, or off.

    Raises:
        ObjectNotFound: there is no such endpoint.
    """
    row = require_row(office, tx.connection, uri)
    if is_server_wide(uri):
        off = row._replace(enabled=False, reason=reason)
        sql_endpoints.write(tx.connection, fresh(row) if enabled else off)
        return
    fields: dict[str, Any] = {"enabled": enabled}
    if not enabled:
        fields["disabled_reason"] = reason
    write_fields(office.server, tx, uri, fields)


def _send(office: Office, connection: Connection, uri: str, kind: str, data: Any) -> str:  # noqa: ANN401  JSON
    row = require_row(office, connection, uri)
    now, event_id = office.server.clock(), new_event_id()
    event = EventRow(event_id, now, kind, is_message=True, text=json.dumps(data))
    sql_queue.add_event(connection, event)
    sql_queue.add_delivery(connection, uri, event_id, now)
    _wake(connection, row)
    return event_id


def _wake(connection: Connection, row: EndpointRow) -> None:
    """End a pause: somebody wants to see what happens."""
    if row.paused_until:
        sql_endpoints.write(connection, row._replace(paused_until=0))
