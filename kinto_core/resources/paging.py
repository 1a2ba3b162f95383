"""How many objects a page has, and the token that says where the next one begins.

A token is signed and tied to the list, its filters and its order: it cannot be forged, nor used
elsewhere. It can be read; it only holds values that its owner has seen. Single-use tokens carry a
nonce, which somebody else remembers.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable, Mapping
from hashlib import blake2b
from hmac import compare_digest
from operator import itemgetter
from typing import Any, Final

from kinto_core import json
from kinto_core.errors import Fault, InvalidInput
from kinto_core.storage.query import MISSING

INVALID_TOKEN: Final = Fault("querystring", None, "_token has invalid content")
"""Source: protocol G-7."""

_SIGNATURE_BYTES: Final = 16
_NOT_THE_QUERY: Final = frozenset({"_token", "_limit", "_fields"})


def page_size(limit: int | None, paginate_by: int | None, max_fetch: int) -> int:
    """The most objects of a page.

    Args:
        limit: what the client wants; ``None`` for no wish.
        paginate_by: the most a client may want, and what it gets without a wish; ``None`` for none.
        max_fetch: the most the storage reads at once.

    Source: protocol G-1, W-25.
    """
    return min(size for size in (limit, paginate_by, max_fetch) if size)


def fingerprint(method: str, path: str, pairs: Iterable[tuple[str, str]]) -> str:
    """What two requests have in common when they walk through the same pages.

    Args:
        method: ``HEAD`` counts as ``GET``.
        path: of the list.
        pairs: the parameters of the query string; the page and the shown fields may differ.
    """
    named = ((name.strip(), value) for name, value in pairs)
    query = [pair for pair in named if pair[0] not in _NOT_THE_QUERY]
    query.sort(key=itemgetter(0))
    content = json.dumpb(["GET" if method == "HEAD" else method, path, query])
    return blake2b(content, digest_size=16).hexdigest()


def encode(after: Mapping[str, Any], fingerprint: str, secret: bytes, nonce: str | None) -> str:
    """A token for the page after an object.

    Args:
        after: the values that the object is sorted by and its id; may hold ``MISSING``.
        fingerprint: of the query.
        secret: the key of the signature.
        nonce: marks a token that can be used once; ``None`` for one that lasts.
    """
    values = {name: value for name, value in after.items() if value is not MISSING}
    content = json.dumpb([values, nonce])
    signed = _signature(content, fingerprint, secret) + content
    return urlsafe_b64encode(signed).decode().rstrip("=")


def decode(token: str, fingerprint: str, secret: bytes) -> tuple[dict[str, Any], str | None]:
    """The values in a token, without those that were missing, and its nonce if it has one.

    Raises:
        InvalidInput: the token was not made by us for this query. Source: protocol G-7.
    """
    try:
        signed = urlsafe_b64decode(token + "=" * (-len(token) % 4))
    except ValueError as error:
        raise InvalidInput(INVALID_TOKEN) from error
    signature, content = signed[:_SIGNATURE_BYTES], signed[_SIGNATURE_BYTES:]
    if not compare_digest(signature, _signature(content, fingerprint, secret)):
        raise InvalidInput(INVALID_TOKEN)
    after, nonce = json.parse(content)
    return after, nonce


def _signature(content: bytes, fingerprint: str, secret: bytes) -> bytes:
    key = blake2b(secret, digest_size=32).digest()
    return blake2b(
        fingerprint.encode() + content, key=key, digest_size=_SIGNATURE_BYTES, person=b"kinto-page"
    ).digest()
