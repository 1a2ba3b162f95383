"""Over HTTP: the log of deliveries and what can be done about them.

All of it is for those who may write the webhook, since answers of receivers may say a lot. The
webhooks themselves are served like every other resource.
"""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import parse_qs, urlencode

from kinto_core import json
from kinto_core.errors import Fault, InvalidInput, ObjectNotFound
from kinto_core.http.endpoints import Endpoint
from kinto_core.http.exchange import Exchange, Reply
from kinto_core.http.parsing import json_body
from kinto_core.http.site import Site
from kinto_core.resources.addresses import object_address
from kinto_core.resources.calls import Call, Situation, keys_of
from kinto_core.resources.deciding import require_existing, require_writable
from kinto_core.transactions import Transaction
from kinto_webhook import actions, sql_log
from kinto_webhook.describing import PATHS
from kinto_webhook.endpoints import secret_faults
from kinto_webhook.office import RESOURCE, Office
from kinto_webhook.sql import STATES
from kinto_webhook.sql_log import DeliveryRow
from kinto_webhook.sql_queue import AttemptRow

ROOT: Final = "/buckets/{bucket_id}/webhooks/{id}"
PAGE: Final = 100

_NUMBER: Final = re.compile(r"[0-9]{1,18}")
"""What fits 64 bits."""

View = Callable[[Site, Exchange], Reply]


def add_endpoints(site: Site) -> None:
    """Add the endpoints of the plugin to a site."""
    office = Office(site.server)
    reading, writing = ("GET", "HEAD", "OPTIONS"), ("POST", "OPTIONS")
    table: dict[str, tuple[str, View, tuple[str, ...]]] = {
        "/deliveries": ("deliveries", _list, reading),
        "/deliveries/{event_id}": ("delivery", _one, reading),
        "/deliveries/{event_id}/resend": ("resend", _resend(office), writing),
        "/replay": ("replay", _replay(office), writing),
        "/ping": ("ping", _ping(office), writing),
        "/test": ("test", _test(office), writing),
        "/rotate": ("rotate", _rotate(office), writing),
    }
    for path, (name, view, methods) in table.items():
        exposed = {"GET": ("Next-Page",)} if name == "deliveries" else {}
        site.endpoints[ROOT + path] = Endpoint(
            f"webhook-{name}", view, methods, exposed=exposed, described=PATHS[path]
        )


def _list(site: Site, exchange: Exchange) -> Reply:
    exchange, uri = _named(site, exchange)
    before, state, limit = _page(exchange.query)

    def work(tx: Transaction) -> list[DeliveryRow]:
        _require(site, exchange, tx)
        with tx.reading() as connection:
            return sql_log.page(connection, uri, before=before, state=state, limit=limit + 1)

    rows = site.read(exchange, work)
    reply = _answer(200, [_delivery(row) for row in rows[:limit]])
    if len(rows) > limit:
        query: dict[str, Any] = {"_limit": limit, "_before": rows[limit - 1].number}
        query |= {"state": state} if state else {}
        url = f"{exchange.origin_url}{site.prefix}{uri}/deliveries?{urlencode(query)}"
        reply.headers.append(("Next-Page", url))
    return reply


def _one(site: Site, exchange: Exchange) -> Reply:
    exchange, uri = _named(site, exchange)
    event_id = exchange.path.split("/")[6]

    def work(tx: Transaction) -> dict[str, Any]:
        _require(site, exchange, tx)
        with tx.reading() as connection:
            row = sql_log.one(connection, uri, event_id)
            if row is None:
                raise ObjectNotFound(actions.DELIVERY, event_id)
            made = sql_log.attempts_of(connection, row.number)
        return {**_delivery(row), "attempts": [_attempt(one) for one in made]}

    return _answer(200, site.read(exchange, work))


def _resend(office: Office) -> View:
    def work(tx: Transaction, exchange: Exchange, uri: str) -> dict[str, Any]:
        event_id = exchange.path.split("/")[6]
        actions.resend(office, tx.connection, uri, event_id)
        return {"id": event_id}

    return _acting(work)


def _replay(office: Office) -> View:
    def work(tx: Transaction, exchange: Exchange, uri: str) -> dict[str, Any]:
        since = _moment(_body(office, exchange).get("since"))
        return {"replayed": actions.replay(office, tx.connection, uri, since)}

    return _acting(work)


def _ping(office: Office) -> View:
    def work(tx: Transaction, exchange: Exchange, uri: str) -> dict[str, Any]:
        del exchange
        return {"id": actions.ping(office, tx.connection, uri)}

    return _acting(work)


def _test(office: Office) -> View:
    def work(tx: Transaction, exchange: Exchange, uri: str) -> dict[str, Any]:
        kind = str(_body(office, exchange).get("type", actions.TESTABLE[0]))
        return {"id": actions.test(office, tx.connection, uri, kind)}

    return _acting(work)


def _rotate(office: Office) -> View:
    def work(tx: Transaction, exchange: Exchange, uri: str) -> dict[str, Any]:
        secret = _body(office, exchange).get("secret")
        faults = secret_faults("secret", secret) if secret is not None else []
        if faults:
            raise InvalidInput(*faults)
        public_key = actions.rotate(office.server, tx, uri, secret)
        return {"rotated": True, **({"public_key": public_key} if public_key else {})}

    return _acting(work)


Work = Callable[[Transaction, Exchange, str], dict[str, Any]]


def _acting(work: Work) -> View:
    """A view that does something to a webhook which the caller may write."""

    def view(site: Site, exchange: Exchange) -> Reply:
        exchange, uri = _named(site, exchange)

        def inside(tx: Transaction) -> dict[str, Any]:
            _require(site, exchange, tx)
            return work(tx, exchange, uri)

        return _answer(202, site.write(exchange, inside))

    return view


def _named(site: Site, exchange: Exchange) -> tuple[Exchange, str]:
    """The exchange with aliases of buckets resolved, and the URI of its webhook."""
    for rewrite in site.rewrites:
        exchange = rewrite(site, exchange)
    return exchange, "/".join(exchange.path.split("/")[:5])


def _require(site: Site, exchange: Exchange, tx: Transaction) -> None:
    """Refuse who may not write the webhook.

    Raises:
        NotAllowed, ObjectNotFound, ParentNotFound: as for a change of the webhook.
    """
    parts = exchange.path.split("/")
    address = object_address(site.server.types.by_name[RESOURCE], (parts[2], parts[4]))
    call = Call(read=lambda: None, caller=site.caller(exchange))
    snapshot = tx.look_up(
        keys_of(address),
        user_id=call.caller.user_id,
        all_grants=bool(call.caller.extra),
        ancestor_bodies=True,
    )
    seen = Situation.of(snapshot, call.caller, target_is_list=False)
    require_writable(site.server.rules, address, call, seen)
    require_existing(site.server.rules, address, call, seen)


def _body(office: Office, exchange: Exchange) -> dict[str, Any]:
    """The JSON object in the body; an empty one when there is none.

    Raises:
        InvalidInput: the body is something else.
    """
    if not exchange.body:
        return {}
    depth = office.server.settings.max_json_depth
    value, faults = json_body(exchange.headers, exchange.body, max_depth=depth, required=False)
    if not faults and value is not None and not isinstance(value, dict):
        faults = [Fault("body", "", "expected an object")]
    if faults:
        raise InvalidInput(*faults)
    return value or {}


def _moment(value: Any) -> int:  # noqa: ANN401  any JSON value
    """A moment in milliseconds since 1970, given as such or as RFC 3339.

    Raises:
        InvalidInput: it is neither.
    """
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**53:
        return value
    try:
        found = datetime.fromisoformat(value if isinstance(value, str) else "")
    except ValueError:
        text = "expected milliseconds since 1970, or a date and time as 2026-01-31T12:00:00Z"
        raise InvalidInput(Fault("body", "since", text)) from None
    return int((found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp() * 1000)


def _page(query: str) -> tuple[int | None, str | None, int]:
    """``_before``, ``state`` and ``_limit`` of a query string.

    Raises:
        InvalidInput: one of them is faulty.
    """
    given = {name: values[-1] for name, values in parse_qs(query).items()}
    faults = [
        Fault("querystring", name, "expected a whole number")
        for name in ("_before", "_limit")
        if name in given and not _NUMBER.fullmatch(given[name])
    ]
    state = given.get("state")
    if state is not None and state not in STATES:
        faults.append(Fault("querystring", "state", f"expected one of {', '.join(STATES)}"))
    if faults:
        raise InvalidInput(*faults)
    before = int(given["_before"]) if "_before" in given else None
    return before, state, max(1, min(int(given.get("_limit", PAGE)), PAGE))


def _delivery(row: DeliveryRow) -> dict[str, Any]:
    return {
        "id": row.event_id,
        "type": row.type,
        "created": row.created,
        "state": row.state,
        "reason": row.reason,
        "attempt_count": row.attempts,
        "next_attempt_at": row.due_at,
    }


def _attempt(row: AttemptRow) -> dict[str, Any]:
    return {name: value for name, value in row._asdict().items() if name != "delivery"}


def _answer(status: int, data: Any) -> Reply:  # noqa: ANN401  JSON
    return Reply(status, json.dumpb({"data": data}))
