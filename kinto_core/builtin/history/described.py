"""What the description of the API says of the endpoints.

Source: protocol section 16.
"""

from collections.abc import Mapping
from typing import Any, Final

from kinto_core.http.openapi_parts import (
    ANY_OBJECT,
    LIST_ANSWER,
    LIST_DELETE_PARAMETERS,
    LIST_PARAMETERS,
    PRECONDITIONS,
    errors,
    path_id,
)

_TAGS: Final = ["History"]
_ERRORS: Final = errors("400", "401", "403", "406", "412")


def _operation(
    name: str, summary: str, parameters: object, responses: Mapping[str, Any]
) -> Mapping[str, Any]:
    return {
        "operationId": name,
        "tags": _TAGS,
        "summary": summary,
        "parameters": parameters,
        "responses": responses,
    }


_ENTRIES: Final = {"200": {"description": "Entries.", "schema": LIST_ANSWER}, **_ERRORS}

HISTORY: Final[Mapping[str, Any]] = {
    "parameters": [path_id("bucket_id")],
    "get": _operation("get_history", "What happened in a bucket.", list(LIST_PARAMETERS), _ENTRIES),
    "delete": _operation(
        "delete_history", "Forget what happened.", list(LIST_DELETE_PARAMETERS), _ENTRIES
    ),
}
"""``/buckets/{bucket_id}/history``."""

SERVER: Final[Mapping[str, Any]] = {
    "get": _operation(
        "get_server_history", "What became of buckets.", list(LIST_PARAMETERS), _ENTRIES
    ),
}
"""``/__history__``."""

_QUERY: Final = (
    {"name": "_limit", "in": "query", "type": "integer", "minimum": 0},
    {"name": "_token", "in": "query", "type": "string"},
    {"name": "_complete", "in": "query", "type": "string"},
)

SNAPSHOT: Final[Mapping[str, Any]] = {
    "parameters": [path_id("bucket_id"), path_id("collection_id"), path_id("timestamp")],
    "get": _operation(
        "get_snapshot",
        "The records of a collection as they were.",
        [*_QUERY, *PRECONDITIONS],
        {
            "200": {"description": "Records.", "schema": LIST_ANSWER},
            "410": {"description": "History does not reach back.", "schema": ANY_OBJECT},
            **errors("400", "401", "403", "404"),
        },
    ),
}
"""``/buckets/{bucket_id}/snapshot/collections/{collection_id}@{timestamp}``."""
