"""What the description of the API says of history."""

import webtest
from openapi_spec_validator import OpenAPIV2SpecValidator

from kinto_core.testing import make_app


def test_the_description_is_valid_and_has_the_endpoints() -> None:
    router = make_app({"includes": "history"})
    document = webtest.TestApp(router).get("/v1/__api__").json
    router.close()
    OpenAPIV2SpecValidator(document).validate()
    paths = document["paths"]
    assert set(paths["/buckets/{bucket_id}/history"]) >= {"get", "delete"}
    assert "/buckets/{bucket_id}/snapshot/collections/{collection_id}@{timestamp}" in paths
