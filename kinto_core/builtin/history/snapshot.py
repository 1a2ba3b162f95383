"""``/buckets/{id}/snapshot/collections/{id}@{timestamp}``: a collection as it was.

Without parameters the answer is the specification's. With ``_limit`` it is a page, with an ETag.
The header ``Snapshot-Complete`` says whether history reaches back; with ``_complete=true`` a gap is
an error.

Source: built-in plugins B-150 to B-153, BW-21.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, Final
from urllib.parse import urlencode

from kinto_core.builtin.history import sql_snapshot, sql_writing
from kinto_core.builtin.history.access import require_reader
from kinto_core.builtin.history.sql_snapshot import Past
from kinto_core.errors import Fault, InvalidInput, ParentNotFound
from kinto_core.http import parsing
from kinto_core.http.errors import ErrorKind, HttpError
from kinto_core.http.exchange import Exchange, Reply
from kinto_core.http.querystring import check_schema, parse_list, parse_pairs
from kinto_core.http.site import Site
from kinto_core.objects import ObjectKey, StoredObject
from kinto_core.resources.paging import decode, encode, fingerprint, page_size
from kinto_core.transactions import Transaction

_TIMESTAMP: Final = re.compile(r"[0-9]{1,400}")
_LATEST: Final = 2**62
_COMPLETE: Final = "Snapshot-Complete"

GONE: Final = ErrorKind(410, 110, None, "history does not reach back so far")


@dataclass(frozen=True, slots=True)
class _Asked:
    """What the query string asks for; without ``limit`` everything, as one answer."""

    limit: int | None
    after: Mapping[str, Any] | None
    must_be_complete: bool


def snapshot_view(site: Site, exchange: Exchange) -> Reply:
    """Answer GET and HEAD."""
    for rewrite in site.rewrites:
        exchange = rewrite(site, exchange)
    collection, text = _named(exchange.path)
    caller = site.caller(exchange)
    _require_possible(site, collection)
    pairs = parse_pairs(exchange.query) if exchange.query else []
    mark = fingerprint("GET", exchange.path, pairs)

    def work(tx: Transaction) -> tuple[list[StoredObject], bool, _Asked]:
        bucket = ObjectKey("", "bucket", collection.parent_id.rpartition("/")[2])
        _, stored = require_reader(tx, [bucket, collection], caller)
        moment = _moment(text)
        asked = _asked(site, pairs, mark)
        return (*_read(tx, collection, moment, asked, exists=stored is not None), asked)

    records, is_complete, asked = site.read(exchange, work)
    if asked.must_be_complete and not is_complete:
        message = f"the history of {collection.uri} does not reach back to {text}"
        raise HttpError(GONE, message=message)
    return _reply(site, exchange, asked, records, mark=mark, is_complete=is_complete)


def _named(path: str) -> tuple[ObjectKey, str]:
    """The collection in a path, and the timestamp as it is written."""
    _, _, bucket, _, _, last = path.split("/")
    name, _, text = last.rpartition("@")
    return ObjectKey(f"/buckets/{bucket}", "collection", name), text


def _require_possible(site: Site, collection: ObjectKey) -> None:
    """Refuse identifiers that cannot exist.

    Raises:
        ParentNotFound: naming the malformed one. Source: B-152.
    """
    bucket = collection.parent_id.rpartition("/")[2]
    for resource, object_id in (("bucket", bucket), ("collection", collection.id)):
        if not site.server.types.ids[resource].match(object_id):
            raise ParentNotFound(resource, object_id)


def _moment(text: str) -> int:
    """The timestamp in milliseconds.

    Raises:
        InvalidInput: it is none. Source: B-151.
    """
    if not _TIMESTAMP.fullmatch(text):
        raise InvalidInput(Fault("path", "timestamp", f"Invalid timestamp '{text}'"))
    return min(int(text), _LATEST)


def _asked(site: Site, pairs: list[tuple[str, str]], mark: str) -> _Asked:
    """What the parameters ask for; others than ours are ignored. Source: B-150.

    Raises:
        InvalidInput: ``_limit`` or ``_token`` makes no sense.
    """
    ours = [pair for pair in pairs if pair[0] in ("_limit", "_token")]
    must = any(pair == ("_complete", "true") for pair in pairs)
    if not ours:
        return _Asked(None, None, must)
    faults = check_schema(ours)
    if faults:
        raise InvalidInput(*faults)
    read = parse_list(ours, now=0, list_timestamp=0, max_filters=0, max_values=0)
    settings = site.settings
    limit = page_size(read.limit, settings.paginate_by, settings.storage_max_fetch_size)
    after = decode(read.token, mark, site.page_secret)[0] if read.token else None
    return _Asked(limit, after, must)


def _read(
    tx: Transaction, collection: ObjectKey, moment: int, asked: _Asked, *, exists: bool
) -> tuple[list[StoredObject], bool]:
    """The records, one more than asked for if there are more, and whether they are surely all."""
    bucket = collection.parent_id.rpartition("/")[2]
    with tx.reading() as connection:
        state = sql_writing.list_state(connection, bucket)
        if not exists:
            was_there = sql_snapshot.floor_of(connection, collection, _LATEST) > moment
            return [], state is not None and moment >= state[1] and not was_there
        floor = sql_snapshot.floor_of(connection, collection, moment)
        past = Past(collection.uri, moment, floor)
        limit = asked.limit + 1 if asked.limit is not None else None
        records = sql_snapshot.page(connection, past, after=asked.after, limit=limit)
        reaches_back = state is not None and moment >= state[1]
        return records, reaches_back and not sql_snapshot.has_gaps(connection, past)


def _reply(  # noqa: PLR0913  everything that an answer shows
    site: Site,
    exchange: Exchange,
    asked: _Asked,
    records: list[StoredObject],
    *,
    mark: str,
    is_complete: bool,
) -> Reply:
    shown = records[: asked.limit]
    body = f'{{"data":[{",".join(item.text for item in shown)}]}}'.encode()
    complete = (_COMPLETE, "true" if is_complete else "false")
    if asked.limit is None:
        return Reply(200, body, [complete])
    version = f'"{int.from_bytes(blake2b(body + complete[1].encode(), digest_size=6).digest())}"'
    headers = [("ETag", version), complete]
    if len(records) > asked.limit:
        after = {"last_modified": shown[-1].last_modified, "id": shown[-1].id}
        headers.append(
            _next_page(site, exchange, asked, encode(after, mark, site.page_secret, None))
        )
    conditions, _ = parsing.preconditions(exchange.headers)
    if f'"{conditions.if_none_match}"' == version:
        return Reply(304, None, headers)
    return Reply(200, body, headers)


def _next_page(site: Site, exchange: Exchange, asked: _Asked, token: str) -> tuple[str, str]:
    pairs = parse_pairs(exchange.query)
    kept = [pair for pair in pairs if pair[0] not in ("_limit", "_token")]
    query = urlencode([*kept, ("_limit", str(asked.limit)), ("_token", token)])
    return "Next-Page", f"{exchange.origin_url}{site.prefix}{exchange.path}?{query}"
