"""What the API's description says of the endpoint: an OpenAPI path item.

Source: built-in plugins B-189, BW-13; protocol section 16.
"""

from typing import Final

from kinto_core.builtin.prometheus.text import CONTENT_TYPE
from kinto_core.http.describing import NO_CREDENTIALS, TEXT, answer, bearer, operation
from kinto_core.http.openapi_parts import Json, errors

TOKEN: Final = "prometheus_token"  # noqa: S105  the name of a setting
SECURITY: Final[Json] = {TOKEN: bearer("`Bearer` and the setting `prometheus_token`.")}
"""The security definition of a server with a token."""


def path_item(*, needs_token: bool) -> Json:
    """What is said of ``/__metrics__``."""
    codes = ("401",) if needs_token else ()
    return {
        "get": operation(
            "get_metrics",
            "Metrics",
            "What the server counts and times, as Prometheus reads it.",
            {
                "200": answer("The measurements.", TEXT),
                "204": answer("The processes do not share their measurements any more."),
                **errors(*codes),
            },
            produces=[CONTENT_TYPE],
            security=[{TOKEN: []}] if needs_token else NO_CREDENTIALS,
        )
    }
