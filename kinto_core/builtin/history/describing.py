"""What the API's description says of the endpoints: OpenAPI path items.

Data and nothing else; what the endpoints do is in ``views.py`` and ``snapshot.py``.

Source: built-in plugins section 6; protocol section 16.
"""

from typing import Final

from kinto_core.builtin.history.entries import RECORDED
from kinto_core.events.event import Action
from kinto_core.http.describing import (
    FLAG,
    MOMENT,
    TEXT,
    answer,
    data,
    fields,
    header,
    operation,
    or_null,
    query,
)
from kinto_core.http.openapi_parts import (
    ANY_OBJECT,
    LIST_ANSWER,
    LIST_DELETE_PARAMETERS,
    LIST_PARAMETERS,
    Json,
    error,
    errors,
    path_id,
)

_TAG: Final = "History"
_ACTIONS: Final = sorted(one.value for one in Action if one is not Action.READ)
_WHERE: Final = ("bucket_id", "group_id", "collection_id", "record_id")
_VERSION: Final = {"ETag": {**TEXT, "description": "The version, for `If-None-Match`."}}
_NEXT_PAGE: Final = {
    "Next-Page": {**TEXT, "description": "The URL of the next page, if there is one."}
}

_ENTRY: Final = fields(
    {
        "id": TEXT,
        "last_modified": MOMENT,
        "deleted": FLAG,
        "date": {**TEXT, "format": "date-time"},
        "action": {**TEXT, "enum": _ACTIONS},
        "resource_name": TEXT,
        "uri": TEXT,
        "user_id": or_null(TEXT),
        **dict.fromkeys(_WHERE, TEXT),
        "target": fields({"data": ANY_OBJECT, "permissions": ANY_OBJECT}, ()),
    },
    ["id", "last_modified"],
)
_ENTRIES: Final = data({"type": "array", "items": _ENTRY})
_FILTERS: Final = (
    query("action", enum=_ACTIONS),
    query("resource_name", enum=sorted((*RECORDED, "history"))),
    *(query(name) for name in ("uri", "user_id", *_WHERE)),
)
_SAME: Final = {"304": answer("Nothing changed since the given version.")}
_ERRORS: Final = errors("400", "401", "403", "406", "412")


def _list(name: str, summary: str) -> Json:
    given = answer("Entries, the latest first.", _ENTRIES, {**_VERSION, **_NEXT_PAGE})
    responses = {"200": given, **_SAME, **_ERRORS}
    return operation(name, _TAG, summary, responses, parameters=[*LIST_PARAMETERS, *_FILTERS])


HISTORY: Final[Json] = {
    "parameters": [path_id("bucket_id")],
    "get": _list("get_history", "What happened in a bucket."),
    "delete": operation(
        "delete_history",
        _TAG,
        "Forget what happened in a bucket.",
        {
            "200": answer(
                "What stays of the entries: that they were there.",
                _ENTRIES,
                {**_VERSION, **_NEXT_PAGE},
            ),
            **_ERRORS,
        },
        parameters=[*LIST_DELETE_PARAMETERS, *_FILTERS],
    ),
}
"""``/buckets/{bucket_id}/history``."""

SERVER: Final[Json] = {"get": _list("get_server_history", "What became of buckets.")}
"""``/__history__``."""

_COMPLETE: Final = {
    "Snapshot-Complete": {
        **TEXT,
        "enum": ["true", "false"],
        "description": "Whether history reaches back so far.",
    }
}

SNAPSHOT: Final[Json] = {
    "parameters": [
        path_id("bucket_id"),
        path_id("collection_id"),
        {
            **path_id("timestamp"),
            "pattern": "^[0-9]{1,400}$",
            "description": "Milliseconds since 1970.",
        },
    ],
    "get": operation(
        "get_snapshot",
        _TAG,
        "The records of a collection as they were.",
        {
            "200": answer("Records.", LIST_ANSWER, {**_COMPLETE, **_VERSION, **_NEXT_PAGE}),
            "304": answer("The page is the same as before."),
            **error("410", "History does not reach back so far."),
            **errors("400", "401", "403", "404"),
        },
        parameters=[
            query("_limit", "integer", minimum=0, maximum=2**63, format="int64"),
            query("_token"),
            query("_complete", "boolean", description="True: an answer with gaps is an error."),
            header("If-None-Match", description="The version of a page: it needs `_limit`."),
        ],
    ),
}
"""``/buckets/{bucket_id}/snapshot/collections/{collection_id}@{timestamp}``."""
