"""``/buckets/default``: a personal bucket for each user, where collections need not be created.

Source: protocol section 13.
"""

import hashlib
import hmac
import uuid
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from pyramid.config import Configurator

from kinto_core import json
from kinto_core.authentication.interface import Identity
from kinto_core.errors import Fault, InvalidInput, ReadOnly, Unauthenticated
from kinto_core.hookspecs import hookimpl
from kinto_core.http.exchange import Exchange
from kinto_core.http.site import Site
from kinto_core.objects import ObjectKey
from kinto_core.resources.access import Access, Caller
from kinto_core.resources.addresses import ObjectAddress, object_address
from kinto_core.resources.bodies import ObjectBody
from kinto_core.resources.bucket import BUCKET
from kinto_core.resources.calls import Call, Rules, live
from kinto_core.resources.collection import COLLECTION
from kinto_core.resources.writing import create
from kinto_core.server import Server
from kinto_core.transactions import Transaction

ALIAS = "/buckets/default"


@hookimpl
def register_capabilities(server: Server) -> Mapping[str, Mapping[str, Any]]:
    """Announce the alias. Source: built-in plugins B-9."""
    del server
    return {
        "default_bucket": {
            "description": "The default bucket is an alias for a personal bucket"
            " where collections are created implicitly.",
            "url": "https://kinto.readthedocs.io/en/latest/api/1.x/buckets.html"
            "#personal-bucket-default",
        }
    }


def includeme(config: Configurator) -> None:
    """Serve the alias, and show the bucket's id in the root view."""
    site: Site = config.registry.site

    def describe(identity: Identity) -> Mapping[str, Any]:
        return {"bucket": bucket_id(site, identity.user_id)}

    site.user_info.append(describe)
    site.rewrites.append(to_personal_bucket)


def bucket_id(site: Site | Server, user_id: str) -> str:
    """The id of a user's personal bucket. Source: protocol D-2."""
    secret = site.settings.default_bucket_hmac_secret.encode()
    digest = hmac.new(secret, user_id.encode(), hashlib.sha256).hexdigest()
    return str(uuid.UUID(digest[:32]))


def to_personal_bucket(site: Site, exchange: Exchange) -> Exchange:
    """The exchange with the alias replaced by the real bucket, which is created if need be.

    Raises:
        Unauthenticated: nobody in particular has no bucket.
        ReadOnly: the bucket may have to be created, and nothing can be.
        InvalidInput: the collection cannot be created under that name.

    Source: protocol D-4 to D-9.
    """
    path = exchange.path
    if path != ALIAS and not path.startswith(ALIAS + "/"):
        return exchange
    if exchange.method == "OPTIONS":
        return replace(exchange, path="/buckets/id" + path[len(ALIAS) :])
    if exchange.user_id is None:
        raise Unauthenticated
    if site.settings.readonly:
        message = "the personal bucket cannot be used on a read-only server"
        raise ReadOnly(message)
    bucket = bucket_id(site, exchange.user_id)
    rest = path[len(ALIAS) :]
    if rest or exchange.method != "PUT":
        _ensure(site, exchange, bucket, _implied_collection(site, exchange, rest))
    body = exchange.body if rest else _with_real_id(exchange.body, bucket)
    return replace(exchange, path=f"/buckets/{bucket}{rest}", body=body)


def _implied_collection(site: Site, exchange: Exchange, rest: str) -> str | None:
    """The collection that must exist for this path to make sense. Source: protocol D-6."""
    parts = rest.split("/")[1:]
    if parts[:1] != ["collections"] or len(parts) < 2 or not parts[1]:  # noqa: PLR2004  type and id
        return None
    is_itself = len(parts) == 2  # noqa: PLR2004  type and id
    if is_itself and exchange.method == "PUT":
        return None
    if not site.server.types.ids[COLLECTION.name].match(parts[1]):
        raise InvalidInput(Fault("path", None, "Invalid collection id"))
    return parts[1]


def _ensure(site: Site, exchange: Exchange, bucket: str, collection: str | None) -> None:
    """Create what the path takes for granted."""
    user_id = str(exchange.user_id)
    keys = [ObjectKey("", BUCKET.name, bucket)]
    if collection is not None:
        keys.append(ObjectKey(keys[0].uri, COLLECTION.name, collection))

    def missing(tx: Transaction) -> bool:
        found = tx.look_up(keys, user_id=user_id)
        return any(live(stored) is None for stored in found.objects)

    def work(tx: Transaction) -> None:
        tx.forget_reading()
        _create(tx, site, object_address(BUCKET, (bucket,)), user_id)
        if collection is not None:
            _create(tx, site, object_address(COLLECTION, (bucket, collection)), user_id)

    if site.read(exchange, missing):
        site.write(exchange, work)


def _create(tx: Transaction, site: Site, address: ObjectAddress, user: str) -> None:
    """Create an object for its owner unless it is there, whatever else the owner may create."""
    access = Access(site.server.types, {}, administrators=(user,))
    rules = Rules(site.server.types, access, explicit_permissions=False)
    body = ObjectBody({}, {"write": [user]})
    kinds = (*address.type.ancestors, address.type)
    ids = (*(key.id for key in address.list.ancestors), address.key.id)
    call = Call(
        read=lambda: body,
        caller=Caller(user),
        uri=address.uri,
        url_ids={f"{kind.name}_id": each for kind, each in zip(kinds, ids, strict=True)},
    )
    create(tx, rules, address.list, call, address.key.id)


def _with_real_id(body: bytes, bucket: str) -> bytes:
    """The body with ``default`` as the bucket's own id replaced. Source: protocol D-9."""
    if b'"default"' not in body:
        return body
    try:
        value = json.loads(body, 100)
    except json.InvalidJSON:
        return body
    data = value.get("data") if isinstance(value, dict) else None
    if isinstance(data, dict) and data.get("id") == "default":
        data["id"] = bucket
        return json.dumpb(value)
    return body
