"""The endpoints in the description of the API."""

from collections.abc import Mapping
from typing import Any, Final

Json = Mapping[str, Any]


def _parameter(name: str, place: str, *, is_required: bool = False) -> Json:
    return {"name": name, "in": place, "type": "string", "required": is_required}


def _path(method: str, name: str, answer: tuple[str, str], *parameters: Json) -> Json:
    status, meaning = answer
    operation: dict[str, Any] = {
        "operationId": name,
        "tags": ["OpenID"],
        "security": [],
        "parameters": list(parameters),
        "responses": {
            status: {"description": meaning},
            "400": {"description": "The request is invalid."},
            "503": {"description": "The provider does not answer."},
        },
    }
    if method == "post":
        operation["consumes"] = ["application/x-www-form-urlencoded"]
    provider = _parameter("provider", "path", is_required=True)
    return {"parameters": [provider], method: operation}


LOGIN: Final = _path(
    "get",
    "openid_login",
    ("307", "The browser is sent to the provider."),
    _parameter("callback", "query", is_required=True),
    _parameter("scope", "query", is_required=True),
    _parameter("prompt", "query"),
)

TOKEN: Final = _path(
    "get",
    "openid_token",
    ("307", "The browser is sent back to its page."),
    _parameter("state", "query", is_required=True),
    _parameter("code", "query"),
    _parameter("error", "query"),
    _parameter("error_description", "query"),
)

LOGOUT: Final = _path(
    "post",
    "openid_logout",
    ("200", "Older tokens count no more."),
    _parameter("logout_token", "formData", is_required=True),
)
