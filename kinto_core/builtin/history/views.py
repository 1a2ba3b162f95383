"""``/buckets/{id}/history`` and the log of the server.

Source: built-in plugins B-139 to B-147, BW-20.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from kinto_core.builtin.history import recording, sql_reading, sql_writing
from kinto_core.builtin.history.access import RESOURCE, Sight, require_operator, sight_of
from kinto_core.builtin.history.entries import SERVER, Entry, buried
from kinto_core.builtin.history.listing import Listing
from kinto_core.builtin.history.sql_reading import Scope
from kinto_core.builtin.history.sql_trimming import surplus
from kinto_core.events.event import Action, Change, ResourceRead
from kinto_core.hooks import dispatch_read
from kinto_core.http import parsing, presenting
from kinto_core.http.caching import cache_headers
from kinto_core.http.errors import version_headers
from kinto_core.http.exchange import Exchange, Reply
from kinto_core.http.lists import DEPRECATED_TO
from kinto_core.http.site import Site
from kinto_core.objects import StoredObject
from kinto_core.resources.access import Caller
from kinto_core.storage.pages import page_of, sort_values
from kinto_core.storage.query import Query
from kinto_core.transactions import Transaction


@dataclass(frozen=True, slots=True)
class _Answer:
    """What was read: ``total`` is there for HEAD only."""

    timestamp: int
    objects: list[StoredObject]
    after: Mapping[str, Any] | None = None
    total: int | None = None


def history_view(site: Site, exchange: Exchange) -> Reply:
    """Answer every method of a bucket's history."""
    for rewrite in site.rewrites:
        exchange = rewrite(site, exchange)
    bucket = exchange.path.split("/")[2]
    if exchange.method == "DELETE":
        return _purge(site, exchange, bucket)
    return _read(site, exchange, bucket)


def server_view(site: Site, exchange: Exchange) -> Reply:
    """Answer GET and HEAD of the log of the server."""
    return _read(site, exchange, SERVER)


def _read(site: Site, exchange: Exchange, bucket: str) -> Reply:
    parsing.require_acceptable(exchange.headers)
    conditions, faults = parsing.preconditions(exchange.headers)
    listing = Listing(site, exchange)

    def work(tx: Transaction) -> _Answer:
        scope, oldest = _scope(tx, site, bucket, site.caller(exchange))
        listing.require_form(faults)
        timestamp = _timestamp(tx, bucket, oldest)
        conditions.not_modified(timestamp)
        conditions.unmodified(timestamp)
        query = listing.query(timestamp)
        with tx.reading() as connection:
            if exchange.method == "HEAD":
                total = sql_reading.count(connection, scope, query)
                return _Answer(timestamp, [], total=total)
            found = page_of(lambda wider: sql_reading.find(connection, scope, wider), query)
        return _Answer(timestamp, *found)

    answer = site.read(exchange, work)
    _tell(site, exchange, bucket, answer)
    if answer.total is not None:
        reply = Reply(200, b"", version_headers(answer.timestamp))
        total = str(answer.total)
        reply.headers += [("Total-Objects", total), ("Total-Records", total)]
    else:
        texts = [listing.text(item) for item in answer.objects]
        reply = presenting.list_reply(texts, answer.timestamp)
        if answer.after is not None:
            reply.headers.append(listing.next_page(answer.after, None))
    reply.headers += _cache_headers(site, exchange)
    return _with_alert(reply, listing)


def _scope(tx: Transaction, site: Site, bucket: str, caller: Caller) -> tuple[Scope, int]:
    """What the caller may see, and the timestamp of a history that has not begun.

    Raises:
        NotAllowed: nothing is for them. Source: B-142, B-146.
    """
    if bucket == SERVER:
        require_operator(tx, site.server, caller)
        return Scope(SERVER), site.first_moment
    sight = sight_of(tx, site.server, bucket, caller)
    trimmer = recording.recorder_of(site.server).trimmer
    with tx.reading() as connection:
        hidden = surplus(connection, bucket, trimmer.limit) if trimmer is not None else ()
        scope = Scope(bucket, None if sight.sees_all else sight.principals, hidden)
        if not sight.sees_all and not sql_reading.find(connection, scope, Query(limit=1)):
            raise caller.refusal()
    return scope, sight.bucket.last_modified


def _timestamp(tx: Transaction, bucket: str, oldest: int) -> int:
    with tx.reading() as connection:
        state = sql_writing.list_state(connection, bucket)
    return state[0] if state is not None else oldest


def _purge(site: Site, exchange: Exchange, bucket: str) -> Reply:
    """Turn the entries that match into tombstones. Source: B-147."""
    parsing.require_acceptable(exchange.headers)
    conditions, faults = parsing.preconditions(exchange.headers)
    listing = Listing(site, exchange)
    caller = site.caller(exchange)

    def work(tx: Transaction) -> _Answer:
        sight = sight_of(tx, site.server, bucket, caller)
        if not sight.may_purge:
            raise caller.refusal()
        listing.require_form(faults)
        timestamp = _timestamp(tx, bucket, sight.bucket.last_modified)
        conditions.unmodified(timestamp)
        return _bury(tx, exchange, sight, listing.query(timestamp))

    answer = site.write(exchange, work)
    texts = [item.text for item in answer.objects]
    reply = presenting.list_reply(texts, answer.timestamp)
    if answer.after is not None:
        reply.headers.append(listing.next_page(answer.after, site.pages.issue()))
    return _with_alert(reply, listing)


def _bury(tx: Transaction, exchange: Exchange, sight: Sight, query: Query) -> _Answer:
    bucket = sight.bucket.id
    limit = query.limit + 1 if query.limit is not None else None
    wider = replace(query, limit=limit, include_deleted=False)
    found = sql_reading.find_to_purge(tx.connection, Scope(bucket), wider)
    doomed = found[: query.limit]
    if not doomed:
        return _Answer(_timestamp(tx, bucket, sight.bucket.last_modified), [])
    first = sql_writing.stamp(tx.connection, bucket, len(doomed), tx.backends.clock())
    pairs = [(entry, buried(entry, first + place)) for place, entry in enumerate(doomed)]
    sql_writing.replace(tx.connection, pairs)
    sql_writing.forget_before(tx.connection, bucket, max(entry.moment for entry in doomed))
    recording.note_purge(tx, bucket, exchange.user_id, len(doomed))
    for old, new in pairs:
        tx.record(_purged(exchange, old, new))
    after = None
    if len(found) > len(doomed):
        after = sort_values(_stored(doomed[-1]), query.sorts)
    return _Answer(pairs[-1][1].last_modified, [_stored(new) for _, new in pairs], after)


def _stored(entry: Entry) -> StoredObject:
    return StoredObject(entry.id, entry.last_modified, entry.data, entry.deleted)


def _purged(exchange: Exchange, old: Entry, new: Entry) -> Change:
    """The change that events tell of. Source: events E-71."""
    parent = f"/buckets/{old.bucket}"
    return Change(
        resource_name=RESOURCE,
        parent_uri=parent,
        object_id=old.id,
        uri=f"{parent}/{RESOURCE}/{old.id}",
        action=Action.DELETE,
        timestamp=new.last_modified,
        user_id=exchange.user_id,
        new=new.data,
        old=old.data,
        request_uri=exchange.path,
        url_ids={"bucket_id": old.bucket},
    )


def _tell(site: Site, exchange: Exchange, bucket: str, answer: _Answer) -> None:
    """Tell plugins that want to know what is served. Source: events E-16, E-71."""
    plugins = site.server.plugins
    if bucket == SERVER or not plugins.implements("resource_read"):
        return
    payload = {
        "timestamp": answer.timestamp,
        "action": Action.READ.value,
        "uri": exchange.path,
        "user_id": exchange.user_id,
        "resource_name": RESOURCE,
        "bucket_id": bucket,
    }
    dispatch_read(plugins, ResourceRead(payload, tuple(item.text for item in answer.objects)))


def _cache_headers(site: Site, exchange: Exchange) -> list[tuple[str, str]]:
    if exchange.identity is not None:
        return [presenting.NO_CACHE]
    expires = site.settings.cache_expires_seconds
    return cache_headers(RESOURCE, (), None, expires, site.server.clock())


def _with_alert(reply: Reply, listing: Listing) -> Reply:
    if listing.parameters is not None and listing.parameters.deprecated_to:
        reply.headers.append(("Alert", DEPRECATED_TO))
    return reply
