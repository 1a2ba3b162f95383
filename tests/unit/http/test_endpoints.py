"""The endpoints that are no resources."""

import pytest
import webtest

from kinto_core.http.endpoints import Endpoint, fits
from kinto_core.http.exchange import Exchange, Reply
from kinto_core.http.site import Site
from tests.unit.http.conftest import MakeApp


def test_methods_and_preflights(app: webtest.TestApp) -> None:
    refused = app.put("/v1/batch", status=405)
    assert refused.headers["Allow"] == "POST, OPTIONS"
    headers = {"Origin": "http://x.org", "Access-Control-Request-Method": "POST"}
    answer = app.options("/v1/batch", headers=headers)
    assert answer.headers["Access-Control-Allow-Methods"] == "POST,OPTIONS"  # protocol C-7
    app.options("/v1/", status=400)  # protocol C-6


def test_documents_for_programs_have_no_cors(app: webtest.TestApp) -> None:
    for path in ("/v1/__version__", "/v1/__api__"):
        answer = app.get(path, headers={"Origin": "http://x.org"})
        assert "Access-Control-Allow-Origin" not in answer.headers


def test_user_data_need_a_principal(app: webtest.TestApp) -> None:
    app.delete("/v1/__user_data__/basicauth:x", status=403)  # protocol V-27
    app.get("/v1/__user_data__/basicauth:x", status=405)


def test_endpoints_inside_a_batch(app_with: MakeApp) -> None:
    app = app_with({"experimental_permissions_endpoint": "true"})
    paths = ("/", "/__lbheartbeat__", "/permissions", "/__nope__")
    body = {"requests": [{"path": path} for path in paths]}
    responses = app.post_json("/v1/batch", body).json["responses"]
    assert [one["status"] for one in responses] == [200, 200, 200, 404]


def test_an_endpoint_of_a_plugin_gets_every_method() -> None:
    def view(_site: Site, _exchange: Exchange) -> Reply:
        return Reply(200)

    endpoint = Endpoint("mine", view)
    assert endpoint.methods == ("GET", "HEAD", "OPTIONS")
    assert "DELETE" in endpoint.handled_methods()


@pytest.mark.parametrize(
    ("route", "path", "expected"),
    [
        ("/x", "/x", True),
        ("/x.y", "/xzy", False),
        ("/x/{name}", "/x/a", True),
        ("/x/{name}", "/x/a/b", False),
        ("/x/{name}", "/x/", False),
        ("/x/{name:.*}", "/x/a/b", True),
        ("/x/{name}/y/{other}", "/x/1/y/2", True),
        ("/x/{name}/y/{other}", "/x/1/z/2", False),
    ],
)
def test_routes_with_parameters(route: str, path: str, expected: bool) -> None:
    assert fits(route, path) is expected
