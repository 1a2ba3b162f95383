"""Protocol section 1: prefix, redirects and utility endpoints."""

import pytest

from tests.protocol.client import ALICE, Client
from tests.protocol.conftest import MakeClient


@pytest.mark.parametrize(
    ("path", "errno"),
    [("/v2/buckets", 116), ("/v0/", 116), ("/v1buckets", 111), ("/v1.5/buckets", 111)],
)
def test_other_versions_and_unknown_urls_are_told_apart(
    alice: Client, path: str, errno: int
) -> None:
    assert alice.request("GET", path, prefix="").error == (404, errno)  # protocol V-2


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE"])
def test_what_has_no_prefix_is_redirected(alice: Client, method: str) -> None:
    answer = alice.request(method, "/buckets?x=1&y=%20", prefix="")  # protocol V-3
    assert answer.status == 307
    assert answer.headers["Location"].endswith("/v1/buckets?x=1&y=%20")
    assert "Cache-Control" not in answer.headers  # protocol V-5


def test_options_without_prefix_is_answered(alice: Client) -> None:
    answer = alice.request("OPTIONS", "/buckets", prefix="")  # protocol V-4, C-8
    assert (answer.status, answer.text) == (200, b"")
    assert "Access-Control-Expose-Headers" in answer.headers


def test_redirects_to_the_prefix_can_be_cached_or_switched_off(make_client: MakeClient) -> None:
    cached = make_client({"version_prefix_redirect_ttl_seconds": "60"})  # protocol V-5
    assert cached.request("GET", "/x", prefix="").headers["Cache-Control"] == "max-age=60"
    never = make_client({"version_prefix_redirect_ttl_seconds": "0"}).request(
        "GET", "/x", prefix=""
    )
    assert never.headers["Cache-Control"] == "max-age=0, must-revalidate, no-cache, no-store"
    assert never.headers["Pragma"] == "no-cache"
    off = make_client({"version_prefix_redirect_enabled": "false"})
    assert off.request("GET", "/x", prefix="").error == (404, 116)


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_a_trailing_slash_is_redirected(alice: Client, method: str) -> None:
    answer = alice.request(method, "/buckets/foo/?a=b&c=d%20e")  # protocol V-6, V-7
    assert answer.status == 307
    assert answer.headers["Location"].endswith("/v1/buckets/foo?a=b&c=d%20e")
    assert answer.headers["Cache-Control"] == "max-age=3600"  # protocol V-8


def test_the_bare_prefix_gets_its_slash(alice: Client) -> None:
    answer = alice.get("")  # protocol V-6
    assert (answer.status, answer.headers["Location"][-4:]) == (307, "/v1/")


def test_redirects_of_slashes_can_be_switched_off(make_client: MakeClient) -> None:
    client = make_client({"trailing_slash_redirect_enabled": "false"})  # protocol V-8
    assert client.get("/buckets/").error == (404, 111)


def test_the_hello_view(alice: Client) -> None:
    answer = alice.as_(None).get("/")  # protocol V-10, V-11, V-14
    assert answer.status == 200
    assert "Cache-Control" not in answer.headers
    hello = answer.json
    assert {name: hello[name] for name in ("project_name", "http_api_version", "config")} == {
        "project_name": "kinto",
        "http_api_version": "1.23",
        "config": None,  # protocol W-30
    }
    assert hello["url"].endswith("/v1/")
    assert hello["settings"] == {
        "batch_max_requests": 25,
        "readonly": False,
        "explicit_permissions": True,
    }
    assert "user" not in hello
    assert set(hello["capabilities"]) == {"basicauth"}  # protocol V-12
    assert {"description", "url"} <= set(hello["capabilities"]["basicauth"])


def test_the_hello_view_tells_who_asks(alice: Client) -> None:
    user = alice.get("/").json["user"]  # protocol V-11, A-9
    assert user["id"] == ALICE
    assert set(user["principals"]) == {ALICE, "system.Authenticated", "system.Everyone"}


def test_the_hello_view_negotiates_nothing(alice: Client) -> None:
    assert alice.get("/", accept="text/html").status == 200  # protocol V-15


def test_urls_follow_the_settings(make_client: MakeClient) -> None:
    client = make_client({"http_scheme": "https", "http_host": "example.org"})  # protocol V-13
    assert client.get("/").json["url"] == "https://example.org/v1/"


def test_capabilities_follow_the_settings(make_client: MakeClient) -> None:
    settings = {
        "experimental_collection_schema_validation": "true",
        "experimental_permissions_endpoint": "true",
        "includes": "default_bucket",
        "default_bucket_hmac_secret": "salt",
    }
    capabilities = make_client(settings).get("/").json["capabilities"]  # protocol V-12
    assert {"basicauth", "default_bucket", "schema", "permissions_endpoint"} <= set(capabilities)


@pytest.mark.parametrize(
    "path",
    ["/", "/__heartbeat__", "/__lbheartbeat__", "/__version__", "/__api__", "/contribute.json"],
)
def test_utilities_answer_get_and_head_only(alice: Client, path: str) -> None:
    assert alice.get(path).status == 200
    head = alice.head(path)  # protocol V-28
    assert (head.status, head.text) == (200, b"")
    refused = alice.post(path)
    assert refused.error == (405, 115)
    assert {"GET", "HEAD"} <= set(refused.headers["Allow"].split(", "))


def test_heartbeats(alice: Client) -> None:
    answer = alice.get("/__heartbeat__").json  # protocol V-20
    assert answer == {"storage": True, "permission": True, "cache": True}
    assert alice.get("/__lbheartbeat__").json == {}  # protocol V-21


def test_the_version_without_a_file_is_no_error(make_client: MakeClient) -> None:
    client = make_client({"version_json_path": "/nonexistent/version.json"})  # protocol W-32
    assert client.get("/__version__").status in (200, 404)


def test_permissions_exist_only_when_enabled(alice: Client) -> None:
    assert alice.get("/permissions").error == (404, 111)  # protocol V-25


def test_user_data_are_erased_by_those_whom_the_settings_name(make_client: MakeClient) -> None:
    client = make_client({"user-data_delete_principals": ALICE})  # protocol V-27
    bob = client.as_("bob")
    mine = bob.put("/buckets/own").data["id"]
    shared = {"permissions": {"write": [ALICE]}}
    assert bob.put("/buckets/shared", shared).status == 201
    principal = bob.get("/").json["user"]["id"]
    assert client.as_(None).delete(f"/__user_data__/{principal}").error == (401, 104)
    assert bob.delete(f"/__user_data__/{principal}").error == (403, 121)
    answer = client.delete(f"/__user_data__/{principal}")
    assert (answer.status, answer.json) == (200, {"data": {"principal": principal}})
    assert bob.get(f"/buckets/{mine}").status == 403
    assert client.get("/buckets/shared").permissions == {"write": {ALICE}}
