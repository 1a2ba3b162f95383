"""The queue of deliveries: added, claimed under a lease, finished.

A delivery is due at ``due_at``; while somebody is at it that moment is the end of the lease, so
that nobody else finds it, and somebody will if its worker dies.
"""

from typing import Any, NamedTuple

from sqlalchemy import bindparam, case, func, literal_column, select, true, update
from sqlalchemy import null as sql_null
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.elements import ClauseElement

from kinto_core.database.connection import Statement
from kinto_core.database.engine import Connection
from kinto_webhook.schedule import FAILURES_BEFORE_PAUSE
from kinto_webhook.sql import FAILED, PENDING, attempts, deliveries, endpoints, events, is_leased


class Claimed(NamedTuple):
    """A delivery that is ours for a while.

    Attributes:
        number: of the delivery.
        endpoint: its URI.
        event_id: which event.
        lease: proves that it is ours.
        attempts: how many were made, this one included.
        tries: the same for the present schedule.
    """

    number: int
    endpoint: str
    event_id: str
    lease: str
    attempts: int
    tries: int


class EventRow(NamedTuple):
    """What a delivery delivers; see the table."""

    id: str
    moment: int
    type: str
    is_message: bool
    text: str


class AttemptRow(NamedTuple):
    """What was tried; see the table."""

    delivery: int
    attempt: int
    moment: int
    elapsed_ms: int
    result: str
    reason: str
    status: int | None
    body: str


_EVENT: dict[str, Any] = {name: bindparam(name) for name in EventRow._fields}
_ATTEMPT: dict[str, Any] = {name: bindparam(name) for name in AttemptRow._fields}
_CLAIMED = tuple(deliveries.c[name] for name in Claimed._fields)


def _add_event(dialect: str) -> ClauseElement:
    kind = postgresql.insert if dialect == "postgresql" else sqlite.insert
    statement: ClauseElement = kind(events).values(_EVENT).on_conflict_do_nothing()
    return statement


def _add_delivery(dialect: str) -> ClauseElement:
    kind = postgresql.insert if dialect == "postgresql" else sqlite.insert
    into = kind(deliveries).values(
        endpoint=bindparam("endpoint"),
        event_id=bindparam("event_id"),
        created=bindparam("created"),
        due_at=bindparam("due_at"),
        state=PENDING,
        reason="",
        attempts=0,
        tries=0,
        leased_until=0,
        lease="",
    )
    added = into.on_conflict_do_nothing(index_elements=["endpoint", "event_id"])
    statement: ClauseElement = added.returning(deliveries.c.number)
    return statement


def _add_attempt(dialect: str) -> ClauseElement:
    kind = postgresql.insert if dialect == "postgresql" else sqlite.insert
    statement: ClauseElement = kind(attempts).values(_ATTEMPT).on_conflict_do_nothing()
    return statement


_mine = deliveries.c.endpoint == bindparam("of")
_leased = (
    select(func.count())
    .select_from(deliveries)
    .where(
        deliveries.c.endpoint == endpoints.c.uri,
        is_leased,
        deliveries.c.leased_until > bindparam("now"),
    )
)
# A minimum is looked up in the index for each endpoint; EXISTS would be made a join of everything.
_first_due = (
    select(func.min(deliveries.c.due_at))
    .where(deliveries.c.endpoint == endpoints.c.uri, deliveries.c.due_at.is_not(None))
    .scalar_subquery()
)
_room = case((endpoints.c.failures >= FAILURES_BEFORE_PAUSE, 1), else_=endpoints.c.lanes)

_ADD_EVENT = Statement(_add_event)
_ADD_DELIVERY = Statement(_add_delivery)
_ADD_ATTEMPT = Statement(_add_attempt)
_EVENT_OF = Statement(
    lambda _: select(*(events.c[name] for name in EventRow._fields)).where(
        events.c.id == bindparam("wanted")
    )
)
_COUNT = Statement(
    lambda _: (
        select(func.count())
        .select_from(deliveries)
        .where(
            _mine,
            is_leased,
            deliveries.c.leased_until > bindparam("now"),
        )
    )
)
_NEXT = Statement(
    lambda _: (
        select(deliveries.c.number, deliveries.c.due_at, deliveries.c.tries)
        .where(_mine, deliveries.c.due_at.is_not(None), deliveries.c.due_at <= bindparam("now"))
        .order_by(deliveries.c.due_at, deliveries.c.number)
        .limit(bindparam("limit"))
    )
)
_HEAD = Statement(
    lambda _: (
        select(deliveries.c.number, deliveries.c.due_at, deliveries.c.tries)
        .where(_mine, deliveries.c.due_at.is_not(None))
        .order_by(deliveries.c.number)
        .limit(bindparam("limit"))
    )
)
_CLAIM = Statement(
    lambda _: (
        update(deliveries)
        .where(deliveries.c.number == bindparam("wanted"))
        .values(
            lease=bindparam("lease"),
            leased_until=bindparam("until"),
            due_at=bindparam("until"),
            attempts=deliveries.c.attempts + 1,
            tries=deliveries.c.tries + 1,
        )
        .returning(*_CLAIMED)
    )
)
_FINISH = Statement(
    lambda _: (
        update(deliveries)
        .where(deliveries.c.number == bindparam("wanted"), deliveries.c.lease == bindparam("mine"))
        .values(
            state=bindparam("state"),
            reason=bindparam("reason"),
            due_at=bindparam("due_at"),
            leased_until=0,
            lease="",
        )
        .returning(deliveries.c.number)
    )
)
_RENEW = Statement(
    lambda _: (
        update(deliveries)
        .where(deliveries.c.number == bindparam("wanted"), deliveries.c.lease == bindparam("mine"))
        .values(leased_until=bindparam("until"), due_at=bindparam("until"))
        .returning(deliveries.c.number)
    )
)
_GIVE_UP = Statement(
    lambda _: (
        update(deliveries)
        .where(deliveries.c.number == bindparam("wanted"))
        .values(
            state=FAILED,
            reason=bindparam("reason"),
            due_at=sql_null(),
            leased_until=0,
            lease="",
        )
        .returning(*_CLAIMED)
    )
)
_IS_KNOWN = Statement(
    lambda _: select(deliveries.c.number).where(deliveries.c.number == bindparam("wanted"))
)
_LIGHTLY = Statement(
    lambda _: select(func.set_config("synchronous_commit", "off", true()))  # for this transaction
)
_DUE = Statement(
    lambda _: (
        select(endpoints.c.uri)
        .where(
            endpoints.c.enabled == true(),
            endpoints.c.paused_until <= bindparam("now"),
            _first_due <= bindparam("now"),
            _leased.scalar_subquery() < _room,
        )
        .order_by(endpoints.c.uri)
    )
)
_OLDEST = Statement(
    lambda _: select(
        func.min(
            case(
                (endpoints.c.paused_until > _first_due, endpoints.c.paused_until), else_=_first_due
            )
        )
    ).where(
        endpoints.c.enabled == true(),
        endpoints.c.failures < FAILURES_BEFORE_PAUSE,
        _leased.scalar_subquery() == literal_column("0"),
    )
)


def commit_lightly(connection: Connection) -> None:
    """Let PostgreSQL answer this transaction's commit before it is on disk.

    What a power cut undoes then is noted nowhere but sent: it is sent once more. New deliveries are
    never written like this.
    """
    if connection.dialect == "postgresql":
        connection.send(_LIGHTLY, {})


def add_event(connection: Connection, event: EventRow) -> None:
    """Keep an event that is to be delivered; one that is there stays."""
    connection.send(_ADD_EVENT, event._asdict())


def add_delivery(
    connection: Connection,
    endpoint: str,
    event_id: str,
    moment: int,
    due_at: int | None = None,
) -> bool:
    """Queue an event for an endpoint; false when it is or was queued already.

    Args:
        connection: of a transaction that writes.
        endpoint: its URI.
        event_id: which event.
        moment: of the event.
        due_at: when it is due, if not at that moment.
    """
    due = moment if due_at is None else due_at
    values = {"endpoint": endpoint, "event_id": event_id, "created": moment, "due_at": due}
    return bool(connection.run(_ADD_DELIVERY, values))


def event_of(connection: Connection, event_id: str) -> EventRow | None:
    """An event that is kept."""
    rows = connection.run(_EVENT_OF, {"wanted": event_id})
    return EventRow(*rows[0]) if rows else None


def leases(connection: Connection, endpoint: str, now: int) -> int:
    """How many deliveries of an endpoint are under way."""
    return int(connection.run(_COUNT, {"of": endpoint, "now": now})[0][0])


def waiting(
    connection: Connection, endpoint: str, now: int, *, in_order: bool, limit: int
) -> list[tuple[int, int, int]]:
    """The deliveries of an endpoint that come next: number, moment at which it is due, tries.

    Args:
        connection: any.
        endpoint: its URI.
        now: those due until then; in order, the first ones whenever they are due.
        in_order: of commits, else of moments.
        limit: at most so many.
    """
    if in_order:
        rows = connection.run(_HEAD, {"of": endpoint, "limit": limit})
    else:
        rows = connection.run(_NEXT, {"of": endpoint, "now": now, "limit": limit})
    return [(int(number), int(due), int(tries)) for number, due, tries in rows]


def claim(connection: Connection, number: int, lease: str, until: int) -> Claimed:
    """Take a delivery until a moment, and count the attempt before it is made."""
    values = {"wanted": number, "lease": lease, "until": until}
    return Claimed(*connection.run(_CLAIM, values)[0])


def finish(
    connection: Connection, claimed: Claimed, state: str, reason: str, due_at: int | None
) -> bool:
    """Give a delivery back with what came of it; false when it is ours no more."""
    values = {
        "wanted": claimed.number,
        "mine": claimed.lease,
        "state": state,
        "reason": reason,
        "due_at": due_at,
    }
    return bool(connection.run(_FINISH, values))


def renew(connection: Connection, claimed: Claimed, until: int) -> bool:
    """Keep a delivery until another moment; false when it is ours no more."""
    values = {"wanted": claimed.number, "mine": claimed.lease, "until": until}
    return bool(connection.run(_RENEW, values))


def give_up(connection: Connection, number: int, reason: str) -> Claimed:
    """End a delivery whose attempts are used up without an end; gives it."""
    return Claimed(*connection.run(_GIVE_UP, {"wanted": number, "reason": reason})[0])


def is_known(connection: Connection, claimed: Claimed) -> bool:
    """Whether a delivery is still there: it goes with its webhook."""
    return bool(connection.run(_IS_KNOWN, {"wanted": claimed.number}))


def add_attempt(connection: Connection, attempt: AttemptRow) -> None:
    """Note an attempt."""
    connection.send(_ADD_ATTEMPT, attempt._asdict())


def due_endpoints(connection: Connection, now: int) -> list[str]:
    """The URIs of endpoints that something is due for and that have room for it."""
    return [str(row[0]) for row in connection.run(_DUE, {"now": now})]


def oldest_due(connection: Connection, now: int) -> int | None:
    """Since when the endpoint is neglected that has been so longest; ``None``: none is.

    Neglected is one for which something is due, and which nobody is at. Who fails and fails, or is
    slow with a long queue, says nothing about the workers.
    """
    since = connection.run(_OLDEST, {"now": now})[0][0]
    return None if since is None else int(since)
