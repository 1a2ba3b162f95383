"""The document of this server, as this caller reaches it."""

from openapi_spec_validator import OpenAPIV2SpecValidator

from tests.unit.http.conftest import MakeApp


def test_the_document_follows_the_request_and_the_settings(app_with: MakeApp) -> None:
    app = app_with({"project_name": "mine", "object_record_patch_enabled": "false"})
    found = app.get("/v1/__api__", headers={"Host": "x.org"}).json
    assert (found["host"], found["schemes"]) == ("x.org", ["http"])  # protocol O-8
    assert app.get("/v1/__api__", headers={"Host": "y.org"}).json["host"] == "y.org"
    assert found["info"]["title"] == "mine"
    assert found["basePath"] == "/v1"
    record = found["paths"]["/buckets/{bucket_id}/collections/{collection_id}/records/{id}"]
    assert "patch" not in record
    assert "/permissions" not in found["paths"]
    OpenAPIV2SpecValidator(found).validate()
