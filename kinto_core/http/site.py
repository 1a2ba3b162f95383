"""What every handler of one web application shares."""

import hashlib
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any, TypeVar

from kinto_core.authentication.interface import Identity, identify
from kinto_core.errors import ConnectionLost
from kinto_core.http.exchange import Exchange
from kinto_core.http.pages import PageTokens
from kinto_core.resources.access import ANONYMOUS, Caller
from kinto_core.server import Server
from kinto_core.settings import Settings
from kinto_core.transactions import Transaction

T = TypeVar("T")


@dataclass(slots=True)
class Site:
    """A server as it is seen over HTTP.

    Attributes:
        server: what works.
        settings: its settings.
        prefix: the version prefix, such as ``/v1``.
        challenges: the ``WWW-Authenticate`` headers of a 401.
        first_moment: when the application was made, in milliseconds.
        capabilities: entries of the root view, or functions that give them from the API's URL;
            plugins add theirs at start.
        heartbeats: checks by name, each true, false or ``None``; plugins add theirs at start.
        endpoints: more endpoints by path (``kinto_core.http.endpoints.Endpoint``); plugins add
            theirs at start.
        security: gives more ways to authenticate for the API's description, OpenAPI (Swagger 2.0)
            security definitions by name; plugins add theirs at start.
        own_security: the same for ways that only single operations name; plugins add theirs at
            start.
        described: what the description says of what is not in ``endpoints``, path items by path;
            plugins add theirs at start.
        rewrites: turn an exchange into the one that is really meant; plugins add theirs at start.
        guards: look at an exchange before its handler does, and may change or refuse it, by name of
            the resource type; plugins add theirs at start.
        around: give context managers in which a request over the network is served, by its WSGI
            environment; plugins add theirs at start.
        methods: of each resource's objects and lists, as far as they were asked for.
        user_info: say more about a user in the root view; plugins add theirs at start.
        pages: single-use tokens.
        page_secret: signs the tokens of pages.
    """

    server: Server
    settings: Settings
    prefix: str
    challenges: tuple[str, ...]
    pages: PageTokens
    page_secret: bytes
    first_moment: int
    capabilities: dict[str, Mapping[str, Any] | Callable[[str], Mapping[str, Any]]] = field(
        default_factory=dict
    )
    heartbeats: dict[str, Callable[[], bool | None]] = field(default_factory=dict)
    security: list[Callable[[], Mapping[str, Any]]] = field(default_factory=list)
    own_security: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    described: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    rewrites: list[Callable[["Site", Exchange], Exchange]] = field(default_factory=list)
    guards: dict[str, Callable[["Site", Exchange], Exchange]] = field(default_factory=dict)
    endpoints: dict[str, Any] = field(default_factory=dict)
    around: list[Callable[[Mapping[str, Any]], AbstractContextManager[None]]] = field(
        default_factory=list
    )
    methods: dict[tuple[str, bool], tuple[str, ...]] = field(default_factory=dict)
    user_info: list[Callable[[Identity], Mapping[str, Any]]] = field(default_factory=list)

    @classmethod
    def of(cls, server: Server) -> "Site":
        """The site of a server, before plugins add to it."""
        major = server.settings.http_api_version.partition(".")[0]
        return cls(
            server=server,
            settings=server.settings,
            prefix=f"/v{major}",
            challenges=tuple(policy.challenge for policy in server.policies),
            first_moment=server.clock(),
            pages=PageTokens(server.cache, server.settings.pagination_token_validity_seconds),
            page_secret=hashlib.sha256(
                b"pages:" + server.settings.userid_hmac_secret.encode()
            ).digest(),
        )

    def authenticate(self, authorization: str | None) -> Identity | None:
        """Who sends these credentials; nobody in particular when no policy knows. Source: A-1."""
        if not authorization:
            return None
        return identify(self.server.policies, authorization)

    def caller(self, exchange: Exchange) -> Caller:
        """The exchange's sender, as the operations see it."""
        return self.caller_of(exchange.identity)

    def caller_of(self, identity: Identity | None) -> Caller:
        """Somebody who proved who they are, with the principals that plugins add."""
        if identity is None:
            return ANONYMOUS
        if not self.server.plugins.implements("principals"):
            return Caller(identity.user_id)
        added = self.server.plugins.hook.principals(identity=identity)
        return Caller(identity.user_id, frozenset(name for names in added for name in names))

    def read(self, exchange: Exchange, work: Callable[[Transaction], T]) -> T:
        """Do work that only reads: in the exchange's transaction, or outside of any."""
        if exchange.transaction is not None:
            return work(exchange.transaction)
        try:
            with self.server.transaction(request_id=exchange.request_id) as tx:
                return work(tx)
        except ConnectionLost:  # the database may be back, as after a restart: try a new one
            with self.server.transaction(request_id=exchange.request_id) as tx:
                return work(tx)

    def write(self, exchange: Exchange, work: Callable[[Transaction], T]) -> T:
        """Do work that writes: in the exchange's transaction, or in one of its own."""
        if exchange.transaction is not None:
            return work(exchange.transaction)
        return self.server.transact(work, request_id=exchange.request_id)
