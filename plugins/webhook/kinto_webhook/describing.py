"""What the API's description says of this plugin's endpoints: OpenAPI path items.

Data and nothing else; what the endpoints do is in ``views.py``. The webhooks themselves are
described as every resource is.

Source: protocol section 16; OpenAPI (Swagger) 2.0.
"""

from collections.abc import Mapping
from typing import Any, Final

from kinto_core.http.describing import (
    COUNT,
    FLAG,
    MOMENT,
    TEXT,
    answer,
    body,
    data,
    fields,
    operation,
    or_null,
    query,
)
from kinto_core.http.openapi_parts import Json, errors, path_id
from kinto_webhook.actions import TESTABLE
from kinto_webhook.sql import STATES

_TAG: Final = "Webhooks"
_WEBHOOK: Final = [path_id("bucket_id"), path_id("id")]
_DELIVERY: Final = [*_WEBHOOK, path_id("event_id")]
_LARGEST: Final = 10**18 - 1
"""Numbers in the query string have at most 18 digits."""

_NUMBER: Final = {"minimum": 0, "maximum": _LARGEST, "format": "int64"}
_SHOWN: Final[Mapping[str, Json]] = {
    "id": TEXT,
    "type": {**TEXT, "description": "Such as `record.updated`."},
    "created": MOMENT,
    "state": {**TEXT, "enum": list(STATES)},
    "reason": TEXT,
    "attempt_count": COUNT,
    "next_attempt_at": or_null(MOMENT),
}
_ATTEMPT: Final = fields(
    {
        "attempt": {"type": "integer", "minimum": 1},
        "moment": MOMENT,
        "elapsed_ms": COUNT,
        "result": TEXT,
        "reason": TEXT,
        "status": or_null({"type": "integer"}),
        "body": TEXT,
    }
)
_ERRORS: Final = errors("400", "401", "403", "404")
_QUEUED: Final = data(fields({"id": TEXT}))
_NEXT_PAGE: Final = {**TEXT, "description": "The URL of the next page, if there is one."}

_SINCE: Final[Json] = {"description": "Milliseconds since 1970, or a date and time as RFC 3339."}
_SECRET: Final[Json] = {
    **TEXT,
    "description": "`whsec_…`; for signatures `v1a` `whsk_…`, and without one the server makes it.",
}


def _reading(name: str, summary: str, given: Json, **more: Any) -> Json:  # noqa: ANN401  JSON
    return operation(name, _TAG, summary, {"200": given, **_ERRORS}, **more)


def _acting(name: str, summary: str, schema: Json, **more: Any) -> Json:  # noqa: ANN401  JSON
    given = answer("It will be done within about a second.", schema)
    responses = {"202": given, **_ERRORS}
    return operation(name, _TAG, summary, responses, **more)


PATHS: Final[Mapping[str, Json]] = {
    "/deliveries": {
        "parameters": _WEBHOOK,
        "get": _reading(
            "get_webhook_deliveries",
            "The deliveries of a webhook, the latest first.",
            answer(
                "At most 100 deliveries.",
                data({"type": "array", "items": fields(_SHOWN)}),
                {"Next-Page": _NEXT_PAGE},
            ),
            parameters=[
                query("state", enum=list(STATES)),
                query("_limit", "integer", **_NUMBER),
                query("_before", "integer", **_NUMBER),
            ],
        ),
    },
    "/deliveries/{event_id}": {
        "parameters": _DELIVERY,
        "get": _reading(
            "get_webhook_delivery",
            "A delivery and what was tried for it.",
            answer(
                "The delivery.",
                data(fields({**_SHOWN, "attempts": {"type": "array", "items": _ATTEMPT}})),
            ),
        ),
    },
    "/deliveries/{event_id}/resend": {
        "parameters": _DELIVERY,
        "post": _acting(
            "resend_webhook_delivery", "Deliver an event again, whatever came of it.", _QUEUED
        ),
    },
    "/replay": {
        "parameters": _WEBHOOK,
        "post": _acting(
            "replay_webhook",
            "Deliver again what failed since a moment, of the last 14 days.",
            data(fields({"replayed": COUNT})),
            consumes=["application/json"],
            parameters=[body(fields({"since": _SINCE}), is_required=True)],
        ),
    },
    "/ping": {
        "parameters": _WEBHOOK,
        "post": _acting("ping_webhook", "Send a message that says nothing.", _QUEUED),
    },
    "/test": {
        "parameters": _WEBHOOK,
        "post": _acting(
            "test_webhook",
            "Send a message with a made-up event.",
            _QUEUED,
            consumes=["application/json"],
            parameters=[
                body(fields({"type": {**TEXT, "enum": list(TESTABLE), "default": TESTABLE[0]}}, ()))
            ],
        ),
    },
    "/rotate": {
        "parameters": _WEBHOOK,
        "post": _acting(
            "rotate_webhook_secret",
            "Sign with another secret, and for a day with the former one as well.",
            data(fields({"rotated": FLAG, "public_key": TEXT}, ["rotated"])),
            consumes=["application/json"],
            parameters=[body(fields({"secret": _SECRET}, ()))],
        ),
    },
}
"""By what follows the path of a webhook."""
