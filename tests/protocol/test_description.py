"""Protocol section 16: the description of the API."""

import pytest

from tests.protocol.client import Client
from tests.protocol.conftest import MakeClient

RESOURCES = ("bucket", "collection", "group", "record")


def operations(client: Client) -> dict[str, str]:
    """Method and path by operation."""
    document = client.get("/__api__").json
    return {
        operation["operationId"]: f"{method} {path}"
        for path, item in document["paths"].items()
        for method, operation in item.items()
        if method != "parameters"
    }


def test_the_document(alice: Client) -> None:
    document = alice.as_(None).get("/__api__").json  # protocol O-1
    assert document["swagger"] == "2.0"
    assert document["basePath"] == "/v1"
    assert document["info"]["version"] == "1.23"
    assert document["securityDefinitions"] == {"basicauth": {"type": "basic"}}
    assert "definitions" not in document


@pytest.mark.parametrize("resource", RESOURCES)
def test_the_operations_of_resources(alice: Client, resource: str) -> None:
    found = operations(alice)  # protocol O-3
    path = found[f"get_{resource}s"].removeprefix("get ")
    assert found[f"create_{resource}"] == f"post {path}"
    assert found[f"delete_{resource}s"] == f"delete {path}"
    names = (("get", "get"), ("update", "put"), ("patch", "patch"), ("delete", "delete"))
    for name, method in names:
        assert found[f"{name}_{resource}"] == f"{method} {path}/{{id}}"


def test_the_operations_of_utilities(make_client: MakeClient) -> None:
    client = make_client({"experimental_permissions_endpoint": "true"})
    expected = {"server_info", "__heartbeat__", "__lbheartbeat__", "__version__", "batch"}
    expected |= {"get_openapi_spec", "contribute", "get_permissionss", "delete_user-data"}
    assert expected <= set(operations(client))  # protocol O-3
