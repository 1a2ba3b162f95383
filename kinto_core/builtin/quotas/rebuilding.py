"""Counts what is stored and puts sums right that are not, while the server goes on.

Nobody is kept waiting. What is stored and what the sums say is read at one moment; then the
difference is added. Writers change both in one transaction, so the difference stays true meanwhile.

Source: built-in plugins B-167.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from kinto_core.builtin.quotas import sql, sql_recount
from kinto_core.builtin.quotas.limits import own_limits
from kinto_core.builtin.quotas.sql_recount import Recount
from kinto_core.builtin.quotas.tally import Sums
from kinto_core.database.engine import Connection, Database

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What a rebuild found.

    Attributes:
        buckets: how many it looked at.
        wrong: how many buckets and collections had other sums than they should.
    """

    buckets: int
    wrong: int


def rebuild(database: Database, tell: Tell, *, dry_run: bool = False) -> Rebuilt:
    """Count every bucket, oldest first.

    Args:
        database: of the objects.
        tell: gets a line for each collection and bucket.
        dry_run: change nothing.

    Raises:
        BackendUnavailable: the database is away; buckets that were told of are done.
    """
    with database.reading() as connection:
        counted = sql.lots_of_buckets(connection)
        uris = sql_recount.bucket_uris(connection)
    if not dry_run:
        _forget_missing(database, counted, uris)
    wrong = sum(_rebuild_bucket(database, uri, tell, dry_run=dry_run) for uri in uris)
    return Rebuilt(len(uris), wrong)


def _forget_missing(database: Database, counted: Mapping[str, int], there: Iterable[str]) -> None:
    """Forget buckets that were deleted while nobody counted."""
    missing = sorted(set(counted) - set(there))
    for uri in missing:
        with database.writing() as connection:
            if sql.remove(connection, uri, counted[uri]):
                sql.forget_below(connection, uri)


def _rebuild_bucket(database: Database, uri: str, tell: Tell, *, dry_run: bool) -> int:
    """One bucket; gives how many sums were wrong."""
    if not dry_run:
        _begin(database, uri)
    recount = sql_recount.recount(database, uri)
    if uri not in recount.true:  # deleted meanwhile
        return 0
    if not dry_run:
        with database.writing() as connection:
            _correct(connection, uri, recount)
    _tell(uri, recount.true, tell)
    right = {one: row.sums for one, row in recount.known.items() if row.is_whole}
    return sum(right.get(one) != sums for one, sums in recount.true.items())


def _begin(database: Database, uri: str) -> None:
    """From now on, writers count what they do in this bucket."""
    with database.writing() as connection:
        for one in sql_recount.collection_uris(connection, uri):
            sql.begin(connection, one)
        sql.begin(connection, uri)


def _correct(connection: Connection, bucket: str, recount: Recount) -> None:
    """Add the differences, unless what they belong to was deleted meanwhile."""
    true, known = recount.true, recount.known
    if bucket not in known:
        return
    rest = true[bucket].less(known[bucket].sums)
    more = Sums(rest.collections)
    for uri in sorted({*true, *known} - {bucket}):
        if uri not in known:  # created after the bucket began to be counted, and counted itself
            rest = rest.less(Sums(0, true[uri].records, true[uri].bytes))
            continue
        difference = true.get(uri, Sums()).less(known[uri].sums)
        rest = rest.less(difference)
        if uri not in true:
            is_same = sql.remove(connection, uri, known[uri].lot)
        else:
            is_same = sql.correct(connection, uri, known[uri].lot, difference)
        if is_same:
            more.add(difference)
    more.add(Sums(0, rest.records, rest.bytes))
    sql.correct(connection, bucket, known[bucket].lot, more)
    for uri in sorted(true):
        _keep_limits(connection, uri)


def _keep_limits(connection: Connection, uri: str) -> None:
    """Keep the limits that something set itself before anybody looked.

    Its row is held, so that nobody sets others meanwhile.
    """
    held = sql.find(connection, uri)
    text = sql_recount.text_of(connection, uri)
    if text is not None and held is not None and held.limits != own_limits(text):
        sql.set_limits(connection, uri, own_limits(text), is_whole=True)


def _tell(bucket: str, true: Mapping[str, Sums], tell: Tell) -> None:
    name = bucket.rpartition("/")[2]
    for uri, sums in sorted(true.items()):
        if uri != bucket:
            collection = uri.rpartition("/")[2]
            size = f"{sums.records} records, {sums.bytes} bytes."
            tell(f"Bucket {name}, collection {collection}. Final size: {size}")
    sums = true[bucket]
    size = f"{sums.collections} collections, {sums.records} records, {sums.bytes} bytes."
    tell(f"Bucket {name}. Final size: {size}")
