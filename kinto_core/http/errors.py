"""From what an error means to what the protocol says: one table.

Source: protocol section 10.
"""

from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from kinto_core import errors, json
from kinto_core.http.exchange import Reply
from kinto_core.http.times import http_date


@dataclass(frozen=True, slots=True)
class ErrorKind:
    """How one class of errors is answered.

    Attributes:
        status: the status code.
        errno: the protocol's number. Source: protocol E-3.
        message: a fixed text; ``None``: no message.
        meaning: for the manual.
    """

    status: int
    errno: int
    message: str | None
    meaning: str


class HttpError(errors.KintoError):
    """A fault of the HTTP conversation itself, which nothing below this layer knows.

    Attributes:
        kind: how it is answered.
        reply_headers: additional headers of the answer.
        error: replaces the reason phrase in the body.
        details: the body's ``details``.
    """

    def __init__(
        self,
        kind: ErrorKind,
        *,
        message: str | None = None,
        headers: tuple[tuple[str, str], ...] = (),
        error: str | None = None,
        details: Any = None,  # noqa: ANN401  JSON
    ) -> None:
        super().__init__(message or kind.message or kind.meaning)
        self.kind = kind
        self.message = message or kind.message
        self.reply_headers = headers
        self.error = error
        self.details = details


INVALID = "Invalid parameters"
VIOLATED = "Constraint violated"

UNAUTHENTICATED = ErrorKind(
    401, 104, "Please authenticate yourself to use this endpoint.", "no valid credentials"
)
FORBIDDEN = ErrorKind(403, 121, "This user cannot access this resource.", "not allowed")
INVALID_PARAMETERS = ErrorKind(400, 107, None, "faulty body, query string, header or path")
OBJECT_MISSING = ErrorKind(404, 110, None, "the addressed object does not exist")
PARENT_MISSING = ErrorKind(404, 111, None, "what should contain the object does not exist")
URL_MISSING = ErrorKind(
    404, 111, "The resource you are looking for could not be found.", "nothing has this URL"
)
VERSION_MISSING = ErrorKind(
    404,
    116,
    "The requested API version is not available on this server.",
    "another version of the protocol",
)
METHOD_NOT_ALLOWED = ErrorKind(
    405, 115, "Method not allowed on this endpoint.", "the method is unknown here, or read-only"
)
NOT_ACCEPTABLE = ErrorKind(406, 107, None, "the answer's type is not acceptable to the client")
CONFLICT = ErrorKind(
    409, 122, "Integrity constraint violated, please retry.", "a rule of the database"
)
NOT_UNIQUE = ErrorKind(409, 122, None, "another object has the same values in a unique index")
GONE = ErrorKind(
    410,
    202,
    "The service you are trying to connect no longer exists at this location.",
    "end of service",
)
MODIFIED = ErrorKind(412, 114, "Resource was modified meanwhile", "a precondition failed")
TOO_LARGE = ErrorKind(413, 113, "The request is too large.", "the body is over its limit")
UNSUPPORTED_TYPE = ErrorKind(415, 107, None, "the body's type is not supported")
TOO_MANY = ErrorKind(429, 117, "Too many requests, please slow down.", "over a rate limit")
QUOTA_EXCEEDED = ErrorKind(507, 123, None, "a bucket or collection would hold more than its quota")
BUG = ErrorKind(500, 999, "A programmatic error occurred, developers have been informed.", "a bug")
UNAVAILABLE = ErrorKind(
    503,
    201,
    "Service temporary unavailable due to overloading or maintenance, please retry later.",
    "a backend is away",
)

KINDS: tuple[tuple[type[errors.KintoError], ErrorKind], ...] = (
    (errors.Unauthenticated, UNAUTHENTICATED),
    (errors.Refused, FORBIDDEN),
    (errors.QuotaExceeded, QUOTA_EXCEEDED),
    (errors.Forbidden, FORBIDDEN),
    (errors.InvalidInput, INVALID_PARAMETERS),
    (errors.ValueTooLong, INVALID_PARAMETERS),
    (errors.ParentNotFound, PARENT_MISSING),
    (errors.ObjectNotFound, OBJECT_MISSING),
    (errors.ModifiedMeanwhile, MODIFIED),
    (errors.NotUnique, NOT_UNIQUE),
    (errors.ReadOnly, METHOD_NOT_ALLOWED),
    (errors.ConstraintViolated, CONFLICT),
    (errors.WriteConflict, CONFLICT),
    (errors.BackendUnavailable, UNAVAILABLE),
    (errors.TooManyRequests, TOO_MANY),
    (errors.Overloaded, UNAVAILABLE),
)
"""The answer to each class of errors; the first that fits counts."""


def error_body(
    kind: ErrorKind,
    *,
    message: str | None = None,
    error: str | None = None,
    details: Any = None,  # noqa: ANN401  JSON
    info: str | None = None,
) -> bytes:
    """The JSON body of an error. Source: protocol E-1."""
    body: dict[str, Any] = {
        "code": kind.status,
        "errno": kind.errno,
        "error": error or HTTPStatus(kind.status).phrase,
    }
    if message is not None:
        body["message"] = message
    if info is not None:
        body["info"] = info
    if details is not None:
        body["details"] = details
    return json.dumpb(body)


def reply_to(error: errors.KintoError, *, challenges: tuple[str, ...], retry_after: int) -> Reply:
    """The answer to an error.

    Args:
        error: any of ours.
        challenges: the ``WWW-Authenticate`` headers of a 401.
        retry_after: seconds, for 503 and the 409 that may be tried again.
    """
    if isinstance(error, errors.NotModified):
        return Reply(304, None, version_headers(error.last_modified))
    if isinstance(error, HttpError):
        body = error_body(
            error.kind, message=error.message, error=error.error, details=error.details
        )
        return Reply(error.kind.status, body, list(error.reply_headers))
    kind = next((kind for known, kind in KINDS if isinstance(error, known)), BUG)
    headers: list[tuple[str, str]] = []
    if kind is UNAUTHENTICATED:
        headers = [("WWW-Authenticate", challenge) for challenge in challenges]
    elif kind in (UNAVAILABLE, CONFLICT):
        headers = [("Retry-After", str(retry_after))]
    elif isinstance(error, errors.TooManyRequests):
        headers = [("Retry-After", str(error.retry_after_seconds))]
    elif isinstance(error, errors.ModifiedMeanwhile):
        headers = version_headers(error.last_modified)
    return Reply(kind.status, _body(error, kind), headers)


def version_headers(last_modified: int) -> list[tuple[str, str]]:
    """``ETag`` and ``Last-Modified`` of a timestamp in milliseconds. Source: protocol T-6, T-7."""
    return [("ETag", f'"{last_modified}"'), ("Last-Modified", http_date(last_modified))]


def _body(error: errors.KintoError, kind: ErrorKind) -> bytes:
    if isinstance(error, errors.InvalidInput):
        return _invalid(error)
    return error_body(
        kind,
        message=str(error.args[0]) if isinstance(error, _TOLD) and error.args else kind.message,
        error=VIOLATED if kind is NOT_UNIQUE else None,
        details=_details(error),
    )


_TOLD = (
    errors.Refused
    | errors.QuotaExceeded
    | errors.NotUnique
    | errors.ValueTooLong
    | errors.TooManyRequests
)
"""Errors whose own message is for the caller."""


def _details(error: errors.KintoError) -> dict[str, Any] | None:
    if isinstance(error, errors.ObjectNotFound):
        return {"id": error.object_id, "resource_name": error.resource_name}
    if isinstance(error, errors.QuotaExceeded):
        return {name: getattr(error, name) for name in ("uri", "quota", "limit", "value")}
    if isinstance(error, errors.ModifiedMeanwhile | errors.NotUnique):
        existing = {"existing": json.parse(error.existing)} if error.existing is not None else {}
        named = {"field": error.field} if isinstance(error, errors.NotUnique) else {}
        return {**named, **existing} or None
    return None


def _invalid(error: errors.InvalidInput) -> bytes:
    """All faults, sorted by name; the message tells of the first. Source: protocol E-6 to E-8."""
    faults = sorted(error.faults, key=lambda fault: str(fault.name))
    details = [
        {"location": fault.location, "name": fault.name, "description": fault.description}
        for fault in faults
    ]
    return error_body(
        INVALID_PARAMETERS, message=_message(faults[0]), error=INVALID, details=details
    )


def _message(fault: errors.Fault) -> str:
    if fault.name is None:
        return f"{fault.location}: {fault.description}"
    if str(fault.name) in fault.description:
        return fault.description
    return f"{fault.name} in {fault.location}: {fault.description}"
