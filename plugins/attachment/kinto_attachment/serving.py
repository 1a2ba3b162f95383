"""Downloads: the bytes of a file, such that no browser takes them for a page of ours.

Source: attachment A-2, A-37, A-87, A-89, A-92, A-93.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from urllib.parse import quote

from kinto_attachment import links, names
from kinto_attachment.links import Found
from kinto_attachment.metadata import UNKNOWN, is_media_type
from kinto_attachment.plugin import Attachments, attachments_of
from kinto_attachment.ranges import Span, Unsatisfiable, is_failed, is_unchanged, span
from kinto_core.http.cors import BASE_EXPOSED
from kinto_core.http.errors import MODIFIED, URL_MISSING, ErrorKind, HttpError
from kinto_core.http.exchange import Exchange
from kinto_core.http.site import Site
from kinto_core.http.times import http_date
from kinto_core.objects import ObjectKey
from kinto_core.resources.addresses import ObjectAddress, object_address
from kinto_core.resources.calls import Call
from kinto_core.resources.reading import fetch
from kinto_core.resources.record import RECORD
from kinto_core.transactions import Transaction

FOLDER = "/attachments/"
PATH = FOLDER + "{path:.+}"
METHODS = ("GET", "HEAD", "OPTIONS")
EXPOSED = (
    "Accept-Ranges",
    "Content-Disposition",
    "Content-Range",
    "ETag",
    "Last-Modified",
)
PRIVATE_ATTRIBUTE = "private_attachments"
"""Of a collection: downloads need the permission to read the record."""

INLINE = frozenset(
    {
        "image/png",
        "image/jpeg",
        "image/gif",
        "image/webp",
        "image/avif",
        "audio/aac",
        "audio/flac",
        "audio/mpeg",
        "audio/ogg",
        "audio/wav",
        "video/mp4",
        "video/webm",
        "text/plain",
    }
)
"""Types that a browser may show in place; all others are saved."""
_ACTIVE = ("html", "xml", "svg", "script", "css", "pdf", "flash")
"""Words in the names of types that browsers run; these are served as bytes of no kind."""

POLICY = "default-src 'none'; style-src 'unsafe-inline'; sandbox; frame-ancestors 'none'"
_FIXED = "max-age=31536000, immutable"
_NOT_SATISFIABLE = ErrorKind(416, 107, "The file has no such bytes.", "a range behind the end")


@dataclass(slots=True)
class Download:
    """What is answered.

    Attributes:
        status: 200, 206 or 304.
        headers: all of them but those of every answer.
        content: the bytes, one piece after the other.
    """

    status: int
    headers: list[tuple[str, str]]
    content: Iterable[bytes] = field(default=())


def download(site: Site, exchange: Exchange) -> Download:
    """Answer ``GET`` and ``HEAD`` of a file.

    Raises:
        HttpError: 404, 412 or 416.
        NotAllowed: the record may not be read, where that counts.
    """
    plugin = attachments_of(site.server)
    path = exchange.path.removeprefix(FOLDER)
    found, is_private = site.read(exchange, lambda tx: _look(plugin, site, exchange, tx, path))
    etag, modified = f'"{found.sha256}"', http_date(found.created)
    if is_failed(exchange.headers, etag):
        raise HttpError(MODIFIED)
    headers = _headers(found, etag, modified, is_private=is_private)
    if is_unchanged(exchange.headers, etag):
        return Download(304, headers)
    # A path that another file may get can have two contents within one second: no date tells them.
    date = modified if found.is_fixed else None
    try:
        wanted = (
            span(exchange.headers, found.size, etag, date) if exchange.method == "GET" else None
        )
    except Unsatisfiable as error:
        raise HttpError(
            _NOT_SATISFIABLE, headers=(("Content-Range", f"bytes */{found.size}"),)
        ) from error
    part = wanted if wanted is not None else Span(0, found.size)
    headers += [
        ("Content-Type", served_type(found.media_type)),
        ("Content-Length", str(part.stop - part.start)),
    ]
    if wanted is not None:
        place = f"bytes {part.start}-{part.stop - 1}/{found.size}"
        headers.append(("Content-Range", place))
    if exchange.method == "HEAD":
        return Download(200, headers)
    content = plugin.store.read(found.key, part.start, part.stop)
    return Download(206 if wanted is not None else 200, headers, content)


def served_type(media_type: str) -> str:
    """The type that a file is served with."""
    kind = media_type.lower()
    if kind in INLINE:
        return kind
    if not is_media_type(kind) or any(word in kind for word in _ACTIVE):
        return UNKNOWN
    return kind


def disposition(filename: str, media_type: str) -> str:
    """Whether a browser shows or saves a file, and under what name. Source: RFC 6266."""
    word = "inline" if media_type.lower() in INLINE else "attachment"
    last = filename.replace("\\", "/").rpartition("/")[2]
    name = "".join(letter for letter in last if letter.isprintable()).strip(". ")
    plain = names.clean(name) or "file"
    if not name or name == plain:
        return f'{word}; filename="{plain}"'
    return f"{word}; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"


def _headers(found: Found, etag: str, modified: str, *, is_private: bool) -> list[tuple[str, str]]:
    if is_private:
        caching = "private, no-cache"
    else:
        caching = f"public, {_FIXED}" if found.is_fixed else "public, no-cache"
    return [
        ("ETag", etag),
        ("Last-Modified", modified),
        ("Accept-Ranges", "bytes"),
        ("Cache-Control", caching),
        ("Content-Disposition", disposition(found.filename, found.media_type)),
        ("Content-Security-Policy", POLICY),
        ("X-Content-Type-Options", "nosniff"),
        ("Cross-Origin-Resource-Policy", "cross-origin"),
        ("Access-Control-Expose-Headers", ", ".join((*BASE_EXPOSED, *EXPOSED))),
    ]


def _look(
    plugin: Attachments, site: Site, exchange: Exchange, tx: Transaction, path: str
) -> tuple[Found, bool]:
    """The file, if the caller may have it, and whether not everybody may."""
    with site.server.storage.database.reading() as connection:
        found = links.find(connection, path)
    if found is None:
        raise HttpError(URL_MISSING)
    if not _is_private(plugin, tx, found.record):
        return found, False
    call: Call[None] = Call(read=lambda: None, caller=site.caller(exchange))
    fetch(tx, site.server.rules, address_of(found.record), call)
    return found, True


def _is_private(plugin: Attachments, tx: Transaction, record: ObjectKey) -> bool:
    bucket_uri, _, collection_id = record.parent_id.rpartition("/collections/")
    if plugin.rules.of(bucket_uri.removeprefix("/buckets/"), collection_id).private:
        return True
    collection = tx.fetch(ObjectKey(bucket_uri, "collection", collection_id))
    if collection is None or PRIVATE_ATTRIBUTE not in collection.text:
        return False
    return collection.data.get(PRIVATE_ATTRIBUTE) is True


def address_of(record: ObjectKey) -> ObjectAddress:
    """The address of a record."""
    return object_address(RECORD, (*record.parent_id.split("/")[2::2], record.id))
