"""Uploads that can be interrupted and resumed: the tus protocol beside the form.

``POST …/attachment/uploads`` begins one, ``PATCH`` adds bytes, ``HEAD`` says how many there are,
``DELETE`` gives it up. With the last byte the record gets its file, as with the form. What becomes
of pieces is decided in ``tus_completing.py``.

Source: tus 1.0.0, core protocol, creation, checksum, expiration, termination.
"""

import uuid
from collections.abc import Callable
from typing import Any

from kinto_attachment import tus_completing, tus_uploads
from kinto_attachment.failures import (
    CutShort,
    bad_part,
    cut_short,
    extension_refused,
    nameless,
    too_large,
)
from kinto_attachment.incoming import Incoming
from kinto_attachment.plugin import Attachments, attachments_of
from kinto_attachment.receiving import EXCESS, FIELDS
from kinto_attachment.tus_headers import (
    ALGORITHMS,
    EXTENSIONS,
    VERSION,
    Checksum,
    metadata,
    number,
    require_piece,
    require_version,
)
from kinto_attachment.tus_uploads import Upload
from kinto_attachment.uploading import PATH as ATTACHMENT_PATH
from kinto_attachment.uploading import in_transaction, resolved, wish_of, with_fields
from kinto_attachment.writing import Wish, require_writable
from kinto_core import json
from kinto_core.errors import KintoError
from kinto_core.http.cors import preflight
from kinto_core.http.errors import URL_MISSING, ErrorKind, HttpError
from kinto_core.http.exchange import Exchange, Reply
from kinto_core.http.site import Site
from kinto_core.http.times import http_date
from kinto_core.http.views import failure

CREATION_PATH = ATTACHMENT_PATH + "/uploads"
PATH = CREATION_PATH + "/{upload_id}"
CREATION_METHODS = ("POST", "OPTIONS")
METHODS = ("HEAD", "PATCH", "DELETE", "OPTIONS")
EXPOSED = (
    "Location",
    "Tus-Resumable",
    "Upload-Expires",
    "Upload-Length",
    "Upload-Metadata",
    "Upload-Offset",
)
_SUFFIX = "/attachment/uploads"
_SPOKEN = ("Tus-Resumable", VERSION)
_ELSEWHERE = ErrorKind(409, 122, "Upload-Offset is not where the upload is.", "another offset")

Answer = Callable[[Site, Any], Reply]


def speaking(answer: Answer) -> Answer:
    """An answer that says which version of tus it is in, whatever happens."""

    def serve(site: Site, asked: Exchange | Incoming) -> Reply:
        exchange = asked.exchange if isinstance(asked, Incoming) else asked
        try:
            if exchange.transaction is not None:  # files do not come in batches
                raise HttpError(URL_MISSING)
            require_version(exchange.headers)
            reply = answer(site, asked)
        except KintoError as error:
            reply = failure(site, error, exposed=EXPOSED)
        reply.headers.append(_SPOKEN)
        reply.exposed = EXPOSED
        return reply

    return serve


def options(site: Site, exchange: Exchange, methods: tuple[str, ...]) -> Reply:
    """Answer ``OPTIONS``: what this server can do, to browsers and to others."""
    limit = attachments_of(site.server).settings.max_size_bytes
    headers = [
        _SPOKEN,
        ("Tus-Version", VERSION),
        ("Tus-Extension", ",".join(EXTENSIONS)),
        ("Tus-Checksum-Algorithm", ",".join(ALGORITHMS)),
    ]
    if limit is not None:
        headers.append(("Tus-Max-Size", str(limit)))
    if exchange.headers.get("origin") is None:
        return Reply(204, None, headers)
    reply = preflight(
        exchange,
        methods,
        EXPOSED,
        origins=site.settings.cors_origins,
        max_age_seconds=site.settings.cors_max_age_seconds,
    )
    reply.headers += headers
    return reply


def _create(site: Site, exchange: Exchange) -> Reply:
    plugin = attachments_of(site.server)
    exchange = resolved(site, exchange)
    wish = wish_of(site, exchange, _SUFFIX)
    site.read(exchange, lambda tx: require_writable(plugin, tx, wish))
    length = number(exchange.headers, "Upload-Length")
    limit = plugin.rules.of(*wish.ids[:2]).max_size_bytes
    if limit is not None and length > limit:
        raise too_large(limit)
    told = exchange.headers.get("upload-metadata", "")
    wish, filename, declared = _told(site, wish, told)
    if not plugin.extensions.accept(filename):
        raise extension_refused()
    upload = Upload(
        id=uuid.uuid4().hex,
        record=wish.address.key,
        user_id=exchange.user_id or "",
        length=length,
        place=0,
        told=told,
        expires=_expiry(plugin),
    )
    site.write(exchange, lambda tx: tus_uploads.begin(tx.connection, upload))
    if length == 0:
        file = tus_completing.Arrived(upload, wish, filename, declared)
        tus_completing.complete_empty(plugin, in_transaction(site, exchange), file)
    url = f"{exchange.origin_url}{site.prefix}{wish.address.uri}{_SUFFIX}/{upload.id}"
    return Reply(201, None, [("Location", url), *_standing(upload)])


def _look(site: Site, exchange: Exchange) -> Reply:
    if exchange.method == "DELETE":
        return _give_up(site, exchange)
    plugin = attachments_of(site.server)
    _, _, upload = _found(plugin, site, exchange)
    headers = [
        ("Upload-Length", str(upload.length)),
        ("Upload-Metadata", upload.told),
        ("Cache-Control", "no-store"),
        *_standing(upload),
    ]
    return Reply(200, None, headers)


def _give_up(site: Site, exchange: Exchange) -> Reply:
    plugin = attachments_of(site.server)
    exchange, _, upload = _found(plugin, site, exchange)
    keys = site.write(exchange, lambda tx: tus_uploads.drop(tx.connection, upload.id))
    plugin.discard(keys)
    return Reply(204)


def _add_piece(site: Site, incoming: Incoming) -> Reply:
    plugin = attachments_of(site.server)
    headers = incoming.exchange.headers
    require_piece(headers)
    place = number(headers, "Upload-Offset")
    checked = headers.get("upload-checksum")
    checksum = Checksum(checked) if checked is not None else None
    exchange, wish, upload = _found(plugin, site, incoming.exchange)
    if place != upload.place:
        raise HttpError(_ELSEWHERE, headers=(("Upload-Offset", str(upload.place)),))
    missing = upload.length - upload.place
    if incoming.length is not None and incoming.length > missing + EXCESS:
        raise too_large(missing)
    wish, filename, declared = _told(site, wish, upload.told)
    arrived = tus_completing.Arrived(upload, wish, filename, declared)
    transact = in_transaction(site, exchange)
    expires = _expiry(plugin)
    try:
        new_place = tus_completing.take(
            plugin, transact, arrived, incoming.chunks(), checksum, expires
        )
    except CutShort as error:
        raise cut_short() from error
    return Reply(204, None, [("Upload-Offset", str(new_place)), _expires(expires)])


create = speaking(_create)
look = speaking(_look)
add_piece = speaking(_add_piece)


def _found(plugin: Attachments, site: Site, exchange: Exchange) -> tuple[Exchange, Wish, Upload]:
    """The upload that a path names, if it is the caller's.

    Raises:
        HttpError: there is none, or not any more.
    """
    exchange = resolved(site, exchange)
    upload_id = exchange.path.rpartition("/")[2]
    wish = wish_of(site, exchange, f"{_SUFFIX}/{upload_id}")
    with site.server.storage.database.reading() as connection:
        upload = tus_uploads.find(connection, upload_id)
    if (
        upload is None
        or upload.record != wish.address.key
        or upload.user_id != (exchange.user_id or "")
        or upload.expires < plugin.server.clock()
    ):
        raise HttpError(URL_MISSING)
    return exchange, wish, upload


def _told(site: Site, wish: Wish, text: str) -> tuple[Wish, str, str | None]:
    """The wish with what ``Upload-Metadata`` adds, the file's name and its declared type.

    Raises:
        HttpError, InvalidInput: it cannot be read, or has no file name.
    """
    told = metadata(text)
    filename = told.get("filename") or told.get("name")
    if not filename:
        raise nameless()
    fields: dict[str, object] = {}
    for name in FIELDS:
        if name in told:
            try:
                fields[name] = json.loads(told[name], site.settings.max_json_depth)
            except json.InvalidJSON as error:
                message = f"{name} is not valid JSON ({error})"
                raise bad_part(message) from error
            if not isinstance(fields[name], dict):
                message = f"{name} must be a JSON object"
                raise bad_part(message)
    declared = told.get("filetype") or told.get("type") or None
    return with_fields(wish, fields), filename, declared


def _expiry(plugin: Attachments) -> int:
    seconds = plugin.settings.upload_expiration_seconds
    return plugin.server.clock() + int(seconds * 1000)


def _standing(upload: Upload) -> list[tuple[str, str]]:
    return [("Upload-Offset", str(upload.place)), _expires(upload.expires)]


def _expires(moment: int) -> tuple[str, str]:
    return ("Upload-Expires", http_date(moment))
