"""The plugin in the description of the API (built-in plugins B-108)."""

from openapi_spec_validator import OpenAPIV2SpecValidator
from webtest import TestApp

from tests.unit.builtin.openid.rig import ProviderProcess


def test_description_is_valid_and_complete(app: TestApp, provider: ProviderProcess) -> None:
    document = app.get("/v1/__api__").json
    assert list(OpenAPIV2SpecValidator(document).iter_errors()) == []
    assert document["securityDefinitions"]["idp"]["authorizationUrl"] == f"{provider.url}/authorize"
    assert document["paths"]["/buckets"]["get"]["security"] == [{"basicauth": []}, {"idp": []}]
    for name in ("login", "token", "logout"):
        assert "/openid/{provider}/" + name in document["paths"]


def test_endpoints_have_one_method(app: TestApp) -> None:
    # B-88
    assert app.post("/v1/openid/idp/login", status=405).headers["Allow"] == "GET, HEAD, OPTIONS"
    assert app.get("/v1/openid/idp/logout", status=405).headers["Allow"] == "POST"
