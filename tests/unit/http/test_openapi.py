"""The OpenAPI document is valid, complete, and follows the resource types."""

import copy
from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV2SpecValidator

from kinto_core import json
from kinto_core.http.openapi import describe
from kinto_core.resources.bucket import BUCKET
from kinto_core.resources.collection import COLLECTION
from kinto_core.resources.definition import ResourceType
from kinto_core.resources.group import GROUP
from kinto_core.resources.record import RECORD

TYPES = (BUCKET, COLLECTION, GROUP, RECORD)
OPTIONS: dict[str, Any] = {
    "title": "kinto",
    "version": "1.23",
    "host": "localhost:8888",
    "scheme": "http",
    "policies": ("basicauth",),
    "endpoints_enabled": {},
    "has_permissions_endpoint": True,
}


def document(*more: ResourceType, **options: Any) -> dict[str, Any]:  # noqa: ANN401  see OPTIONS
    """The document of a server, as a client reads it."""
    text = json.dumps(describe((*TYPES, *more), **{**OPTIONS, **options}))
    parsed: dict[str, Any] = json.parse(text)
    return parsed


def operations(described: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The operations by their names."""
    return {
        operation["operationId"]: operation
        for item in described["paths"].values()
        for method, operation in item.items()
        if method != "parameters"
    }


@pytest.mark.parametrize("policies", [("basicauth",), ()])
def test_the_document_is_valid(policies: tuple[str, ...]) -> None:
    described = document(policies=policies)
    assert list(OpenAPIV2SpecValidator(copy.deepcopy(described)).iter_errors()) == []


def test_the_document_has_no_definitions() -> None:
    described = document()
    assert set(described) == {  # protocol O-1
        "swagger", "info", "host", "schemes", "basePath", "securityDefinitions", "tags", "paths",
    }  # fmt: skip
    assert described["basePath"] == "/v1"


def test_every_path_is_described() -> None:
    objects = "/buckets/{bucket_id}/collections"
    assert set(document()["paths"]) == {  # protocol O-2
        "/", "/__heartbeat__", "/__lbheartbeat__", "/__version__", "/__api__", "/contribute.json",
        "/batch", "/__user_data__", "/__user_data__/{principal}", "/buckets", "/buckets/{id}",
        objects, f"{objects}/{{id}}", "/buckets/{bucket_id}/groups",
        "/buckets/{bucket_id}/groups/{id}", f"{objects}/{{collection_id}}/records",
        f"{objects}/{{collection_id}}/records/{{id}}", "/permissions",
    }  # fmt: skip
    assert "/permissions" not in document(has_permissions_endpoint=False)["paths"]


def test_operations_have_the_names_that_clients_know() -> None:
    names = {"server_info", "__heartbeat__", "__lbheartbeat__", "__version__", "get_openapi_spec",
             "contribute", "batch", "get_permissionss", "delete_user-data"}  # fmt: skip
    for name in ("bucket", "collection", "group", "record"):  # protocol O-3
        names |= {f"{verb}_{name}" for verb in ("create", "get", "update", "patch", "delete")}
        names |= {f"get_{name}s", f"delete_{name}s"}
    assert set(operations(document())) == names


def test_tags_name_the_resources() -> None:
    assert [tag["name"] for tag in document()["tags"]] == [  # protocol O-4
        "Buckets", "Collections", "Groups", "Records", "Permissionss", "User-datas", "Utilities",
        "Batch",
    ]  # fmt: skip


def test_lists_have_their_parameters() -> None:
    found = operations(document())  # protocol O-5
    reading = {parameter["name"] for parameter in found["get_records"]["parameters"]}
    assert reading == {"_limit", "_since", "_to", "_before", "last_modified", "_sort", "_fields",
                       "_token", "id", "If-Match", "If-None-Match"}  # fmt: skip
    deleting = {parameter["name"] for parameter in found["delete_records"]["parameters"]}
    assert deleting == reading - {"_fields"}


def test_patches_can_be_merge_patches_and_choose_their_answer() -> None:
    patch = operations(document())["patch_record"]  # protocol O-5
    assert patch["consumes"] == ["application/json", "application/merge-patch+json"]
    (behavior,) = [p for p in patch["parameters"] if p["name"] == "Response-Behavior"]
    assert behavior["enum"] == ["full", "light", "diff"]


def test_answers_follow_the_method() -> None:
    found = operations(document())  # protocol O-6
    assert set(found["create_bucket"]["responses"]) == {
        "200", "201", "400", "401", "403", "406", "412", "415", "default",
    }  # fmt: skip
    assert set(found["get_bucket"]["responses"]) == {
        "200", "304", "400", "401", "403", "404", "406", "412", "default",
    }  # fmt: skip
    assert found["get_bucket"]["responses"]["404"]["schema"]["required"] == [
        "code",
        "errno",
        "error",
    ]


def test_unique_indexes_are_described() -> None:
    found = operations(document())
    for name in ("create_record", "update_record", "patch_record"):
        assert "409" in found[name]["responses"]
    for name in ("delete_record", "get_records", "update_collection", "create_group"):
        assert "409" not in found[name]["responses"]
    (body,) = [p for p in found["create_collection"]["parameters"] if p["in"] == "body"]
    fields = body["schema"]["properties"]["data"]["properties"]
    assert set(fields) == {"indexes", "unique"}
    assert fields["unique"]["maxItems"] == 8


def test_utilities_need_no_credentials() -> None:
    found = operations(document())  # protocol O-7
    assert found["get_records"]["security"] == [{"basicauth": []}]
    assert found["batch"]["security"] == []


def test_permissions_are_those_of_the_type() -> None:
    (body,) = [
        p for p in operations(document())["update_bucket"]["parameters"] if p["in"] == "body"
    ]
    permissions = body["schema"]["properties"]["permissions"]["properties"]
    assert set(permissions) == {"read", "write", "collection:create", "group:create"}  # P-10


def test_methods_that_are_switched_off_are_left_out() -> None:
    described = document(endpoints_enabled={"plural_bucket_delete": False})
    assert "delete_buckets" not in operations(described)


def test_types_of_plugins_are_described() -> None:
    described = document(ResourceType(name="note", parent=RECORD))
    path = "/buckets/{bucket_id}/collections/{collection_id}/records/{record_id}/notes/{id}"
    assert "put" in described["paths"][path]
    assert list(OpenAPIV2SpecValidator(described).iter_errors()) == []


def test_endpoints_of_plugins_are_described() -> None:
    answers = {"200": {"description": "The file."}}
    read = {"operationId": "get_file", "tags": ["Files"], "responses": answers}
    path = {"name": "path", "in": "path", "required": True, "type": "string"}
    described = document(contributed={"/files/{path:.+}": {"parameters": [path], "get": read}})
    assert described["paths"]["/files/{path}"]["get"]["security"] == [{"basicauth": []}]
    assert described["tags"][-4]["name"] == "Files"
    assert list(OpenAPIV2SpecValidator(copy.deepcopy(described)).iter_errors()) == []


def test_endpoints_of_plugins_may_have_their_own_security() -> None:
    answers = {"200": {"description": "Numbers."}}
    shared = {"responses": answers}
    contributed = {
        "/numbers": {"get": {**shared, "operationId": "get_numbers", "security": [{"token": []}]}},
        "/public": {"get": {**shared, "operationId": "get_public", "security": []}},
        "/both": {"get": {**shared, "operationId": "get_both", "security": [{}]}},
    }
    token = {"type": "apiKey", "in": "header", "name": "Authorization"}
    described = document(contributed=contributed, own_definitions={"token": token})
    found = operations(described)
    assert found["get_numbers"]["security"] == [{"token": []}]
    assert found["get_public"]["security"] == []
    assert found["get_both"]["security"] == [{}, {"basicauth": []}]
    assert found["get_records"]["security"] == [{"basicauth": []}]
    assert described["securityDefinitions"] == {"basicauth": {"type": "basic"}, "token": token}
    assert list(OpenAPIV2SpecValidator(copy.deepcopy(described)).iter_errors()) == []


def test_erasing_somebodys_data_says_whose() -> None:
    erase = operations(document())["delete_user-data"]
    schema = erase["responses"]["200"]["schema"]
    assert schema["properties"]["data"]["required"] == ["principal"]
    assert set(erase["responses"]) == {"200", "401", "403", "default"}
