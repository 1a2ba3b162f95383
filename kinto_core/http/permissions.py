"""``/permissions``: what is shared with the caller.

Source: protocol section 7.7.
"""

from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from kinto_core import json
from kinto_core.errors import InvalidInput
from kinto_core.http import parsing, presenting
from kinto_core.http.errors import version_headers
from kinto_core.http.exchange import Exchange, Reply
from kinto_core.http.querystring import ListParameters, check_schema, parse_list, parse_pairs
from kinto_core.http.site import Site
from kinto_core.resources.paging import decode, encode, fingerprint, page_size
from kinto_core.resources.projection import project
from kinto_core.resources.sharing import shared_objects
from kinto_core.storage.matching import comes_after, matches, reach, sorted_by
from kinto_core.storage.query import Sort

FIELDS = frozenset(
    (
        "uri",
        "resource_name",
        "bucket_id",
        "collection_id",
        "group_id",
        "record_id",
        "id",
        "last_modified",
        "deleted",
    )
)
"""What can be filtered, sorted and selected. Source: protocol Q-10."""


def permissions_view(site: Site, exchange: Exchange) -> Reply:
    """Answer ``GET`` and ``HEAD``."""
    access = site.server.rules.access
    caller = site.caller(exchange)
    parsing.require_acceptable(exchange.headers)
    groups = site.read(exchange, lambda tx: tx.groups(caller.user_id))
    if not access.is_configured(caller.principals(tuple(groups)), "permissions", "read"):
        raise caller.refusal()
    _, faults = parsing.preconditions(exchange.headers)
    pairs = parse_pairs(exchange.query) if exchange.query else []
    faults = [*faults, *check_schema(pairs)]
    if faults:
        raise InvalidInput(*faults)
    parameters = _parameters(site, pairs)
    entries = site.read(exchange, lambda tx: shared_objects(tx, site.server.rules, caller))
    filters = [item for item in parameters.filters if item.field != "last_modified"]
    entries = [entry for entry in entries if matches(entry, filters)]
    if exchange.method == "HEAD":
        reply = Reply(200, b"", version_headers(site.first_moment))
        total = str(len(entries))
        reply.headers += [("Total-Objects", total), ("Total-Records", total)]
    else:
        reply = _page(site, exchange, pairs, parameters, entries)
    reply.headers.append(presenting.NO_CACHE)
    return reply


def _parameters(site: Site, pairs: list[tuple[str, str]]) -> ListParameters:
    settings = site.settings
    parameters = parse_list(
        pairs,
        now=site.server.clock(),
        list_timestamp=0,
        max_filters=settings.max_filters,
        max_values=settings.max_filter_values,
        known_fields=FIELDS,
    )
    sorts = tuple(sort for sort in parameters.sorts if sort.field != "last_modified")
    if not any(sort.field == "uri" for sort in sorts):
        sorts = (*sorts, Sort("uri", descending=True))
    return replace(parameters, sorts=sorts)


def _page(
    site: Site,
    exchange: Exchange,
    pairs: list[tuple[str, str]],
    parameters: ListParameters,
    entries: list[dict[str, Any]],
) -> Reply:
    """The entries after the token, as many as fit."""
    settings = site.settings
    mark = fingerprint("GET", exchange.path, pairs)
    if parameters.token:
        after, _ = decode(parameters.token, mark, site.page_secret)
        entries = [entry for entry in entries if comes_after(entry, after, parameters.sorts)]
    limit = page_size(parameters.limit, settings.paginate_by, settings.storage_max_fetch_size)
    entries = sorted_by(entries, parameters.sorts)
    shown = entries[:limit]
    fields = parameters.fields
    texts = [json.dumps(entry if fields is None else project(entry, fields)) for entry in shown]
    reply = presenting.list_reply(texts, site.first_moment)
    if len(entries) > limit:
        values = {sort.field: reach(shown[-1], sort.field) for sort in parameters.sorts}
        values.setdefault("id", shown[-1].get("id", ""))
        token = encode(values, mark, site.page_secret, None)
        kept = [(k, v) for k, v in pairs if k.strip() not in ("_limit", "_token")]
        query = urlencode([*kept, ("_limit", str(limit)), ("_token", token)])
        url = f"{exchange.origin_url}{site.prefix}{exchange.path}?{query}"
        reply.headers.append(("Next-Page", url))
    return reply
