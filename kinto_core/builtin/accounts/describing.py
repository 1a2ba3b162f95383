"""What the API's description says of accounts: an OpenAPI path item, and how they authenticate.

What the endpoint does is in ``endpoint.py``. The accounts themselves are described as every
resource is.

Source: built-in plugins BW-25; protocol section 16.
"""

from collections.abc import Mapping
from typing import Final

from kinto_core.builtin.accounts.passwords import MAX_BYTES
from kinto_core.builtin.accounts.settings import USE
from kinto_core.http.describing import (
    OPTIONAL_CREDENTIALS,
    TEXT,
    answer,
    body,
    data,
    fields,
    operation,
    retried,
)
from kinto_core.http.openapi_parts import Json, errors, path_id
from kinto_core.settings import Settings

_CODE: Final = fields(
    {
        "code": {**TEXT, "minLength": 1},
        "password": {**TEXT, "minLength": 1, "maxLength": MAX_BYTES},
    }
)
_ANSWER: Final = fields(
    {"id": TEXT, "code": TEXT, "expires": {**TEXT, "description": "As in the header `Date`."}},
    ["id"],
)

RESET_PASSWORD: Final[Json] = {
    "parameters": [path_id("account_id")],
    "post": operation(
        "reset_password",
        "Accounts",
        "Choose a new password with a code, or as administrator get a code.",
        {
            "200": answer("The password was changed, or here is a code.", data(_ANSWER)),
            **retried("429", "There were too many failed attempts."),
            **retried("503", "Too many passwords are being hashed."),
            **errors("400", "401", "403", "404", "415"),
        },
        description="With a code no credentials are needed, else those of an administrator.",
        consumes=["application/json"],
        parameters=[body(fields({"data": _CODE}, ()))],
        security=OPTIONAL_CREDENTIALS,
    ),
}
"""``/accounts/{account_id}/reset-password``."""


def security(settings: Settings) -> Mapping[str, Json]:
    """The security definitions of the policies that ask accounts."""
    enabled = settings.multiauth_policies
    asked = (name for name in enabled if settings.policies.get(name, {}).get("use", name) == USE)
    return {name: {"type": "basic"} for name in asked}
