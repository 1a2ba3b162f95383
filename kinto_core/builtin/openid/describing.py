"""What the API's description says of the endpoints: OpenAPI path items.

Data and nothing else; what the endpoints do is in ``views.py`` and ``logout.py``.

Source: built-in plugins section 4; protocol section 16.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from kinto_core.builtin.openid.parameters import LONGEST_CALLBACK
from kinto_core.http.describing import (
    NO_CREDENTIALS,
    TEXT,
    answer,
    form,
    operation,
    query,
    retried,
)
from kinto_core.http.openapi_parts import ANY_OBJECT, Json, errors

_TAG: Final = "OpenID"
_LOCATION: Final = {"Location": TEXT}
_COOKIE: Final = {"Set-Cookie": {**TEXT, "description": "It tells the browser from others later."}}
_AWAY: Final = retried("503", "The provider, or the cache, does not answer.")


def _public(name: str, summary: str, status: str, given: Json, **more: Any) -> Json:  # noqa: ANN401  JSON
    responses = {status: given, **_AWAY, **errors("400")}
    return operation(name, _TAG, summary, responses, security=NO_CREDENTIALS, **more)


_OPERATIONS: Final[Mapping[str, Mapping[str, Json]]] = {
    "login": {
        "get": _public(
            "openid_login",
            "Send the browser to the provider.",
            "307",
            answer("The way to the provider.", headers={**_LOCATION, **_COOKIE}),
            parameters=[
                query("callback", required=True, maxLength=LONGEST_CALLBACK, format="uri"),
                query("scope", required=True, description="Names with spaces between them."),
                query("prompt", pattern="^none"),
            ],
        )
    },
    "token": {
        "get": _public(
            "openid_token",
            "Send the browser back to its page, with what the provider gave.",
            "307",
            answer("The way back.", headers=_LOCATION),
            parameters=[
                query("state", required=True),
                query("code", description="Either this or `error`."),
                query("error"),
                query("error_description"),
            ],
        )
    },
    "logout": {
        "post": _public(
            "openid_logout",
            "Hear from the provider that a user's session ended.",
            "200",
            answer("Older tokens count no more.", ANY_OBJECT),
            consumes=["application/x-www-form-urlencoded"],
            parameters=[form("logout_token", required=True)],
        )
    },
}


def path_items(providers: Iterable[str]) -> Mapping[str, Json]:
    """What is said of each endpoint, by the last part of its path.

    Args:
        providers: the names of the policies.
    """
    provider: Json = {"name": "provider", "in": "path", "required": True, "type": "string"}
    names = list(providers)
    if names:
        provider["enum"] = names
    return {name: {"parameters": [provider], **found} for name, found in _OPERATIONS.items()}
