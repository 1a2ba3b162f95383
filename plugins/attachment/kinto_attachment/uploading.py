"""``POST`` and ``DELETE …/records/{id}/attachment``, as exchanges and replies.

Source: attachment A-4 to A-16, A-25, A-26.
"""

from collections.abc import Callable

from kinto_attachment.failures import CutShort, cut_short, not_a_form
from kinto_attachment.incoming import Incoming
from kinto_attachment.plugin import attachments_of
from kinto_attachment.receiving import receive_form
from kinto_attachment.writing import (
    Attached,
    Transact,
    Wish,
    attach_and_settle,
    detach,
    require_writable,
)
from kinto_core import json
from kinto_core.errors import ParentNotFound
from kinto_core.http.errors import URL_MISSING, HttpError, version_headers
from kinto_core.http.exchange import Exchange, Reply
from kinto_core.http.parsing import preconditions
from kinto_core.http.presenting import NO_CACHE
from kinto_core.http.routing import Router, Target
from kinto_core.http.site import Site
from kinto_core.transactions import Transaction

RECORD = "/buckets/{bucket_id}/collections/{collection_id}/records/{record_id}"
PATH = RECORD + "/attachment"
METHODS = ("POST", "DELETE", "OPTIONS")
_SUFFIX = "/attachment"


def resolved(site: Site, exchange: Exchange) -> Exchange:
    """The exchange that is really meant, aliases such as the default bucket replaced.

    Raises:
        KintoError: whatever speaks against the alias.
    """
    for rewrite in site.rewrites:
        exchange = rewrite(site, exchange)
    return exchange


def wish_of(site: Site, exchange: Exchange, suffix: str = _SUFFIX) -> Wish:
    """Who wants something for which record.

    Args:
        site: of the server.
        exchange: with aliases resolved.
        suffix: what follows the record in the path.

    Raises:
        HttpError: the path names no record.
        ParentNotFound: it is below something that cannot exist.
    """
    path = exchange.path.removesuffix(suffix)
    target: Target | None = Router(site.server.types).find(path)
    if target is None or target.is_list or target.type.name != "record":
        raise HttpError(URL_MISSING)
    for key in target.list.ancestors:
        if not site.server.types.ids[key.resource].match(key.id):
            raise ParentNotFound(key.resource, key.id)
    conditions, faults = preconditions(exchange.headers)
    return Wish(
        address=target.object,
        caller=site.caller(exchange),
        uri=exchange.path,
        url_ids=target.url_ids,
        preconditions=conditions,
        faults=tuple(faults),
    )


def upload(site: Site, incoming: Incoming) -> Reply:
    """Answer ``POST``: store the file and create or update the record.

    Raises:
        KintoError: nothing was changed, and nothing is left in the store.
    """
    plugin = attachments_of(site.server)
    exchange = resolved(site, incoming.exchange)
    incoming.exchange = exchange
    wish = wish_of(site, exchange)
    site.read(exchange, lambda tx: require_writable(plugin, tx, wish))
    try:
        form = receive_form(plugin, incoming, plugin.rules.of(*wish.ids[:2]))
    except CutShort as error:
        raise cut_short() from error
    plugin.discard(form.dropped)
    if form.file is None:
        raise AssertionError
    wish = with_fields(wish, form.fields)
    attached = attach_and_settle(plugin, in_transaction(site, exchange), wish, form.file)
    return reply_to_upload(site, exchange, wish, attached)


def with_fields(wish: Wish, fields: dict[str, object]) -> Wish:
    """The wish with the form's ``data`` and ``permissions``."""
    data, permissions = fields.get("data"), fields.get("permissions")
    return Wish(
        address=wish.address,
        caller=wish.caller,
        uri=wish.uri,
        url_ids=wish.url_ids,
        preconditions=wish.preconditions,
        faults=wish.faults,
        data=data if isinstance(data, dict) else None,
        permissions=permissions,
    )


def in_transaction(site: Site, exchange: Exchange) -> Transact:
    """Runs work in a transaction of its own."""

    def transact(work: Callable[[Transaction], Attached]) -> Attached:
        return site.server.transact(work, request_id=exchange.request_id)

    return transact


def reply_to_upload(site: Site, exchange: Exchange, wish: Wish, attached: Attached) -> Reply:
    """The file's description, and where the record is. Source: A-10."""
    stored = attached.answer.object
    record_url = f"{exchange.origin_url}{site.prefix}{wish.address.uri}"
    headers = [*version_headers(stored.last_modified), ("Location", record_url)]
    if attached.answer.is_new:
        return Reply(201, json.dumpb(attached.shown), headers)
    return Reply(200, json.dumpb(attached.shown), [*headers, NO_CACHE])


def serve_in_batch(site: Site, exchange: Exchange) -> Reply:
    """Answer ``DELETE``, in a batch as well; a ``POST`` there cannot have a file. Source: A-16."""
    if exchange.method == "POST":
        raise not_a_form()
    plugin = attachments_of(site.server)
    exchange = resolved(site, exchange)
    wish = wish_of(site, exchange)
    answer = site.write(exchange, lambda tx: detach(plugin, tx, wish))
    caching = [] if answer.is_new else [NO_CACHE]
    return Reply(204, None, [*version_headers(answer.object.last_modified), *caching])
