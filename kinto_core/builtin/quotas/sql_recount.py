"""Counts what is stored, at one moment, without keeping anybody waiting."""

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import LargeBinary, bindparam, cast, func, select
from sqlalchemy.engine import Connection as CoreConnection
from sqlalchemy.sql.elements import ColumnElement

from kinto_core.builtin.quotas.limits import size_of
from kinto_core.builtin.quotas.sql import COLUMNS, Usage, usage_of
from kinto_core.builtin.quotas.sql_tables import usage
from kinto_core.builtin.quotas.tally import COUNTED, Sums
from kinto_core.database.connection import Statement
from kinto_core.database.engine import Connection, Database
from kinto_core.database.moment import one_moment
from kinto_core.database.ranges import below, bounds
from kinto_core.database.tables import objects

_PAGE = 1000


@dataclass(frozen=True, slots=True)
class Recount:
    """What there is in a bucket at one moment, and what was known of it.

    Attributes:
        true: what the bucket and each of its collections holds, by URI; nothing without the bucket.
        known: what the sums say, by URI.
    """

    true: dict[str, Sums]
    known: dict[str, Usage]


_URI: ColumnElement[str] = objects.c.parent_id + "/" + objects.c.resource + "s/" + objects.c.id
_IS_LIVE: ColumnElement[bool] = objects.c.deleted.is_(False)
_COLLECTIONS = Statement(
    lambda _: select(_URI).where(
        objects.c.parent_id == bindparam("uri"), objects.c.resource == "collection", _IS_LIVE
    )
)
_BUCKETS = Statement(
    lambda _: (
        select(_URI)
        .where(objects.c.parent_id == "", objects.c.resource == "bucket", _IS_LIVE)
        .order_by(objects.c.last_modified, objects.c.id)
    )
)
_TEXT = Statement(
    lambda _: select(objects.c.data).where(
        objects.c.parent_id == bindparam("parent_id"),
        objects.c.resource == bindparam("resource"),
        objects.c.id == bindparam("id"),
        _IS_LIVE,
    )
)


def bucket_uris(connection: Connection) -> list[str]:
    """The URIs of all buckets, oldest first."""
    return [str(row[0]) for row in connection.run(_BUCKETS, {})]


def collection_uris(connection: Connection, bucket: str) -> list[str]:
    """The URIs of a bucket's collections, in order."""
    return sorted(str(row[0]) for row in connection.run(_COLLECTIONS, {"uri": bucket}))


def text_of(connection: Connection, uri: str) -> str | None:
    """The JSON text of a bucket or collection; ``None`` when there is none."""
    parent, kind, name = uri.rsplit("/", 2)
    key = {"parent_id": parent, "resource": kind.removesuffix("s"), "id": name}
    rows = connection.run(_TEXT, key)
    return str(rows[0][0]) if rows else None


def recount(database: Database, bucket: str) -> Recount:
    """Count a bucket and its collections.

    Args:
        database: of the objects.
        bucket: its URI.
    """
    with one_moment(database) as connection:
        query = select(*COLUMNS).where(below(usage.c.uri)).params(bounds(bucket))
        known = [usage_of(tuple(row)) for row in connection.execute(query)]
        true = _true_sums(connection, bucket)
    return Recount(true, {one.uri: one for one in known})


def _true_sums(connection: CoreConnection, bucket: str) -> dict[str, Sums]:
    """What the bucket and each of its collections holds; nothing without the bucket."""
    true: dict[str, Sums] = {}
    total = Sums()
    for uri, text in _containers(connection, bucket):
        true[uri] = Sums(bytes=size_of(text))
        total.add(Sums(int(uri != bucket), 0, size_of(text)))
    if bucket not in true:
        return {}
    for parent, resource, number, size in _sizes(connection, bucket):
        more = Sums(0, number if resource == "record" else 0, size)
        if resource == "record" and parent in true:
            true[parent].add(more)
        total.add(more)
    true[bucket] = total
    return true


def _containers(connection: CoreConnection, bucket: str) -> list[tuple[str, str]]:
    """URI and JSON text of the bucket and of each of its collections."""
    own = (objects.c.parent_id == "") & (objects.c.resource == "bucket")
    own &= objects.c.id == bucket.removeprefix("/buckets/")
    inside = (objects.c.parent_id == bucket) & (objects.c.resource == "collection")
    found = []
    for which in (own, inside):
        query = select(_URI, objects.c.data).where(which, _IS_LIVE)
        found += [(str(uri), str(text)) for uri, text in connection.execute(query)]
    return found


def _sizes(connection: CoreConnection, bucket: str) -> Iterator[tuple[str, str, int, int]]:
    """Parent, type, number and size of groups and records: the plain ones added up, others singly.

    A database does not know how long a text is with everything but ASCII escaped.
    """
    length = func.length(objects.c.data)
    octets = (
        func.octet_length(objects.c.data)
        if connection.dialect.name == "postgresql"
        else func.length(cast(objects.c.data, LargeBinary))
    )
    which = (
        below(objects.c.parent_id),
        objects.c.resource.in_(sorted(COUNTED - {"bucket", "collection"})),
        _IS_LIVE,
    )
    place = (objects.c.parent_id, objects.c.resource)
    plain = select(*place, func.count(), func.sum(length)).where(*which, octets == length)
    for parent, resource, number, size in connection.execute(
        plain.group_by(*place).params(bounds(bucket))
    ):
        yield parent, resource, number, int(size)
    others = select(*place, objects.c.data).where(*which, octets != length)
    rows = connection.execution_options(yield_per=_PAGE).execute(others.params(bounds(bucket)))
    for parent, resource, text in rows:
        yield parent, resource, 1, size_of(text)
