"""The log of deliveries: what was delivered and tried, and how it is tried again."""

from typing import NamedTuple

from sqlalchemy import bindparam, delete, exists, select, update
from sqlalchemy.sql.elements import ColumnElement

from kinto_core.database.connection import Statement
from kinto_core.database.engine import Connection
from kinto_webhook.sql import FAILED, PENDING, attempts, deliveries, events
from kinto_webhook.sql_queue import AttemptRow


class DeliveryRow(NamedTuple):
    """One delivery, with the type of its event. Moments are milliseconds since 1970."""

    number: int
    event_id: str
    type: str
    created: int
    state: str
    reason: str
    attempts: int
    due_at: int | None


_COLUMNS = tuple(
    events.c.type if name == "type" else deliveries.c[name] for name in DeliveryRow._fields
)
_JOINED = deliveries.join(events, events.c.id == deliveries.c.event_id)
_AGAIN = {"state": PENDING, "tries": 0, "due_at": bindparam("now"), "reason": ""}


def _mine() -> ColumnElement[bool]:
    return deliveries.c.endpoint == bindparam("of")


_ONE = Statement(
    lambda _: (
        select(*_COLUMNS)
        .select_from(_JOINED)
        .where(_mine(), deliveries.c.event_id == bindparam("wanted"))
    )
)
_ATTEMPTS = Statement(
    lambda _: (
        select(*(attempts.c[name] for name in AttemptRow._fields))
        .where(attempts.c.delivery == bindparam("wanted"))
        .order_by(attempts.c.attempt)
    )
)
_RESEND = Statement(
    lambda _: (
        update(deliveries)
        .where(
            _mine(),
            deliveries.c.event_id == bindparam("wanted"),
            deliveries.c.leased_until <= bindparam("now"),
        )
        .values(**_AGAIN)
        .returning(deliveries.c.number)
    )
)
_REPLAY = Statement(
    lambda _: (
        update(deliveries)
        .where(_mine(), deliveries.c.state == FAILED, deliveries.c.created >= bindparam("since"))
        .values(**_AGAIN)
        .returning(deliveries.c.number)
    )
)
_old = deliveries.c.created < bindparam("before")
_PURGE = (
    Statement(
        lambda _: delete(attempts).where(
            attempts.c.delivery.in_(select(deliveries.c.number).where(_old))
        )
    ),
    Statement(lambda _: delete(deliveries).where(_old)),
    Statement(
        lambda _: delete(events).where(
            events.c.moment < bindparam("before"),
            ~exists().where(deliveries.c.event_id == events.c.id),
        )
    ),
)


def page(
    connection: Connection,
    endpoint: str,
    *,
    before: int | None = None,
    state: str | None = None,
    limit: int = 100,
) -> list[DeliveryRow]:
    """The deliveries of an endpoint, the latest first.

    Args:
        connection: any.
        endpoint: its URI.
        before: only those with a lower number.
        state: only those in this state.
        limit: at most so many.
    """
    query = select(*_COLUMNS).select_from(_JOINED).where(deliveries.c.endpoint == endpoint)
    if before is not None:
        query = query.where(deliveries.c.number < before)
    if state is not None:
        query = query.where(deliveries.c.state == state)
    rows = connection.execute(query.order_by(deliveries.c.number.desc()).limit(limit))
    return [DeliveryRow(*row) for row in rows]


def one(connection: Connection, endpoint: str, event_id: str) -> DeliveryRow | None:
    """The delivery of an event to an endpoint."""
    rows = connection.run(_ONE, {"of": endpoint, "wanted": event_id})
    return DeliveryRow(*rows[0]) if rows else None


def attempts_of(connection: Connection, number: int) -> list[AttemptRow]:
    """What was tried for a delivery, in order."""
    return [AttemptRow(*row) for row in connection.run(_ATTEMPTS, {"wanted": number})]


def resend(connection: Connection, endpoint: str, event_id: str, now: int) -> bool:
    """Begin a delivery anew, whatever came of it; false when somebody is at it just now."""
    values = {"of": endpoint, "wanted": event_id, "now": now}
    return bool(connection.run(_RESEND, values))


def replay(connection: Connection, endpoint: str, since: int, now: int) -> int:
    """Begin all failed deliveries of events since a moment anew; gives how many."""
    return len(connection.run(_REPLAY, {"of": endpoint, "since": since, "now": now}))


def purge(connection: Connection, before: int) -> None:
    """Forget what happened before a moment, delivered or not."""
    for statement in _PURGE:
        connection.send(statement, {"before": before})
