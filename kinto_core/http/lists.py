"""The list endpoints: GET, HEAD, POST, DELETE of many objects.

Parse, call an operation, present; nothing is decided here.
"""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from kinto_core import json
from kinto_core.errors import Fault, InvalidInput
from kinto_core.http import parsing, presenting, reads
from kinto_core.http.caching import cache_headers
from kinto_core.http.errors import version_headers
from kinto_core.http.exchange import Exchange, Reply
from kinto_core.http.objects import make_call, object_body, read_body
from kinto_core.http.querystring import (
    ListParameters,
    check_schema,
    looks_inside,
    parse_list,
    parse_pairs,
)
from kinto_core.http.routing import Target
from kinto_core.http.site import Site
from kinto_core.objects import StoredObject
from kinto_core.resources.bodies import ObjectBody
from kinto_core.resources.calls import Call
from kinto_core.resources.checks import INVALID_ID
from kinto_core.resources.deleting import delete_list
from kinto_core.resources.paging import decode, encode, fingerprint, page_size
from kinto_core.resources.preconditions import NONE
from kinto_core.resources.projection import project
from kinto_core.resources.reading import ListAnswer, ListInput, ReadQuery, list_objects
from kinto_core.resources.writing import create
from kinto_core.storage.query import Query

Pairs = list[tuple[str, str]]


def get_list(site: Site, exchange: Exchange, target: Target) -> Reply:
    """Answer ``GET`` and ``HEAD``. Source: protocol R-1 to R-3."""
    conditions, faults = parsing.preconditions(exchange.headers)
    reading = ListReading(site, exchange, target, count=exchange.method == "HEAD")
    inside = looks_inside(reading.pairs)
    call = Call(
        read=lambda: reading.read(faults),
        caller=site.caller(exchange),
        preconditions=conditions,
        looks_inside=inside,
        only=exchange.only,
        page=reading.foresee() if conditions == NONE and not inside else None,
    )
    answer = site.read(exchange, lambda tx: list_objects(tx, site.server.rules, target.list, call))
    text = answer.text
    if text is None:
        texts = [_text(item, reading.parameters) for item in answer.objects]
        reads.tell(site, exchange, target, texts, answer.timestamp)
        text = ",".join(texts)
    if answer.total is not None:
        reply = Reply(200, b"", version_headers(answer.timestamp))
        total = str(answer.total)
        reply.headers += [("Total-Objects", total), ("Total-Records", total)]
    else:
        reply = presenting.page_reply(text, answer.timestamp)
        if answer.after is not None:
            reply.headers.append(("Next-Page", reading.next_page(answer.after, None)))
    reply.headers += _cache_headers(site, exchange, target, answer)
    if reading.parameters is not None and reading.parameters.deprecated_to:
        reply.headers.append(("Alert", DEPRECATED_TO))
    return reply


def post_list(site: Site, exchange: Exchange, target: Target) -> Reply:
    """Answer ``POST``. Source: protocol R-5 to R-9."""
    parsing.media_type(exchange.headers, (parsing.JSON,))
    conditions, faults = parsing.preconditions(exchange.headers)
    value, body_faults = read_body(site, exchange, required=True)
    wanted_id = _wanted_id(site, target, value) if not body_faults else None

    def read() -> ObjectBody:
        return object_body(site, target, value, [*faults, *body_faults])

    call = make_call(site, exchange, target, conditions, read)
    answer = site.write(
        exchange, lambda tx: create(tx, site.server.rules, target.list, call, wanted_id)
    )
    if not answer.is_new:
        reads.tell(site, exchange, target, (answer.object.text,))
    status = 201 if answer.is_new else 200
    return presenting.object_reply(status, answer.object, answer.grants)


def delete_objects(site: Site, exchange: Exchange, target: Target) -> Reply:
    """Answer ``DELETE``. Source: protocol R-12 to R-16, G-12."""
    conditions, faults = parsing.preconditions(exchange.headers)
    reading = ListReading(site, exchange, target, count=False)
    call = make_call(site, exchange, target, conditions, lambda: reading.read(faults))
    answer = site.write(exchange, lambda tx: delete_list(tx, site.server.rules, target.list, call))
    if not answer.tombstones:
        reads.tell(site, exchange, target, (), answer.timestamp)
    reply = presenting.list_reply([item.text for item in answer.tombstones], answer.timestamp)
    if reading.parameters is not None and reading.parameters.deprecated_to:
        reply.headers.append(("Alert", DEPRECATED_TO))
    if answer.after is not None:
        reply.headers.append(("Next-Page", reading.next_page(answer.after, site.pages.issue())))
    return reply


DEPRECATED_TO = json.dumps(
    {
        "code": "soft-eol",
        "message": "_to is now deprecated, you should use _before instead",
        "url": "https://kinto.readthedocs.io/en/2.4.0/api/resource.html"
        "#list-of-available-url-parameters",
    }
)


class ListReading:
    """Reads the query string of a list request, and writes the one of its next page.

    Args:
        site, exchange, target: of the request.
        count: whether only the number of objects is wanted.

    Attributes:
        pairs: the decoded query string.
        parameters: what was read; ``None`` before.
    """

    def __init__(self, site: Site, exchange: Exchange, target: Target, *, count: bool) -> None:
        self._site = site
        self._exchange = exchange
        self._target = target
        self._count = count
        self.pairs: Pairs = parse_pairs(exchange.query) if exchange.query else []
        self._limit: int | None = None
        self._foreseen: ListInput | None = None
        self.parameters: ListParameters | None = None

    def read(self, faults: list[Fault]) -> ReadQuery:
        """Check the form of the request; what is wrong with filters shows later.

        Raises:
            InvalidInput: with all faults of form, ``faults`` included.
        """
        _, body_faults = read_body(self._site, self._exchange, required=False)
        found = [*faults, *body_faults, *check_schema(self.pairs)]
        if found:
            raise InvalidInput(*found)
        return self._query

    def foresee(self) -> Query | None:
        """The page that will be asked for; ``None`` when it is not known before the list is."""
        if self._count or check_schema(self.pairs):
            return None
        try:
            asked = self._query(0)
        except InvalidInput:  # told in its turn
            return None
        if not asked.as_text:
            return None
        self._foreseen = asked
        return asked.query

    def next_page(self, after: Mapping[str, Any], nonce: str | None) -> str:
        """The absolute URL of the page after these sort values. Source: protocol G-4."""
        secret = self._site.page_secret
        token = encode(after, self._fingerprint(), secret, nonce)
        pairs = [(k, v) for k, v in self.pairs if k.strip() not in ("_limit", "_token")]
        kept = urlencode(pairs) + "&" if pairs else ""
        exchange = self._exchange
        path = f"{exchange.origin_url}{self._site.prefix}{exchange.path}"
        # Neither a number nor a token has characters to quote, which takes long.
        return f"{path}?{kept}_limit={self._limit}&_token={token}"

    def _query(self, list_timestamp: int) -> ListInput:
        if self._foreseen is not None:
            return self._foreseen
        settings = self._site.settings
        parameters = parse_list(
            self.pairs,
            now=self._site.server.clock(),
            list_timestamp=list_timestamp,
            max_filters=settings.max_filters,
            max_values=settings.max_filter_values,
        )
        self.parameters = parameters
        limit = page_size(parameters.limit, settings.paginate_by, settings.storage_max_fetch_size)
        self._limit = limit
        after = None
        if parameters.token:
            after, nonce = decode(parameters.token, self._fingerprint(), self._site.page_secret)
            if self._exchange.method == "DELETE":
                self._site.pages.redeem(nonce)
        query = Query(
            filters=parameters.filters,
            sorts=parameters.sorts,
            after=after,
            limit=limit,
            include_deleted=parameters.asks_tombstones,
        )
        as_text = parameters.fields is None and not reads.is_wanted(self._site)
        return ListInput(query, count=self._count, as_text=as_text)

    def _fingerprint(self) -> str:
        return fingerprint(self._exchange.method, self._exchange.path, self.pairs)


def _wanted_id(site: Site, target: Target, value: Any) -> str | None:  # noqa: ANN401  JSON
    """The identifier that the client chose.

    Raises:
        InvalidInput: it is malformed. Source: protocol 0-16.
    """
    data = value.get("data") if isinstance(value, dict) else None
    if not isinstance(data, dict) or "id" not in data:
        return None
    wanted = data["id"]
    if not isinstance(wanted, str) or not site.server.types.ids[target.type.name].match(wanted):
        raise InvalidInput(INVALID_ID)
    return wanted


def _text(stored: StoredObject, parameters: ListParameters | None) -> str:
    if parameters is None or parameters.fields is None:
        return stored.text
    return json.dumps(project(stored.data, parameters.fields))


def _cache_headers(
    site: Site, exchange: Exchange, target: Target, answer: ListAnswer
) -> list[tuple[str, str]]:
    if exchange.identity is not None:
        return [presenting.NO_CACHE]
    return cache_headers(
        target.type.name,
        target.ids,
        answer.parent,
        site.settings.cache_expires_seconds,
        site.server.clock(),
    )
