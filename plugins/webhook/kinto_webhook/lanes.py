"""A lane takes one delivery after the other of one endpoint: claim, send, write down, next.

Several lanes of an endpoint may be under way, in any processes; the tables see to it that they
never have the same delivery, nor are more than the endpoint may have.
"""

import logging
import random
import threading
import time
from collections.abc import Callable
from typing import Final

from kinto_core import json
from kinto_core.database.engine import Connection
from kinto_core.errors import BackendError, WriteConflict
from kinto_core.events.wire import decode
from kinto_core.transactions import Transaction
from kinto_webhook import signing, sql_queue
from kinto_webhook.attempt import Message, Sender
from kinto_webhook.deliveries import (
    SPARE_MS,
    Done,
    Turn,
    hand_back,
    lease_ms,
    settle,
    take_turn,
    tell_operators,
)
from kinto_webhook.endpoints import Endpoint
from kinto_webhook.messages import body_of, compose
from kinto_webhook.office import Office
from kinto_webhook.outcome import NoAnswer, Trouble, judge
from kinto_webhook.readable import readable, wanted
from kinto_webhook.sealing import Unreadable
from kinto_webhook.sql_endpoints import EndpointRow
from kinto_webhook.sql_queue import Claimed, EventRow
from kinto_webhook.targets import UnusableURL, parse
from kinto_webhook.webhooks import announce_disabled

logger = logging.getLogger(__name__)

SLICE_SECONDS: Final = 5.0
"""After so long a lane lets others have its thread."""

TRIES: Final = 5

Ring = Callable[[str], None]
"""Says that something is due for the endpoint with this URI; may get lost."""


class Lanes:
    """Runs lanes, each in a thread of the caller's.

    Args:
        office: knows the endpoints.
        sender: makes attempts.
        ring: asks for another lane.
    """

    def __init__(self, office: Office, sender: Sender, ring: Ring) -> None:
        self._office = office
        self._server = office.server
        self._sender = sender
        self._ring = ring
        self._stopping = threading.Event()
        self._lease_ms = lease_ms(office.table)

    def stop(self) -> None:
        """Let every lane end after its present attempt."""
        self._stopping.set()

    def run(self, uri: str) -> int:
        """Work for an endpoint until nothing is due, or others should have a turn.

        Gives how many deliveries it worked on. What fails inside is logged: the lease of a delivery
        runs out, and it is found again.
        """
        count = 0
        try:
            count = self._run(uri)
        except BackendError as error:
            logger.warning("Deliveries to %s wait for the database: %s", uri, error)
        return count

    def _run(self, uri: str) -> int:
        began = time.monotonic()
        until = began + SLICE_SECONDS
        turn = self._turn(uri, None, is_first=True, claims=not self._stopping.is_set())
        if turn.more:
            self._ring(uri)
        count = 0
        while turn.claimed is not None and turn.row is not None:
            done = self._attempt(turn.row, turn.claimed, began)
            if done is None:
                break
            count += 1
            began = time.monotonic()
            goes_on = began < until and not self._stopping.is_set()
            turn = self._turn(uri, done, claims=goes_on)
            if turn.row is not None and not turn.row.announced:
                announce_disabled(self._server, uri)
            if not goes_on:
                self._ring(uri)
        return count

    def _turn(self, uri: str, done: Done | None, *, claims: bool, is_first: bool = False) -> Turn:
        """Write down what was done, and take the next, in one transaction."""
        for attempt in range(TRIES):
            try:
                with self._server.storage.database.writing(about=f"webhook {uri}") as connection:
                    sql_queue.commit_lightly(connection)
                    now = self._server.clock()
                    row = None
                    if done is not None:
                        chance = random.random()  # noqa: S311  no secret
                        row, is_exhausted = settle(connection, done, now=now, chance=chance)
                        if is_exhausted:
                            tell_operators(self._office, connection, done.claimed, now)
                    turn = Turn(None, row)
                    if claims:
                        turn = self._claim(connection, uri, now, row, is_first=is_first)
                    elif row is not None:
                        hand_back(connection, row, now)
            except WriteConflict:
                if attempt == TRIES - 1:
                    raise
            else:
                return turn
        raise AssertionError

    def _claim(
        self, connection: Connection, uri: str, now: int, row: EndpointRow | None, *, is_first: bool
    ) -> Turn:
        turn = take_turn(
            connection, uri, now=now, lease_ms=self._lease_ms, is_first=is_first, settled=row
        )
        for one in turn.given_up:
            tell_operators(self._office, connection, one, now)
        return turn

    def _attempt(self, row: EndpointRow, claimed: Claimed, began: float) -> Done | None:
        """Send what was claimed since a moment; ``None`` when it is somebody else's by now."""
        moment = self._server.clock()
        try:
            prepared = self._prepare(row, claimed, moment)
            if isinstance(prepared, Done):
                return prepared
            if not self._is_ours(claimed, began):
                logger.warning("Event %s for %s was taken over", claimed.event_id, row.uri)
                return None
            outcome = self._sender.send(prepared)
        except BackendError:
            raise
        except UnusableURL as error:  # the settings have changed since the webhook was written
            outcome = NoAnswer(trouble=Trouble.BLOCKED, detail=str(error))
        except Unreadable as error:
            logger.error("Event %s could not be signed: %s", claimed.event_id, error)  # noqa: TRY400  no bug: nothing to trace
            outcome = NoAnswer(trouble=Trouble.INTERNAL)
        except Exception:  # a bug must not stop what is behind it
            logger.exception("Event %s could not be sent to %s", claimed.event_id, row.uri)
            outcome = NoAnswer(trouble=Trouble.INTERNAL)
        metrics = self._server.metrics
        metrics.count("webhook_attempts", 1, {"result": judge(outcome, moment).result.value})
        metrics.observe("webhook_attempt_seconds", outcome.elapsed_ms / 1000)
        return Done(claimed=claimed, outcome=outcome, moment=moment)

    def _is_ours(self, claimed: Claimed, began: float) -> bool:
        """Make sure that a lease lasts for an attempt: this process may have been held up."""
        if time.monotonic() - began < SPARE_MS / 2000:
            return True
        with self._server.storage.database.writing(about="webhook lease") as connection:
            until = self._server.clock() + self._lease_ms
            return sql_queue.renew(connection, claimed, until)

    def _prepare(self, row: EndpointRow, claimed: Claimed, moment: int) -> Message | Done:
        """The message of a delivery; or why there is none."""
        with self._server.transaction() as tx:
            endpoint = self._office.endpoint(tx, row)
            if endpoint is None:
                return Done(claimed=claimed, outcome=None, reason="endpoint-removed")
            with self._server.storage.database.reading() as connection:
                event = sql_queue.event_of(connection, claimed.event_id)
            if event is None:
                return Done(claimed=claimed, outcome=None, reason="event-removed")
            body = self._body(tx, endpoint, event)
        if body is None:
            return Done(claimed=claimed, outcome=None, reason="not-readable")
        second = moment // 1000
        secrets = self._office.secrets(row, moment)
        signed = signing.headers(secrets, claimed.event_id, second, body, claimed.attempts)
        place = parse(endpoint.url, allow_http=self._office.table.allow_http)
        given = {name.lower(): value for name, value in endpoint.headers.items()}
        own = {"user-agent": "kinto-webhook/1"} | given
        return Message(place=place, headers={**own, **signed}, body=body)

    def _body(self, tx: Transaction, endpoint: Endpoint, event: EventRow) -> bytes | None:
        if event.is_message:
            return compose(event.type, event.moment, json.parse(event.text))
        changes = wanted(endpoint, decode(event.text))
        visible = readable(tx, self._server, self._office.router, endpoint, changes)
        if not visible:
            return None
        return body_of(
            event.moment,
            visible,
            is_thin=endpoint.is_thin,
            max_bytes=self._office.table.max_payload_bytes,
        )
