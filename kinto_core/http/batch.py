"""``POST /batch``: several requests in one, in one transaction.

Source: protocol section 9.
"""

import logging
import time
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote, unquote_to_bytes

from kinto_core import json
from kinto_core.errors import Fault, InvalidInput
from kinto_core.http import parsing
from kinto_core.http.batch_body import BatchEntry, parse_batch
from kinto_core.http.exchange import Exchange, Reply
from kinto_core.http.finishing import Finisher
from kinto_core.http.measuring import Measurement, Meter
from kinto_core.http.measuring import of_operation as measured
from kinto_core.http.routing import Router
from kinto_core.http.site import Site
from kinto_core.http.summaries import ERROR, of_operation
from kinto_core.http.views import serve_path
from kinto_core.logs import SUBREQUESTS, RequestSummary, log_request
from kinto_core.transactions import ListKey, Transaction

shared_transaction: ContextVar[Transaction | None] = ContextVar("shared_transaction", default=None)
"""The transaction of the batch that is being served: who authenticates in it sees what it wrote."""

Elsewhere = Callable[[Exchange], Reply]
"""Serves what is no resource: the root view, and what plugins add."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Serves batches.

    Attributes:
        site: shared by all handlers.
        router: finds resources by path.
        finisher: adds the headers that every answer carries.
        elsewhere: serves paths that are no resources.
        meter: measures each operation, if somebody exports it.
    """

    site: Site
    router: Router
    finisher: Finisher
    elsewhere: Elsewhere
    meter: Meter | None = None

    def serve(self, exchange: Exchange) -> Reply:
        """The reply to a batch.

        Raises:
            InvalidInput: the batch itself is faulty; nothing was executed.
            HttpError: its type is not supported.
            BackendError: one request's; nothing of the batch was kept.
        """
        parsing.media_type(exchange.headers, (parsing.JSON,))
        value, faults = parsing.json_body(
            exchange.headers,
            exchange.body,
            max_depth=self.site.settings.max_json_depth + 4,
            required=True,
        )
        if faults:
            raise InvalidInput(*faults)
        entries = parse_batch(value, limit=self.site.settings.batch_max_requests)
        self._refuse_recursion(entries)

        inherited = _inherited(exchange.headers)

        lists = self._written_lists(entries)

        def work(tx: Transaction) -> list[_Answer]:
            for key in lists:
                tx.lock_list(key)
            mine = shared_transaction.set(tx)
            try:
                return [self._one(self._inner(exchange, inherited, one, tx)) for one in entries]
            finally:
                shared_transaction.reset(mine)

        answers = self.site.server.transact(work, request_id=exchange.request_id, remembers=True)
        for one in answers:
            if one.summary is not None:
                log_request(one.summary, SUBREQUESTS)
            if self.meter is not None and one.measurement is not None:
                self.meter.take(one.measurement)
        return Reply(200, json.dumpb({"responses": [one.entry for one in answers]}))

    def _one(self, inner: Exchange) -> "_Answer":
        """Serve one request; what is told of it waits for the batch, which may try again."""
        started = time.perf_counter()
        reply, final = self._follow(inner)
        self.finisher.finish(reply.headers, inner.headers.get("origin"), reply.exposed)
        path = self.site.prefix + final
        summary = None
        if SUBREQUESTS.isEnabledFor(logging.INFO):
            summary = of_operation(inner, reply, path, started)
        measurement = None
        if self.meter is not None:
            measurement = measured(inner, self.router.find(final), reply, started)
        return _Answer(_entry(inner, reply, path), summary, measurement)

    def _inner(
        self, outer: Exchange, inherited: Mapping[str, str], entry: BatchEntry, tx: Transaction
    ) -> Exchange:
        """A request of the batch as an exchange of its own."""
        headers = {**inherited, **entry.headers}
        identity = outer.identity
        if "authorization" in entry.headers:
            identity = self.site.authenticate(entry.headers["authorization"])
        path, _, query = entry.path.partition("?")
        if not path.startswith(self.site.prefix):
            path = self.site.prefix + path
        try:
            decoded = unquote_to_bytes(path).decode()
        except UnicodeDecodeError:
            decoded = path
        return Exchange(
            method=entry.method,
            path=decoded[len(self.site.prefix) :] or "/",
            query=query if query.isascii() else quote(query, safe=_ASCII),
            headers=headers,
            body=entry.body,
            origin_url=outer.origin_url,
            identity=identity,
            request_id=outer.request_id,
            transaction=tx,
        )

    def _follow(self, exchange: Exchange) -> tuple[Reply, str]:
        """Serve a request; a trailing slash is dropped. Source: protocol B-14."""
        shown = exchange.path
        if len(shown) > 1 and shown.endswith("/"):
            shown = shown.rstrip("/")
            exchange = replace(exchange, path=shown)
        mark = exchange.transaction.collector.mark() if exchange.transaction else 0
        reply = serve_path(self.site, self.router, exchange)
        if reply is None:
            reply = self.elsewhere(exchange)
        if reply.status >= ERROR and exchange.transaction is not None:
            exchange.transaction.collector.rollback_to(mark)
        return reply, shown

    def _written_lists(self, entries: list[BatchEntry]) -> list[ListKey]:
        """The lists that a batch writes to, if several.

        All batches lock them in this order, so that no two wait for each other.
        """
        found = set()
        for whole in {entry.path for entry in entries if entry.method not in ("GET", "HEAD")}:
            path = whole.partition("?")[0].removeprefix(self.site.prefix).rstrip("/")
            target = self.router.find(path)
            if target is not None:
                found.add((target.list.parent_id, target.list.type.name))
        return sorted(found) if len(found) > 1 else []

    def _refuse_recursion(self, entries: list[BatchEntry]) -> None:
        """A batch holds no batch. Source: protocol B-5, W-14."""
        for entry in entries:
            path = entry.path.partition("?")[0].rstrip("/")
            if path.removeprefix(self.site.prefix) == "/batch":
                text = "Recursive call on /batch endpoint is forbidden."
                raise InvalidInput(Fault("body", "requests", text))


@dataclass(frozen=True, slots=True)
class _Answer:
    """What the batch answers for one request, and what is logged and measured about it."""

    entry: dict[str, Any]
    summary: RequestSummary | None
    measurement: Measurement | None


_ASCII = "".join(map(chr, range(128)))

_OWN_HEADERS = ("content-type", "content-length", "content-encoding", "transfer-encoding")


def _inherited(headers: Mapping[str, str]) -> dict[str, str]:
    """The batch's headers that its requests take over: all but those about its body."""
    return {name: value for name, value in headers.items() if name not in _OWN_HEADERS}


def _entry(exchange: Exchange, reply: Reply, path: str) -> dict[str, Any]:
    headers = dict(reply.headers)
    body = reply.body
    if body is not None:
        headers["Content-Type"] = "application/json"
        headers["Content-Length"] = str(len(body))
    shown: Any = ""
    if body and exchange.method != "HEAD":
        shown = json.raw(body)
    return {"status": reply.status, "path": path, "headers": headers, "body": shown}
