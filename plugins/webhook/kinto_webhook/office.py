"""What the parts of the plugin share in one process of one server: endpoints by URI."""

from collections.abc import Mapping
from functools import cached_property
from typing import Any

from kinto_core import json
from kinto_core.database.engine import Connection
from kinto_core.http.routing import Router
from kinto_core.objects import ObjectKey, StoredObject
from kinto_core.server import Server
from kinto_core.storage.query import Query
from kinto_core.transactions import Transaction
from kinto_webhook import sql_endpoints
from kinto_webhook.endpoints import Endpoint, from_data, is_server_wide
from kinto_webhook.sealing import Seal
from kinto_webhook.settings import ServerWide, WebhookSettings, server_wide, settings_of
from kinto_webhook.sql_endpoints import NO_HEADERS, EndpointRow

RESOURCE = "webhook"


def key_of(uri: str) -> ObjectKey:
    """The address of the webhook with this URI."""
    parent, _, rest = uri.rpartition(f"/{RESOURCE}s/")
    return ObjectKey(parent, RESOURCE, rest)


class Office:
    """Knows the endpoints of a server.

    Args:
        server: whose; nothing of it is used before it is asked for.
    """

    def __init__(self, server: Server) -> None:
        self.server = server

    @cached_property
    def table(self) -> WebhookSettings:
        """The settings."""
        return settings_of(self.server.settings)

    @cached_property
    def wide(self) -> Mapping[str, ServerWide]:
        """The endpoints of the settings by URI."""
        return server_wide(self.server.settings)

    @cached_property
    def seal(self) -> Seal:
        """Opens what is stored of secrets."""
        return Seal(self.table.encryption_keys)

    @cached_property
    def router(self) -> Router:
        """Finds resources by path."""
        return Router(self.server.types)

    def know_server_wide(self, connection: Connection) -> None:
        """Keep a row for each endpoint of the settings, brought up to date with them."""
        for uri, one in self.wide.items():
            row = sql_endpoints.find(connection, uri)
            lanes = one.endpoint.max_lanes
            if row is None:
                row = EndpointRow(uri, lanes=lanes)
            wanted = row._replace(fifo=one.endpoint.is_fifo, max_lanes=lanes)
            if wanted != sql_endpoints.find(connection, uri):
                sql_endpoints.write(connection, wanted._replace(lanes=lanes))

    def secrets(self, row: EndpointRow, now: int) -> tuple[str, ...]:
        """The valid secrets of an endpoint, the newest first.

        Raises:
            Unreadable: they were sealed with another key.
        """
        if is_server_wide(row.uri):
            return self.wide[row.uri].secrets
        is_rotating = row.former_secret and row.former_until > now
        stored = (row.secret, row.former_secret) if is_rotating else (row.secret,)
        return tuple(self.seal.open(one, row.uri) for one in stored)

    def endpoint(self, tx: Transaction, row: EndpointRow) -> Endpoint | None:
        """The endpoint as it is now; ``None`` when it is gone."""
        if is_server_wide(row.uri):
            one = self.wide.get(row.uri)
            return one.endpoint if one is not None else None
        key = key_of(row.uri)
        stored = tx.fetch(key)
        while stored is not None and not stored.deleted:
            headers = self._headers(row)
            again = tx.fetch(key) if headers else stored
            if again == stored:
                return self._of(row.uri, stored, headers)
            stored = again  # headers are never sent to another URL than the one they came with
        return None

    def in_bucket(self, tx: Transaction, bucket_uri: str) -> list[Endpoint]:
        """The webhooks of a bucket, without their headers."""
        return [
            self._of(f"{bucket_uri}/{RESOURCE}s/{stored.id}", stored, {})
            for stored in tx.find(bucket_uri, RESOURCE, Query())
        ]

    def _headers(self, row: EndpointRow) -> dict[str, Any]:
        """The present headers of an endpoint that had some, or has none."""
        if row.headers == NO_HEADERS:
            return {}
        with self.server.storage.database.reading() as connection:
            now = sql_endpoints.find(connection, row.uri)
        if now is None:
            return {}
        found: dict[str, Any] = json.parse(self.seal.open(now.headers, row.uri))
        return found

    def _of(self, uri: str, stored: StoredObject, headers: dict[str, Any]) -> Endpoint:
        return from_data(uri, stored.data, headers, concurrency=self.table.concurrency)
