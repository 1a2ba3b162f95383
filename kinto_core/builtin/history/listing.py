"""From a request for history to a query, and to the address of its next page."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final
from urllib.parse import urlencode

from kinto_core import json
from kinto_core.builtin.history.entries import FIELDS
from kinto_core.errors import Fault, InvalidInput
from kinto_core.http.exchange import Exchange
from kinto_core.http.querystring import ListParameters, check_schema, parse_list, parse_pairs
from kinto_core.http.site import Site
from kinto_core.objects import StoredObject
from kinto_core.resources.paging import decode, encode, fingerprint, page_size
from kinto_core.resources.projection import project
from kinto_core.storage.query import Filter, Query

_TEXTS: Final = frozenset(("bucket_id", "collection_id", "record_id"))
"""Fields whose values are texts, even where the query string has a number. Source: B-141."""


class Listing:
    """Reads the query string of a request for history.

    Args:
        site: of the request.
        exchange: the request, with its real path.

    Attributes:
        parameters: what was read; ``None`` before.
    """

    def __init__(self, site: Site, exchange: Exchange) -> None:
        self._site = site
        self._exchange = exchange
        self._pairs = parse_pairs(exchange.query) if exchange.query else []
        self._limit = 0
        self.parameters: ListParameters | None = None

    def require_form(self, faults: list[Fault]) -> None:
        """Refuse a faulty request; what is wrong with filters shows later.

        Raises:
            InvalidInput: with all faults, those given included.
        """
        found = [*faults, *check_schema(self._pairs)]
        if found:
            raise InvalidInput(*found)

    def query(self, list_timestamp: int) -> Query:
        """What is asked of the list.

        Raises:
            InvalidInput: filters, order, fields or page make no sense.
        """
        settings = self._site.settings
        self.parameters = parameters = parse_list(
            self._pairs,
            now=self._site.server.clock(),
            list_timestamp=list_timestamp,
            max_filters=settings.max_filters,
            max_values=settings.max_filter_values,
            known_fields=FIELDS,
        )
        self._limit = page_size(
            parameters.limit, settings.paginate_by, settings.storage_max_fetch_size
        )
        return Query(
            filters=tuple(_as_text(item) for item in parameters.filters),
            sorts=parameters.sorts,
            after=self._after(parameters.token),
            limit=self._limit,
            include_deleted=parameters.asks_tombstones,
        )

    def next_page(self, after: Mapping[str, Any], nonce: str | None) -> tuple[str, str]:
        """The header that leads to the page after these sort values."""
        token = encode(after, self._fingerprint(), self._site.page_secret, nonce)
        pairs = [(name, value) for name, value in self._pairs if name not in ("_limit", "_token")]
        query = urlencode([*pairs, ("_limit", str(self._limit)), ("_token", token)])
        exchange = self._exchange
        return "Next-Page", f"{exchange.origin_url}{self._site.prefix}{exchange.path}?{query}"

    def text(self, stored: StoredObject) -> str:
        """The wanted fields of an entry as JSON."""
        fields = self.parameters.fields if self.parameters is not None else None
        return stored.text if fields is None else json.dumps(project(stored.data, fields))

    def _after(self, token: str | None) -> Mapping[str, Any] | None:
        if not token:
            return None
        after, nonce = decode(token, self._fingerprint(), self._site.page_secret)
        if self._exchange.method == "DELETE":
            self._site.pages.redeem(nonce)
        return after

    def _fingerprint(self) -> str:
        return fingerprint(self._exchange.method, self._exchange.path, self._pairs)


def _as_text(item: Filter) -> Filter:
    if item.field not in _TEXTS:
        return item
    value = item.value
    if isinstance(value, tuple):
        return replace(item, value=tuple(_text(one) for one in value))
    return replace(item, value=_text(value))


def _text(value: Any) -> Any:  # noqa: ANN401  any JSON value
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return json.dumps(value) if is_number else value
