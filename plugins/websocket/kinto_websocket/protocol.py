"""The frames of the live protocol as values, and back; no sockets, no events.

A client sends objects with ``id`` and one request: ``connect``, ``refresh``, ``subscribe``,
``unsubscribe`` or ``ping``. Described for those who write clients in
``docs/reference/live-protocol.md``.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from typing import Any, Final

from kinto_core import json
from kinto_core.errors import InvalidInput, KintoError
from kinto_core.eventlog.interface import InvalidPosition, Position
from kinto_websocket.filters import Wanted

VERSION: Final = 1
MAX_DEPTH: Final = 20
"""How deep the JSON of a frame may be nested."""

MAX_ID: Final = 2**53


class CloseCode(IntEnum):
    """Why the server closes: below 4100 come back, after a random pause; from 4400 on do not."""

    SHUTDOWN = 4001
    SERVER_ERROR = 4003
    SLOW = 4008
    TOKEN_EXPIRED = 4010
    STATE_INVALIDATED = 4011
    NO_PONG = 4012
    BAD_FRAME = 4400
    UNAUTHENTICATED = 4401
    FORBIDDEN = 4403
    CONNECT_TIMEOUT = 4408
    TOO_LARGE = 4413
    TOO_MANY = 4429


class Resync(StrEnum):
    """Why what was missed cannot be told completely: read anew, then subscribe."""

    EPOCH = "epoch"
    HORIZON = "horizon"
    FILTER = "filter"
    LIMIT = "limit"
    PERMISSION = "permission"


class BadFrame(KintoError):
    """The frame is none of the protocol; the connection ends."""


class Refusal(KintoError):
    """The request cannot be granted; the connection goes on.

    Attributes:
        code: as the HTTP status of the like: 400, 403, 404, 409, 429, 503.
    """

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class Connect:
    """The first frame. ``token`` is what an ``Authorization`` header would hold."""

    id: int
    token: str | None


@dataclass(frozen=True, slots=True)
class Refresh:
    """A new token for the same user."""

    id: int
    token: str


@dataclass(frozen=True, slots=True)
class Subscribe:
    """Wants the changes of something; ``id`` becomes the number of the subscription.

    Attributes:
        id: of the request.
        uri: a bucket, a collection or another object, without version prefix.
        wanted: which of its changes.
        since: a position in the log, or a ``last_modified``; ``None``: from now on.
        old: whether events carry the object as it was before, too.
    """

    id: int
    uri: str
    wanted: Wanted = field(default_factory=Wanted)
    since: Position | int | None = None
    old: bool = False


@dataclass(frozen=True, slots=True)
class Unsubscribe:
    """Ends the subscription with the number ``sub``."""

    id: int
    sub: int


@dataclass(frozen=True, slots=True)
class Ping:
    """Asks for a sign of life, for clients that cannot send WebSocket pings."""

    id: int


Request = Connect | Refresh | Subscribe | Unsubscribe | Ping


def parse(text: str | bytes) -> Request:
    """The request of a frame.

    Raises:
        BadFrame: it is none.
        Refusal: it is one, with values that cannot be used.
    """
    try:
        frame = json.loads(text, MAX_DEPTH)
    except json.InvalidJSON as error:
        message = f"not JSON: {error}"
        raise BadFrame(message) from error
    if not isinstance(frame, dict):
        message = "expected an object"
        raise BadFrame(message)
    number = frame.get("id")
    if not isinstance(number, int) or isinstance(number, bool) or not 0 <= number < MAX_ID:
        message = "expected a whole number as id"
        raise BadFrame(message)
    names = [name for name in _READERS if name in frame]
    if len(names) != 1 or not isinstance(frame[names[0]], dict):
        message = f"expected one of {', '.join(_READERS)} with an object"
        raise BadFrame(message)
    return _READERS[names[0]](number, frame[names[0]])


def id_of(text: str | bytes) -> int:
    """The id of a frame that ``parse`` understood but for its values."""
    return int(json.loads(text, MAX_DEPTH)["id"])


def _connect(number: int, body: Mapping[str, Any]) -> Connect:
    version = body.get("proto", VERSION)
    if version != VERSION:
        message = f"protocol {version!r} is not spoken here, only {VERSION}"
        raise BadFrame(message)
    return Connect(number, _text(body, "token"))


def _refresh(number: int, body: Mapping[str, Any]) -> Refresh:
    token = _text(body, "token")
    if token is None:
        message = "expected a token"
        raise BadFrame(message)
    return Refresh(number, token)


def _subscribe(number: int, body: Mapping[str, Any]) -> Subscribe:
    uri = _text(body, "uri")
    if uri is None:
        message = "expected the uri of a bucket, a collection or another object"
        raise BadFrame(message)
    try:
        wanted = Wanted.parse(body.get("filters"))
    except InvalidInput as error:
        raise Refusal(400, str(error)) from error
    return Subscribe(number, uri, wanted, _since(body.get("since")), body.get("old") is True)


def _since(value: Any) -> Position | int | None:  # noqa: ANN401  any JSON value
    """A position, a timestamp (as a number or as an ETag), or nothing."""
    if value is None:
        return None
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < MAX_ID:
        return value
    if not isinstance(value, str):
        raise Refusal(400, "since: expected epoch:offset or a last_modified")
    bare = value.strip('"')
    if bare.isascii() and bare.isdigit() and len(bare) < len(str(MAX_ID)):
        return int(bare)
    try:
        return Position.parse(value)
    except InvalidPosition as error:
        raise Refusal(400, f"since: {error} or a last_modified") from error


def _unsubscribe(number: int, body: Mapping[str, Any]) -> Unsubscribe:
    sub = body.get("sub")
    if not isinstance(sub, int) or isinstance(sub, bool):
        message = "expected the number of a subscription as sub"
        raise BadFrame(message)
    return Unsubscribe(number, sub)


def _text(body: Mapping[str, Any], name: str) -> str | None:
    value = body.get(name)
    if value is not None and not isinstance(value, str):
        message = f"{name}: expected a text"
        raise BadFrame(message)
    return value


def _ping(number: int, _body: Mapping[str, Any]) -> Ping:
    return Ping(number)


_READERS: Final[Mapping[str, Callable[[int, Mapping[str, Any]], Request]]] = {
    "connect": _connect,
    "refresh": _refresh,
    "subscribe": _subscribe,
    "unsubscribe": _unsubscribe,
    "ping": _ping,
}


def reply(number: int, name: str, body: Mapping[str, Any]) -> bytes:
    """The answer to a request that was granted."""
    return json.dumpb({"id": number, name: body})


def error(number: int, refusal: Refusal) -> bytes:
    """The answer to a request that was not."""
    return json.dumpb({"id": number, "error": {"code": refusal.code, "message": str(refusal)}})


def resync(number: int, reason: Resync) -> bytes:
    """The answer to a ``since`` that cannot be told completely; there is no subscription."""
    return json.dumpb({"id": number, "resync": reason.value})


def unsubscribed(sub: int, reason: str) -> bytes:
    """A subscription that ended by itself."""
    return json.dumpb({"sub": sub, "unsubscribed": {"reason": reason}})


def expiring(seconds: float) -> bytes:
    """The token is no longer valid; a new one is awaited for a while."""
    return json.dumpb({"expired": {"grace": seconds}})
