"""The life of a delivery, between the tables and the pure rules of schedule and outcome.

Every function works in a transaction of the caller's. Nothing here sends.
"""

import logging
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, NamedTuple

from kinto_core import json
from kinto_core.database.engine import Connection
from kinto_core.eventlog.interface import LoggedEvent
from kinto_core.events.event import ResourceChanged, new_event_id
from kinto_core.transactions import Transaction
from kinto_webhook import sql_endpoints, sql_queue
from kinto_webhook.endpoints import SERVER_WIDE, Endpoint, is_server_wide
from kinto_webhook.messages import type_of
from kinto_webhook.office import Office
from kinto_webhook.outcome import Answer, Health, NoAnswer, Result, Trouble, Verdict, examine, judge
from kinto_webhook.readable import wanted
from kinto_webhook.schedule import FAILURES_BEFORE_PAUSE, MAX_ATTEMPTS, next_attempt, pause
from kinto_webhook.settings import WebhookSettings
from kinto_webhook.sql import FAILED, PENDING, SKIPPED, SUCCEEDED
from kinto_webhook.sql_endpoints import EndpointRow
from kinto_webhook.sql_queue import AttemptRow, Claimed, EventRow

logger = logging.getLogger(__name__)

EXHAUSTED: Final = "exhausted"
EXHAUSTED_TYPE: Final = "webhook.exhausted"
SPARE_MS: Final = 5_000
"""How much longer than an attempt may take its lease is."""


def lease_ms(table: WebhookSettings) -> int:
    """How long a delivery is somebody's."""
    return int(table.timeout_seconds * 1000) + SPARE_MS


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What somebody who claimed a delivery made of it.

    Attributes:
        claimed: the delivery.
        outcome: of the attempt; ``None`` when there was nothing to send.
        reason: why there was nothing to send.
        moment: when the attempt began, milliseconds since 1970.
    """

    claimed: Claimed
    outcome: Answer | NoAnswer | None
    reason: str = ""
    moment: int = 0


class Turn(NamedTuple):
    """What is next for an endpoint.

    Attributes:
        claimed: the delivery to make an attempt of; ``None`` when there is none now.
        row: what is known of the endpoint.
        more: whether another one could be worked on beside it.
        given_up: those whose last attempt ended with its worker.
    """

    claimed: Claimed | None
    row: EndpointRow | None
    more: bool = False
    given_up: tuple[Claimed, ...] = ()


class Settled(NamedTuple):
    """What follows from an attempt.

    Attributes:
        row: the endpoint as it is now; ``None`` when the delivery is ours no more: the webhook was
            deleted, or the lease ran out and somebody else is at it.
        is_exhausted: whether this was the last attempt.
    """

    row: EndpointRow | None
    is_exhausted: bool = False


# -- events in ------------------------------------------------------------------------------------


def accept(office: Office, tx: Transaction, batch: Iterable[LoggedEvent]) -> set[str]:
    """Queue events for everybody who listens; gives the URIs of endpoints with something new.

    An event that was queued before stays as it is.
    """
    rung: set[str] = set()
    now = office.server.clock()
    wide = _enabled_wide(office)
    known: dict[str, list[Endpoint]] = {}
    for logged in batch:
        event = logged.event
        listening = [one for one in wide if wanted(one, event)]
        listening += _listening(office, tx, event, known)
        if not listening:
            continue
        row = EventRow(event.id, logged.moment, type_of(event.changes[0]), False, logged.text)  # noqa: FBT003  the table's order
        sql_queue.add_event(tx.connection, row)
        due = min(logged.moment, now)  # the moment is by the clock of who wrote, perhaps elsewhere
        for endpoint in listening:
            if sql_queue.add_delivery(tx.connection, endpoint.uri, event.id, logged.moment, due):
                rung.add(endpoint.uri)
    if any(is_server_wide(uri) for uri in rung):
        office.know_server_wide(tx.connection)
    return rung


def _enabled_wide(office: Office) -> list[Endpoint]:
    """The endpoints of the settings, without those that were disabled."""
    if not office.wide:
        return []
    with office.server.storage.database.reading() as connection:
        rows = sql_endpoints.below(connection, *SERVER_WIDE)
    disabled = {row.uri for row in rows if not row.enabled}
    return [one.endpoint for uri, one in office.wide.items() if uri not in disabled]


def _listening(
    office: Office, tx: Transaction, event: ResourceChanged, known: dict[str, list[Endpoint]]
) -> list[Endpoint]:
    """The webhooks of the event's buckets that want it; ``known`` has those of buckets seen."""
    found: list[Endpoint] = []
    for bucket in dict.fromkeys(change.bucket_id for change in event.changes):
        if bucket is None:
            continue
        uri = f"/buckets/{bucket}"
        if uri not in known:
            known[uri] = [one for one in office.in_bucket(tx, uri) if one.is_enabled]
        found += known[uri]
    return [one for one in found if wanted(one, event)]


def tell_operators(office: Office, connection: Connection, claimed: Claimed, now: int) -> None:
    """Queue a message about a delivery that failed for good, for who asked for such messages."""
    wanting = [one for one in office.wide.values() if one.hears_of_exhausted]
    if not wanting:
        return
    data = {
        "webhook": claimed.endpoint,
        "delivery": claimed.event_id,
        "attempts": claimed.attempts,
    }
    row = EventRow(new_event_id(), now, EXHAUSTED_TYPE, is_message=True, text=json.dumps(data))
    sql_queue.add_event(connection, row)
    for one in wanting:
        if one.endpoint.uri != claimed.endpoint:
            sql_queue.add_delivery(connection, one.endpoint.uri, row.id, now)
    office.know_server_wide(connection)


# -- attempts -------------------------------------------------------------------------------------


def take_turn(  # noqa: PLR0913  what decides
    connection: Connection,
    uri: str,
    *,
    now: int,
    lease_ms: int,
    is_first: bool = False,
    settled: EndpointRow | None = None,
) -> Turn:
    """Claim the next delivery of an endpoint, if there is one and room for it.

    Args:
        connection: of a transaction that writes.
        uri: of the endpoint.
        now: milliseconds since 1970.
        lease_ms: how long the delivery is ours.
        is_first: ask whether there is more to do beside it.
        settled: what ``settle`` gave in the same transaction.
    """
    row = settled if settled is not None else sql_endpoints.hold(connection, uri)
    if row is None or not row.enabled or row.paused_until > now:
        return Turn(None, row)
    room = 1  # after a success there is that of the delivery which was just given back
    if settled is None or settled.failures:
        room = _room(row) - sql_queue.leases(connection, uri, now)
    if room <= 0:
        return Turn(None, row)
    lost: list[Claimed] = []
    while True:
        found = sql_queue.waiting(connection, uri, now, in_order=row.fifo, limit=2)
        if not found:
            return Turn(None, row, given_up=tuple(lost))
        number, due, tries = found[0]
        if due > now:  # the first in line has to wait, and so has everything behind it
            row = row._replace(paused_until=due)
            sql_endpoints.write(connection, row)
            return Turn(None, row, given_up=tuple(lost))
        if tries < MAX_ATTEMPTS:
            break
        lost.append(sql_queue.give_up(connection, number, Trouble.LOST))
        _log_failure(lost[-1], Trouble.LOST)
    claimed = sql_queue.claim(connection, number, secrets.token_hex(8), now + lease_ms)
    return Turn(claimed, row, is_first and room > 1 and len(found) > 1, tuple(lost))


def hand_back(connection: Connection, row: EndpointRow, now: int) -> None:
    """Note that a lane ends though more is due: until now it was not neglected."""
    if row.paused_until < now:
        sql_endpoints.write(connection, row._replace(paused_until=now))


def _room(row: EndpointRow) -> int:
    """How many deliveries at once; one that fails and fails is tried with one alone."""
    return 1 if row.failures >= FAILURES_BEFORE_PAUSE else row.lanes


def settle(connection: Connection, done: Done, *, now: int, chance: float) -> Settled:
    """Write down what came of an attempt, for the delivery and for its endpoint.

    Args:
        connection: of a transaction that writes.
        done: what came of it.
        now: milliseconds since 1970.
        chance: a random number from 0 to below 1, for the jitter.

    Returns:
        The endpoint as it is now.
    """
    claimed = done.claimed
    row = sql_endpoints.hold(connection, claimed.endpoint)
    if done.outcome is None:
        is_ours = sql_queue.finish(connection, claimed, SKIPPED, done.reason, None)
        return Settled(row if is_ours else None)
    verdict = judge(done.outcome, now)
    state, reason, due = _next(claimed, verdict, now, chance)
    is_ours = sql_queue.finish(connection, claimed, state, reason, due)
    if is_ours or sql_queue.is_known(connection, claimed):
        sql_queue.add_attempt(connection, _attempt(done, done.outcome, verdict))
    if row is None or not is_ours:
        return Settled(None)
    changed = _fare(row, verdict, now, due)
    if changed != row:
        sql_endpoints.write(connection, changed)
    is_exhausted = reason == EXHAUSTED
    if is_exhausted:
        _log_failure(claimed, verdict.reason)
    return Settled(changed, is_exhausted)


def _log_failure(claimed: Claimed, reason: str) -> None:
    logger.error(
        "Delivery of event %s to %s failed for good after %d attempts: %s",
        claimed.event_id, claimed.endpoint, claimed.attempts, reason,
    )  # fmt: skip


def _next(
    claimed: Claimed, verdict: Verdict, now: int, chance: float
) -> tuple[str, str, int | None]:
    """The state, its reason, and the moment of the next attempt."""
    if verdict.result is Result.SUCCESS:
        return SUCCEEDED, verdict.reason, None
    if not verdict.is_retried:
        return FAILED, verdict.reason, None
    due = next_attempt(now=now, tries=claimed.tries, chance=chance, at_least=verdict.wait_ms)
    return (FAILED, EXHAUSTED, None) if due is None else (PENDING, verdict.reason, due)


def _fare(row: EndpointRow, verdict: Verdict, now: int, due: int | None) -> EndpointRow:
    before = Health(
        failures=row.failures,
        first_failure=row.first_failure,
        blocks=row.blocks,
        lanes=row.lanes,
    )
    after, disables = examine(before, verdict, now=now, max_lanes=row.max_lanes)
    is_success = verdict.result is Result.SUCCESS
    paused = 0 if is_success else now + pause(after.failures)
    if row.fifo and due is not None:
        paused = max(paused, due)
    row = row._replace(
        failures=after.failures,
        first_failure=after.first_failure,
        blocks=after.blocks,
        lanes=after.lanes,
        paused_until=paused if paused > now else 0,
    )
    if not disables or not row.enabled:
        return row
    logger.error("Webhook %s is disabled: %s", row.uri, disables)
    return row._replace(enabled=False, reason=disables, announced=is_server_wide(row.uri))


def _attempt(done: Done, outcome: Answer | NoAnswer, verdict: Verdict) -> AttemptRow:
    if isinstance(outcome, Answer):
        status, text = outcome.status, outcome.body.decode("utf-8", "replace")
    else:
        status, text = None, outcome.detail
    return AttemptRow(
        delivery=done.claimed.number,
        attempt=done.claimed.attempts,
        moment=done.moment,
        elapsed_ms=outcome.elapsed_ms,
        result=verdict.result.value,
        reason=str(verdict.reason),
        status=status,
        body=text.replace("\0", "\ufffd"),
    )
