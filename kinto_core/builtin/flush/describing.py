"""What the API's description says of the endpoint: an OpenAPI path item.

Source: built-in plugins B-168 to B-170; protocol section 16.
"""

from typing import Final

from kinto_core.http.describing import NO_CREDENTIALS, answer, operation
from kinto_core.http.openapi_parts import ANY_OBJECT, Json, errors

FLUSH: Final[Json] = {
    "post": operation(
        "flush",
        "Flush",
        "Erase everything.",
        {"202": answer("Everything is erased.", ANY_OBJECT), **errors()},
        security=NO_CREDENTIALS,
    )
}
"""``/__flush__``."""
