"""``GET …/usage``: how much a bucket or collection holds, for whom may read it. Source: BW-24."""

from collections.abc import Mapping
from typing import Any

from kinto_core import json
from kinto_core.builtin.quotas import sql
from kinto_core.builtin.quotas.limits import NO_LIMITS
from kinto_core.builtin.quotas.settings import QuotaSettings
from kinto_core.builtin.quotas.tally import Sums, bucket_of
from kinto_core.http.endpoints import Endpoint
from kinto_core.http.exchange import Exchange, Reply
from kinto_core.http.openapi_parts import ANY_OBJECT, errors, path_id
from kinto_core.http.site import Site
from kinto_core.resources.addresses import object_address
from kinto_core.resources.bucket import BUCKET
from kinto_core.resources.calls import Call
from kinto_core.resources.collection import COLLECTION
from kinto_core.resources.reading import fetch
from kinto_core.transactions import Transaction

BUCKET_PATH = "/buckets/{bucket_id}/usage"
COLLECTION_PATH = "/buckets/{bucket_id}/collections/{collection_id}/usage"


def add_endpoints(site: Site) -> None:
    """Serve the usage of buckets and collections."""
    ids = (path_id("bucket_id"), path_id("collection_id"))
    for path, kind, places in ((BUCKET_PATH, BUCKET, ids[:1]), (COLLECTION_PATH, COLLECTION, ids)):
        described = {"parameters": list(places), "get": _described(kind.name)}
        site.endpoints[path] = Endpoint(f"{kind.name}-usage", usage_view, described=described)


def _described(kind: str) -> Mapping[str, Any]:
    return {
        "operationId": f"get_{kind}_usage",
        "tags": ["Quotas"],
        "summary": f"How much a {kind} holds, and may hold.",
        "responses": {
            "200": {"description": "Its usage.", "schema": ANY_OBJECT},
            **errors("400", "401", "403", "404"),
        },
    }


def usage_view(site: Site, exchange: Exchange) -> Reply:
    """What a bucket or collection holds, and may hold.

    Raises:
        NotAllowed, ObjectNotFound, ParentNotFound: as when it is read itself.
    """
    for rewrite in site.rewrites:
        exchange = rewrite(site, exchange)
    uri = exchange.path.removesuffix("/usage")
    ids = tuple(uri.split("/")[2::2])
    address = object_address(BUCKET if len(ids) == 1 else COLLECTION, ids)
    call: Call[None] = Call(read=lambda: None, caller=site.caller(exchange), uri=exchange.path)

    def work(tx: Transaction) -> sql.Usage | None:
        fetch(tx, site.server.rules, address, call)
        with tx.reading() as connection:
            return sql.find(connection, uri)

    return Reply(200, json.dumpb({"data": _shown(site, uri, site.read(exchange, work))}))


def _shown(site: Site, uri: str, row: sql.Usage | None) -> dict[str, object]:
    """``{"record_count", "storage_size", "is_complete", "limits"}``, and ``collection_count``.

    What was deleted before it was counted makes sums that are less than nothing.
    """
    own = row.limits if row is not None else NO_LIMITS
    sums = row.sums if row is not None else Sums()
    shown: dict[str, object] = {
        "record_count": max(sums.records, 0),
        "storage_size": max(sums.bytes, 0),
        "is_complete": row is not None and row.is_whole,
        "limits": site.settings.plugin(QuotaSettings).of(uri).and_also(own)._asdict(),
    }
    if bucket_of(uri) == uri:
        shown = {"collection_count": max(sums.collections, 0), **shown}
    return shown
