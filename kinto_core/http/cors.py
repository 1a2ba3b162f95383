"""Which web pages may use the server, and what they may read of its answers.

Source: protocol section 11.
"""

from collections.abc import Sequence
from fnmatch import fnmatchcase

from kinto_core.errors import Fault, InvalidInput
from kinto_core.http.exchange import Exchange, Reply

BASE_EXPOSED = ("Backoff", "Retry-After", "Alert", "Content-Length", "Content-Type")
_MANDATORY = "this header is mandatory"


def allowed_origin(origin: str | None, origins: Sequence[str]) -> str | None:
    """The value of ``Access-Control-Allow-Origin``; ``None`` when there is none to send."""
    if not origin:
        return None
    if "*" in origins:
        return "*"
    if any(fnmatchcase(origin, pattern) for pattern in origins):
        return origin
    return None


def require_allowed_origin(origin: str | None, origins: Sequence[str]) -> None:
    """Refuse a request from a page of another site.

    Raises:
        InvalidInput: the origin is not accepted. Source: protocol C-2.
    """
    if origin and origins and allowed_origin(origin, origins) is None:
        raise InvalidInput(Fault("header", "Origin", f"{origin} not allowed"))


def preflight(
    exchange: Exchange,
    methods: Sequence[str],
    exposed: Sequence[str],
    *,
    origins: Sequence[str],
    max_age_seconds: int | None,
) -> Reply:
    """The answer to a preflight request.

    Args:
        exchange: the ``OPTIONS`` request.
        methods: of the URL.
        exposed: every header that its answers may expose.
        origins: accepted ones.
        max_age_seconds: how long browsers may keep the answer.

    Raises:
        InvalidInput: mandatory headers are missing, or ask for what is not there. Source: C-6.
    """
    origin = exchange.headers.get("origin")
    method = exchange.headers.get("access-control-request-method")
    faults = []
    if not origin:
        faults.append(Fault("header", "Origin", _MANDATORY))
    if not method:
        faults.append(Fault("header", "Access-Control-Request-Method", _MANDATORY))
    if faults:
        raise InvalidInput(*faults)
    if method not in methods:
        raise InvalidInput(Fault("header", "Access-Control-Request-Method", "Method not allowed"))
    require_allowed_origin(origin, origins)
    asked = exchange.headers.get("access-control-request-headers", "")
    more = (name.strip() for name in asked.split(",") if name.strip())
    names = dict.fromkeys((*BASE_EXPOSED, *exposed, *more))
    headers = [
        ("Access-Control-Allow-Methods", ",".join(methods)),
        ("Access-Control-Allow-Headers", ",".join(names)),
    ]
    if max_age_seconds:
        headers.append(("Access-Control-Max-Age", str(max_age_seconds)))
    return Reply(200, b"null", headers, exposed=None)
