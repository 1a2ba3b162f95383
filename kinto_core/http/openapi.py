"""The description of the API as an OpenAPI document (Swagger 2.0), made from the resource types.

Pure: values in, JSON value out. What operations share is in ``openapi_parts.py``.

Source: protocol section 16.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from kinto_core.http import describing
from kinto_core.http import openapi_parts as parts
from kinto_core.http.describing import OPTIONAL_CREDENTIALS
from kinto_core.http.openapi_parts import Json
from kinto_core.resources.definition import ResourceType

_WRITES: Final = ("post", "put", "patch")
_JSON: Final = "application/json"
_MERGE_PATCH: Final = "application/merge-patch+json"
PARAMETERS: Final = "parameters"
"""The member of a path item that is no operation."""

_EXPRESSION: Final = re.compile(r"\{([^{}:]+):[^{}]+\}")
"""A parameter in the path of a route, with what it must look like."""


def describe(  # noqa: PLR0913  one argument for each fact about the server
    resource_types: Sequence[ResourceType],
    *,
    title: str,
    version: str,
    host: str,
    scheme: str,
    policies: Sequence[str],
    endpoints_enabled: Mapping[str, bool],
    has_permissions_endpoint: bool,
    definitions: Mapping[str, Json] | None = None,
    own_definitions: Mapping[str, Mapping[str, Any]] | None = None,
    contributed: Mapping[str, Mapping[str, Any]] | None = None,
) -> Json:
    """The document of one server.

    Args:
        resource_types: parents before children.
        title: name of the server.
        version: of the HTTP API, such as ``1.23``.
        host: and port, as the caller reaches the server.
        scheme: ``http`` or ``https``.
        policies: names of the ways to authenticate.
        endpoints_enabled: the settings, by ``{plural|object}_{resource}_{method}``.
        has_permissions_endpoint: whether ``/permissions`` exists.
        definitions: security definitions of plugins, by the name of the policy.
        own_definitions: those that only single operations of plugins name.
        contributed: what plugins say of their endpoints, by the path of the route; see
            ``Endpoint.described``.

    Source: protocol O-1 to O-8.
    """
    known = {"basicauth": {"type": "basic"}} if "basicauth" in policies else {}
    known |= definitions or {}
    security: list[Json] = [{name: []} for name in known]
    paths = _utility_paths()
    tags = [kind.plural.capitalize() for kind in resource_types]
    for kind in resource_types:
        creations = (f"{child.name}:create" for child in resource_types if child.parent is kind)
        declares = any(child.parent is kind and child.has_indexes for child in resource_types)
        body = parts.body(kind, ("read", "write", *creations), declares_indexes=declares)
        paths |= _resource_paths(kind, body, endpoints_enabled, security)
    if has_permissions_endpoint:
        tags.append("Permissionss")
        paths["/permissions"] = _permissions_path(security)
    paths["/__user_data__"] = {}
    paths["/__user_data__/{principal}"] = _user_data_path(security)
    more = _contributed_paths(contributed or {}, security)
    tags += [tag for tag in _tags_of(more) if tag not in tags]
    return {
        "swagger": "2.0",
        "info": {"title": title, "version": version},
        "host": host,
        "schemes": [scheme],
        "basePath": f"/v{version.partition('.')[0]}",
        "securityDefinitions": {**known, **(own_definitions or {})},
        "tags": [{"name": name} for name in (*tags, "User-datas", "Utilities", "Batch")],
        "paths": {**paths, **more},
    }


def _contributed_paths(
    items: Mapping[str, Mapping[str, Any]], security: Sequence[Json]
) -> dict[str, Json]:
    """The paths of plugins, with what all operations have in common."""
    return {
        _EXPRESSION.sub(r"{\1}", route): {
            name: value if name == PARAMETERS else _contributed(value, security)
            for name, value in item.items()
        }
        for route, item in items.items()
    }


def _contributed(operation: Mapping[str, Any], security: Sequence[Json]) -> Json:
    """An operation of a plugin."""
    found: Json = {"produces": [_JSON], "security": list(security), **operation}
    if found["security"] == OPTIONAL_CREDENTIALS:
        found["security"] = [*OPTIONAL_CREDENTIALS, *security]
    return found


def _tags_of(paths: Json) -> list[str]:
    """The tags of all operations, each once."""
    operations = [
        one for item in paths.values() for name, one in item.items() if name != PARAMETERS
    ]
    return list(dict.fromkeys(tag for one in operations for tag in one.get("tags", ())))


def _resource_paths(
    kind: ResourceType, body: Json, enabled: Mapping[str, bool], security: Sequence[Json]
) -> Json:
    """The paths of one resource type's lists and objects. Source: protocol O-3 to O-7."""
    with_body = (body, *parts.PRECONDITIONS)
    parents = [parts.path_id(f"{parent.name}_id") for parent in kind.ancestors]
    operations = {
        ("plural", "get"): (f"get_{kind.plural}", parts.LIST_PARAMETERS),
        ("plural", "post"): (f"create_{kind.name}", with_body),
        ("plural", "delete"): (f"delete_{kind.plural}", parts.LIST_DELETE_PARAMETERS),
        ("object", "get"): (f"get_{kind.name}", parts.OBJECT_PARAMETERS),
        ("object", "put"): (f"update_{kind.name}", with_body),
        ("object", "patch"): (f"patch_{kind.name}", (*with_body, parts.RESPONSE_BEHAVIOR)),
        ("object", "delete"): (f"delete_{kind.name}", parts.OBJECT_DELETE_PARAMETERS),
    }
    lists: Json = {"parameters": parents}
    objects: Json = {"parameters": [*parents, parts.path_id("id")]}
    for (scope, method), (name, parameters) in operations.items():
        if enabled.get(f"{scope}_{kind.name}_{method}", True):
            item = lists if scope == "plural" else objects
            operation = _operation(name, kind.plural.capitalize(), parameters, security)
            operation["responses"] = _resource_responses(kind, scope, method)
            if method in _WRITES:
                operation["consumes"] = [_JSON]
            if method == "patch":
                operation["consumes"].append(_MERGE_PATCH)
            item[method] = operation
    return {kind.plural_path: lists, kind.object_path: objects}


def _resource_responses(kind: ResourceType, scope: str, method: str) -> Json:
    """The answers of one operation. Source: protocol O-6."""
    is_list = scope == "plural" and method in ("get", "delete")
    schema = parts.LIST_ANSWER if is_list else parts.OBJECT_ANSWER
    responses: Json = {"200": {"description": "The answer.", "schema": schema}}
    if method in ("post", "put"):
        responses["201"] = {"description": f"The {kind.name} was created.", "schema": schema}
    if method == "get":
        responses["304"] = {"description": "Nothing changed since the given version."}
    codes = ["400", "401", "403", "406", "412"]
    if scope == "object" and method in ("get", "patch", "delete"):
        codes.append("404")
    if method in _WRITES:
        codes.append("415")
        if kind.has_indexes:
            responses |= parts.error("409", f"Another {kind.name} has what only one may have.")
    return responses | parts.errors(*codes)


def _operation(name: str, tag: str, parameters: Sequence[Json], security: Sequence[Json]) -> Json:
    return {
        "operationId": name,
        "tags": [tag],
        "produces": [_JSON],
        "parameters": list(parameters),
        "security": list(security),
    }


def _utility_paths() -> Json:
    """The paths that need no permission. Source: protocol O-2, O-3."""
    healthy = {"description": "Everything works.", "schema": parts.ANY_OBJECT}
    unhealthy = {"description": "Something is away.", "schema": parts.ANY_OBJECT}
    paths = {
        "/": _document("server_info"),
        "/__heartbeat__": _document("__heartbeat__", {"200": healthy, "503": unhealthy}),
        "/__lbheartbeat__": _document("__lbheartbeat__"),
        "/__version__": _document("__version__", _answers() | parts.errors("404")),
        "/__api__": _document("get_openapi_spec"),
        "/contribute.json": _document("contribute"),
    }
    batch = _operation("batch", "Batch", (parts.BATCH_BODY,), ())
    batch["consumes"] = [_JSON]
    answers = {"description": "The answers.", "schema": parts.BATCH_ANSWER}
    batch["responses"] = {"200": answers} | parts.errors("400", "415")
    return {**paths, "/batch": {"post": batch}}


def _document(name: str, responses: Json | None = None) -> Json:
    operation = _operation(name, "Utilities", (), ())
    operation["responses"] = responses if responses is not None else _answers()
    operation["responses"] |= parts.errors()
    return {"get": operation}


def _answers() -> Json:
    return {"200": {"description": "The document.", "schema": parts.ANY_OBJECT}}


def _permissions_path(security: Sequence[Json]) -> Json:
    operation = _operation("get_permissionss", "Permissionss", parts.LIST_PARAMETERS, security)
    answer = {"description": "What is shared with the caller.", "schema": parts.LIST_ANSWER}
    not_modified = {"description": "Nothing changed since the given version."}
    errors = parts.errors("400", "401", "403", "406", "412")
    operation["responses"] = {"200": answer, "304": not_modified} | errors
    return {"get": operation}


def _user_data_path(security: Sequence[Json]) -> Json:
    operation = _operation("delete_user-data", "User-datas", (), security)
    operation["summary"] = "Erase what a principal owns, its permissions and its memberships."
    schema = describing.data(describing.fields({"principal": describing.TEXT}))
    answer = describing.answer("Everything is erased.", schema)
    operation["responses"] = {"200": answer} | parts.errors("401", "403")
    principal = {"name": "principal", "in": "path", "required": True, "type": "string"}
    return {"parameters": [principal], "delete": operation}
