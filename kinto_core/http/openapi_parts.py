"""What the operations in the OpenAPI document share: parameters, bodies, answers and errors.

The document inlines them, it has no ``definitions``. Values are shared, so nobody may change them.

Source: protocol O-1, O-5, O-6.
"""

from collections.abc import Sequence
from typing import Any, Final

from kinto_core.http.batch_body import METHODS
from kinto_core.resources.definition import ResourceType
from kinto_core.resources.indexes import LONGEST_NAME, MOST_INDEXES
from kinto_core.resources.patching import Behavior

Json = dict[str, Any]

_MAX_INTEGER: Final = 2**63

ANY_OBJECT: Final[Json] = {"type": "object"}

OBJECT_ANSWER: Final[Json] = {
    "type": "object",
    "properties": {"data": ANY_OBJECT, "permissions": ANY_OBJECT},
    "required": ["data"],
}

LIST_ANSWER: Final[Json] = {
    "type": "object",
    "properties": {"data": {"type": "array", "items": ANY_OBJECT}},
    "required": ["data"],
}

BATCH_ANSWER: Final[Json] = {
    "type": "object",
    "properties": {
        "responses": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "status": {"type": "integer"},
                    "path": {"type": "string"},
                    "headers": ANY_OBJECT,
                    "body": {},
                },
                "required": ["status", "path", "headers", "body"],
            },
        }
    },
    "required": ["responses"],
}

_REQUEST: Final[Json] = {
    "type": "object",
    "properties": {
        "path": {"type": "string", "pattern": "^/"},
        "method": {"type": "string", "enum": list(METHODS)},
        "headers": {"type": "object", "additionalProperties": {"type": "string"}},
        "body": ANY_OBJECT,
    },
    "additionalProperties": False,
}

BATCH_BODY: Final[Json] = {
    "name": "body",
    "in": "body",
    "required": True,
    "schema": {
        "type": "object",
        "properties": {
            "defaults": _REQUEST,
            "requests": {"type": "array", "items": {**_REQUEST, "required": ["path"]}},
        },
        "required": ["requests"],
        "additionalProperties": False,
    },
}

_ERROR: Final[Json] = {
    "type": "object",
    "properties": {
        "code": {"type": "integer"},
        "errno": {"type": "integer"},
        "error": {"type": "string"},
        "message": {"type": "string"},
        "info": {"type": "string"},
        "details": {},
    },
    "required": ["code", "errno", "error"],
}

_INDEX_NAMES: Final[Json] = {
    "type": "array",
    "items": {"type": "string", "minLength": 1, "maxLength": LONGEST_NAME},
    "maxItems": MOST_INDEXES,
    "uniqueItems": True,
}

_INDEX_FIELDS: Final[Json] = {
    "indexes": {
        **_INDEX_NAMES,
        "description": "Fields by which records are found quickly, or several joined by commas.",
    },
    "unique": {
        **_INDEX_NAMES,
        "description": "The same, and no two records have equal values in all of these fields.",
    },
}

_ERRORS: Final = {
    "400": "The request has faults; `details` lists them.",
    "401": "The credentials are missing or wrong.",
    "403": "The caller may not do this.",
    "404": "There is no such object.",
    "406": "The client does not accept JSON.",
    "409": "Something else happened meanwhile.",
    "412": "The object is no longer what the caller saw.",
    "413": "The body is too large.",
    "415": "The body has a type that is not accepted.",
    "416": "There are no such bytes.",
    "default": "Something else went wrong.",
}


def errors(*codes: str) -> Json:
    """The error responses with these status codes, and the one for all others."""
    return {
        code: {"description": _ERRORS[code], "schema": _ERROR}
        for code in (*sorted(codes), "default")
    }


def error(code: str, description: str) -> Json:
    """The error response with a status code that has a meaning of its own for an operation."""
    return {code: {"description": description, "schema": _ERROR}}


def path_id(name: str) -> Json:
    """The parameter for an identifier in the path."""
    return {"name": name, "in": "path", "required": True, "type": "string"}


def body(
    kind: ResourceType, permission_names: Sequence[str], *, declares_indexes: bool = False
) -> Json:
    """The parameter for a body with data and permissions.

    Args:
        kind: the type.
        permission_names: those that its objects may have.
        declares_indexes: whether its fields ``indexes`` and ``unique`` are about what is inside.
    """
    principals = {"type": "array", "items": {"type": "string", "minLength": 1}}
    data: Json = {"type": "object"}
    if kind.has_members:
        data["properties"] = {"members": principals}
    if declares_indexes:
        data["properties"] = _INDEX_FIELDS
    schema = {
        "type": "object",
        "properties": {
            "data": data,
            "permissions": {
                "type": "object",
                "properties": dict.fromkeys(permission_names, principals),
                "additionalProperties": False,
            },
        },
        "additionalProperties": False,
    }
    return {"name": "body", "in": "body", "schema": schema}


def _header(name: str) -> Json:
    return {"name": name, "in": "header", "type": "string"}


def _timestamp(name: str) -> Json:
    return {
        "name": name,
        "in": "query",
        "type": "integer",
        "format": "int64",
        "minimum": 0,
        "maximum": _MAX_INTEGER,
    }


def _text(name: str) -> Json:
    return {"name": name, "in": "query", "type": "string"}


def _texts(name: str) -> Json:
    items = {"type": "string"}
    return {"name": name, "in": "query", "type": "array", "items": items}


PRECONDITIONS: Final = (_header("If-Match"), _header("If-None-Match"))

_FIELDS: Final = _texts("_fields")

LIST_DELETE_PARAMETERS: Final = (
    *(_timestamp(name) for name in ("_limit", "_since", "_to", "_before", "last_modified")),
    _texts("_sort"),
    _text("_token"),
    _text("id"),
    *PRECONDITIONS,
)

LIST_PARAMETERS: Final = (*LIST_DELETE_PARAMETERS, _FIELDS)

OBJECT_PARAMETERS: Final = (_FIELDS, *PRECONDITIONS)

OBJECT_DELETE_PARAMETERS: Final = (_timestamp("last_modified"), *PRECONDITIONS)

RESPONSE_BEHAVIOR: Final[Json] = {
    **_header("Response-Behavior"),
    "enum": [item.value for item in Behavior],
}
