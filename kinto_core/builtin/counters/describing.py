"""What the API's description says of the endpoint: an OpenAPI path item.

Source: built-in plugins section 8; protocol section 16.
"""

from typing import Final

from kinto_core.http.describing import NO_CREDENTIALS, answer, bearer, fields, operation
from kinto_core.http.openapi_parts import Json, errors

TOKEN: Final = "counters_token"  # noqa: S105  the name of a setting
SECURITY: Final[Json] = {TOKEN: bearer("`Bearer` and the setting `counters_token`.")}
"""The security definition of a server with a token."""

_NUMBERS: Final[Json] = {
    "type": "object",
    "additionalProperties": {"type": "integer", "minimum": 1},
}


def path_item(*, needs_token: bool) -> Json:
    """What is said of ``/__counters__``."""
    schema = fields({"objects": _NUMBERS, "tombstones": _NUMBERS})
    codes = ("401",) if needs_token else ()
    return {
        "get": operation(
            "get_counters",
            "Counters",
            "How many objects and tombstones there are.",
            {"200": answer("Numbers by type.", schema), **errors(*codes)},
            security=[{TOKEN: []}] if needs_token else NO_CREDENTIALS,
        )
    }
