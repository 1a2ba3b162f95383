"""At the end of a transaction: bring the sums up to date, and refuse what is too much.

Only what makes more of something is refused. Deletions never are, nor changes that leave a bucket
or collection as full as it was, or less, even if it holds more than it may.

Source: built-in plugins B-164, B-165, BW-24.
"""

from collections.abc import Callable, Mapping, Sequence

from kinto_core.builtin.quotas import sql
from kinto_core.builtin.quotas.limits import NO_LIMITS, Limits, faults_of, own_limits
from kinto_core.builtin.quotas.settings import QuotaSettings
from kinto_core.builtin.quotas.sql import Usage
from kinto_core.builtin.quotas.tally import Item, Sums, Tally, bucket_of
from kinto_core.database.engine import Connection
from kinto_core.errors import InvalidInput, QuotaExceeded
from kinto_core.events.event import Change
from kinto_core.transactions import Transaction


def settle(transaction: Transaction, changes: Sequence[Change], settings: QuotaSettings) -> None:
    """Count the changes of a transaction.

    Raises:
        QuotaExceeded: a bucket or collection would hold more than it may.
        InvalidInput: a bucket or collection sets itself limits that are none.
    """
    tally = Tally.of(changes)
    if not (tally.sums or tally.gone_buckets):
        return
    connection = transaction.connection
    _forget(connection, tally)
    _keep_limits(connection, tally)
    sums = tally.sums
    rows = sql.add(
        connection, ((uri, more, uri in tally.begun) for uri, more in sums.items() if more)
    )
    limits = {row.uri: settings.of(row.uri).and_also(row.limits) for row in rows}
    for row in sorted(rows, key=lambda one: one.uri):
        _check_sums(row, sums[row.uri], limits[row.uri])

    def limits_of(uri: str) -> Limits:
        if uri not in limits:
            limits[uri] = effective_limits(connection, settings, uri)
        return limits[uri]

    _check_items(tally.items, limits_of)


def effective_limits(connection: Connection, settings: QuotaSettings, uri: str) -> Limits:
    """The limits of a bucket or collection: those of the settings and its own."""
    row = sql.find(connection, uri)
    return settings.of(uri).and_also(row.limits if row is not None else NO_LIMITS)


def _forget(connection: Connection, tally: Tally) -> None:
    """What is deleted, or begins anew, holds nothing any more; nor does its bucket hold that."""
    for uri in sorted(tally.gone_buckets):
        sql.forget_below(connection, uri)
    for uri in sorted(tally.gone):
        held = sql.take(connection, uri)
        if held is not None:
            tally.of_bucket(uri).add(Sums(0, -held.sums.records, -held.sums.bytes))


def _keep_limits(connection: Connection, tally: Tally) -> None:
    """Keep the limits that buckets and collections set themselves, where they are others now."""
    for uri, (old, new) in sorted(tally.containers.items(), reverse=True):
        faults = faults_of(new)
        if faults and (old is None or faults != faults_of(old)):
            raise InvalidInput(*faults)
        limits = own_limits(new)
        if limits != (own_limits(old) if old is not None else NO_LIMITS):
            sql.set_limits(connection, uri, limits, is_whole=uri in tally.begun)


def _check_sums(row: Usage, more: Sums, limits: Limits) -> None:
    """Refuse what makes more of a bucket or collection that holds too much."""
    is_bucket = bucket_of(row.uri) == row.uri
    kind = "Bucket" if is_bucket else "Collection"
    value, limit = row.sums.bytes, limits.max_bytes
    if more.bytes > 0 and limit is not None and value > limit:
        text = f"{kind} maximum {'total size' if is_bucket else 'size'} exceeded"
        message = f"{text} ({value} > {limit} Bytes). {_ADVICE.format(row.uri)}"
        raise QuotaExceeded(message, uri=row.uri, quota="max_bytes", limit=limit, value=value)
    value, limit = row.sums.records, limits.max_items
    if more.records > 0 and limit is not None and value > limit:
        text = f"{kind} maximum number of objects exceeded"
        message = f"{text} ({value} > {limit} objects). {_ADVICE.format(row.uri)}"
        raise QuotaExceeded(message, uri=row.uri, quota="max_items", limit=limit, value=value)


_ADVICE = "Delete something in {} first, or ask for a larger quota."


def _check_items(items: Mapping[str, Item], limits_of: Callable[[str], Limits]) -> None:
    """Refuse objects that became too large. Source: built-in plugins B-164, BW-24."""
    for uri, item in items.items():
        if item.after <= item.before:
            continue
        for owner in item.owners:
            limit = limits_of(owner).max_bytes_per_item
            if limit is None:
                continue
            if item.after > limit:
                raise _too_large(uri, owner, item.after, limit)
            break


def _too_large(uri: str, owner: str, size: int, limit: int) -> QuotaExceeded:
    text = f"Maximum bytes per object exceeded ({size} > {limit} Bytes)."
    message = f"{text} Make {uri} smaller, or ask for a larger quota."
    return QuotaExceeded(message, uri=owner, quota="max_bytes_per_item", limit=limit, value=size)
