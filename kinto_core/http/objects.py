"""The object endpoints: GET, HEAD, PUT, PATCH, DELETE of one object.

Parse, call an operation, present; nothing is decided here.
"""

from typing import Any

from kinto_core import json
from kinto_core.errors import Fault, InvalidInput
from kinto_core.http import parsing, presenting, reads
from kinto_core.http.caching import cache_headers
from kinto_core.http.exchange import Exchange, Reply
from kinto_core.http.querystring import parse_pairs, read_fields, read_last_modified
from kinto_core.http.routing import Target
from kinto_core.http.site import Site
from kinto_core.resources.bodies import ObjectBody, parse_body
from kinto_core.resources.calls import Call, ObjectAnswer
from kinto_core.resources.deleting import delete
from kinto_core.resources.patching import Behavior, Patch, parse_patch, respond
from kinto_core.resources.preconditions import Preconditions
from kinto_core.resources.projection import project
from kinto_core.resources.reading import fetch
from kinto_core.resources.writing import patch, replace


def get_object(site: Site, exchange: Exchange, target: Target) -> Reply:
    """Answer ``GET`` and ``HEAD``. Source: protocol R-18 to R-21."""
    conditions, faults = parsing.preconditions(exchange.headers)

    def read() -> None:
        _, body_faults = read_body(site, exchange, required=False)
        _refuse([*faults, *body_faults])

    address = target.object
    call = Call(read, site.caller(exchange), conditions)
    answer = site.read(exchange, lambda tx: fetch(tx, site.server.rules, address, call))
    fields = read_fields(parse_pairs(exchange.query)) if exchange.query else None
    if fields is None:
        text = answer.object.text
        reply = presenting.object_reply(200, answer.object, answer.grants)
    else:
        text = json.dumps(project(answer.object.data, fields))
        reply = presenting.partial_reply(200, text, answer.object.last_modified)
    reads.tell(site, exchange, target, (text,))
    reply.headers += _cache_headers(site, exchange, target, answer)
    return reply


def put_object(site: Site, exchange: Exchange, target: Target) -> Reply:
    """Answer ``PUT``. Source: protocol R-22 to R-26."""
    parsing.media_type(exchange.headers, (parsing.JSON,))
    conditions, faults = parsing.preconditions(exchange.headers)
    value, body_faults = read_body(site, exchange, required=True)

    def read() -> ObjectBody:
        return object_body(site, target, value, [*faults, *body_faults])

    call = make_call(site, exchange, target, conditions, read)
    answer = site.write(exchange, lambda tx: replace(tx, site.server.rules, target.object, call))
    status = 201 if answer.is_new else 200
    return presenting.object_reply(status, answer.object, answer.grants)


def patch_object(site: Site, exchange: Exchange, target: Target) -> Reply:
    """Answer ``PATCH``. Source: protocol section 4."""
    media_type = parsing.media_type(exchange.headers, parsing.PATCH_TYPES)
    conditions, faults = parsing.preconditions(exchange.headers)
    behavior, more = _behavior(exchange)
    value, body_faults = read_body(site, exchange, required=True)
    faults = [*faults, *more, *body_faults]

    def read() -> Patch:
        names = site.server.types.permission_names(target.type)
        change, patch_faults = parse_patch(media_type, value, names)
        _refuse([*faults, *([] if body_faults else patch_faults)])
        return change

    call = make_call(site, exchange, target, conditions, read)
    answer, patched = site.write(
        exchange, lambda tx: patch(tx, site.server.rules, target.object, call)
    )
    if behavior is Behavior.FULL:
        return presenting.object_reply(200, answer.object, answer.grants)
    text = json.dumps(respond(behavior, patched, answer.object.data))
    return presenting.partial_reply(200, text, answer.object.last_modified)


def delete_object(site: Site, exchange: Exchange, target: Target) -> Reply:
    """Answer ``DELETE``. Source: protocol R-27 to R-32."""
    conditions, faults = parsing.preconditions(exchange.headers)

    def read() -> int | None:
        _, body_faults = read_body(site, exchange, required=False)
        wanted, query_faults = read_last_modified(parse_pairs(exchange.query))
        _refuse([*faults, *body_faults, *query_faults])
        return wanted

    call = make_call(site, exchange, target, conditions, read)
    answer = site.write(exchange, lambda tx: delete(tx, site.server.rules, target.object, call))
    return presenting.object_reply(200, answer.object, None)


def read_body(site: Site, exchange: Exchange, *, required: bool) -> tuple[Any, list[Fault]]:
    """The JSON value of the body and its faults."""
    if not exchange.body:
        return None, []
    return parsing.json_body(
        exchange.headers,
        exchange.body,
        max_depth=site.settings.max_json_depth,
        required=required,
    )


def object_body(site: Site, target: Target, value: Any, faults: list[Fault]) -> ObjectBody:  # noqa: ANN401  JSON
    """The checked content of a POST or PUT.

    Raises:
        InvalidInput: with all faults, those of the rest of the request (``faults``) included.
    """
    names = site.server.types.permission_names(target.type)
    body, body_faults = parse_body(value, permission_names=names)
    if body.data is not None and not body_faults:
        data, field_faults = target.type.fields(body.data, "data.")
        body_faults = [*body_faults, *field_faults]
        body = ObjectBody(data, body.permissions)
    _refuse([*faults, *body_faults])
    return body


def make_call(
    site: Site,
    exchange: Exchange,
    target: Target,
    conditions: Preconditions,
    read: Any,  # noqa: ANN401  any input
) -> Call[Any]:
    """A write as the operations see it."""
    return Call(
        read=read,
        caller=site.caller(exchange),
        preconditions=conditions,
        uri=exchange.path,
        url_ids=target.url_ids,
        only=exchange.only,
    )


def _behavior(exchange: Exchange) -> tuple[Behavior, list[Fault]]:
    """The wanted form of a PATCH's answer. Source: protocol X-25."""
    value = exchange.headers.get("response-behavior") or "full"
    try:
        return Behavior(value), []
    except ValueError:
        text = f'"{value}" is not one of {", ".join(item.value for item in Behavior)}'
        return Behavior.FULL, [Fault("header", "Response-Behavior", text)]


def _cache_headers(
    site: Site, exchange: Exchange, target: Target, answer: ObjectAnswer
) -> list[tuple[str, str]]:
    if exchange.identity is not None:
        return [presenting.NO_CACHE]
    expires = site.settings.cache_expires_seconds
    return cache_headers(target.type.name, target.ids, answer.parent, expires, site.server.clock())


def _refuse(faults: list[Fault]) -> None:
    if faults:
        raise InvalidInput(*faults)
