"""The pieces of which endpoints put together what the API's description says of them.

What any endpoint may answer besides, when the server is read-only, busy or broken, is in the error
responses as ``default``. Values are shared, so nobody may change them.

Source: protocol section 16; OpenAPI (Swagger) 2.0.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from kinto_core.http.openapi_parts import Json, error

NO_CREDENTIALS: Final[list[Json]] = []
"""The ``security`` of operations that are for anybody."""

OPTIONAL_CREDENTIALS: Final[list[Json]] = [{}]
"""The ``security`` of operations that anybody may ask for, and some in their own name."""

TEXT: Final[Json] = {"type": "string"}
FLAG: Final[Json] = {"type": "boolean"}
COUNT: Final[Json] = {"type": "integer", "minimum": 0}
MOMENT: Final[Json] = {"type": "integer", "format": "int64", "minimum": 0}
"""Milliseconds since 1970."""

_RETRY_AFTER: Final = {"Retry-After": {"type": "integer", "description": "Seconds to wait."}}


def operation(
    name: str,
    tag: str,
    summary: str,
    responses: Mapping[str, Json],
    **more: Any,  # noqa: ANN401  JSON
) -> Json:
    """An operation of a path item.

    Args:
        name: its ``operationId``, unique in the document.
        tag: the group that it is shown in.
        summary: what it does, in a sentence.
        responses: by status code.
        more: ``parameters``, ``description``, ``security`` and other members.
    """
    return {
        "operationId": name,
        "tags": [tag],
        "summary": summary,
        "responses": dict(responses),
        **more,
    }


def answer(
    text: str, schema: Json | None = None, headers: Mapping[str, Json] | None = None
) -> Json:
    """A response: what it means, its body if it has one, its own headers."""
    found: Json = {"description": text}
    if schema is not None:
        found["schema"] = schema
    if headers is not None:
        found["headers"] = dict(headers)
    return found


def retried(code: str, text: str) -> Json:
    """The error response of what may be asked for again after a while."""
    return {code: {**error(code, text)[code], "headers": _RETRY_AFTER}}


def query(name: str, kind: str = "string", **more: Any) -> Json:  # noqa: ANN401  JSON
    """A parameter in the query string."""
    return {"name": name, "in": "query", "type": kind, **more}


def header(name: str, kind: str = "string", **more: Any) -> Json:  # noqa: ANN401  JSON
    """A header of a request."""
    return {"name": name, "in": "header", "type": kind, **more}


def form(name: str, kind: str = "string", **more: Any) -> Json:  # noqa: ANN401  JSON
    """A field of a form."""
    return {"name": name, "in": "formData", "type": kind, **more}


def body(schema: Json, *, is_required: bool = False) -> Json:
    """The body of a request."""
    return {"name": "body", "in": "body", "required": is_required, "schema": schema}


def fields(properties: Mapping[str, Json], required: Sequence[str] | None = None) -> Json:
    """The schema of an object; without ``required`` all of its fields are always there."""
    found: Json = {"type": "object", "properties": dict(properties)}
    needed = list(properties if required is None else required)
    return {**found, "required": needed} if needed else found


def data(schema: Json) -> Json:
    """The schema of ``{"data": …}``."""
    return fields({"data": schema})


def or_null(schema: Json) -> Json:
    """A schema that allows ``null`` as well, in the way that tools for Swagger 2.0 know."""
    return {**schema, "x-nullable": True}


def bearer(text: str) -> Json:
    """The security definition of a token of the operator's own, ``Authorization: Bearer …``."""
    return {"type": "apiKey", "in": "header", "name": "Authorization", "description": text}
