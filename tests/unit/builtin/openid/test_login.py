"""The way of a browser through the provider and back (built-in plugins 4.2, 4.4)."""

from collections.abc import Mapping
from contextlib import closing
from typing import Any

import pytest
from webtest import TestApp

from kinto_core.logs import JsonFormatter
from tests.unit.builtin.openid.rig import (
    CALLBACK,
    ProviderProcess,
    app_for,
    asked_of,
    at_provider,
    begin,
    given_to_page,
    user_of,
)


def test_page_gets_a_token_that_the_server_accepts(cached_app: TestApp) -> None:
    # B-92, B-99, B-103; clients C-123, C-124
    back = at_provider(begin(cached_app))
    given = given_to_page(cached_app.get(back, status=307))
    assert given["token_type"] == "Bearer"
    user = user_of(cached_app, given["access_token"])
    assert user is not None
    assert (user["id"], user["profile"]["email"]) == ("idp:alice", "alice@example.org")


def test_login_carries_proof_and_nonce(app: TestApp, provider: ProviderProcess) -> None:
    # BW-11; RFC 7636
    response = begin(app)
    asked = asked_of(response)
    assert response.headers["Location"].startswith(f"{provider.url}/authorize?")
    assert asked["code_challenge_method"] == "S256"
    assert len(asked["code_challenge"]) == 43
    assert len(asked["nonce"]) >= 32
    assert len(asked["state"]) == 64  # B-80
    assert asked["redirect_uri"] == "http://localhost:80/v1/openid/idp/token"


def test_provider_that_declares_neither_gets_plain_oauth(provider: ProviderProcess) -> None:
    missing = dict.fromkeys(
        ("id_token_signing_alg_values_supported", "code_challenge_methods_supported")
    )
    provider.want(document=missing)
    with closing((app := app_for(provider.url)).app):
        asked = asked_of(begin(app, prompt="none"))
        assert set(asked) == {
            "client_id", "response_type", "scope", "redirect_uri", "state", "prompt"
        }  # fmt: skip


def test_cookie_is_for_this_login_only(app: TestApp) -> None:
    # BW-10
    cookie = begin(app).headers["Set-Cookie"]
    for part in ("HttpOnly", "SameSite=Lax", "Path=/v1/openid/idp/", "Max-Age=3600"):
        assert part in cookie
    assert "Secure" not in cookie


def test_cookie_travels_over_https_only(provider: ProviderProcess) -> None:
    with closing((app := app_for(provider.url, {"http_scheme": "https"})).app):
        assert begin(app).headers["Set-Cookie"].endswith("; Secure")


def test_state_counts_for_one_browser(cached_app: TestApp) -> None:
    # BW-10: whoever is made to follow another's link is not logged in as them
    back = at_provider(begin(cached_app))
    cached_app.reset()
    response = cached_app.get(back, status=400)
    assert response.json["details"][0]["errno"] == 105  # B-98


def test_state_counts_once(cached_app: TestApp) -> None:
    # B-98
    back = at_provider(begin(cached_app))
    cached_app.get(back, status=307)
    cached_app.get(back, status=400)


def test_two_logins_of_one_browser_do_not_disturb_each_other(app: TestApp) -> None:
    first, second = at_provider(begin(app)), at_provider(begin(app))
    assert "access_token" in given_to_page(app.get(first, status=307))
    assert "access_token" in given_to_page(app.get(second, status=307))


def test_state_counts_for_one_provider(provider: ProviderProcess) -> None:
    # BW-10: no mix-up; a policy that is configured but not enabled has the endpoints (B-85)
    more = {
        "multiauth.policy.other.use": "openid",
        "multiauth.policy.other.issuer": provider.url,
        "multiauth.policy.other.client_id": "kinto",
    }
    with closing((app := app_for(provider.url, more)).app):
        back = at_provider(begin(app)).replace("/idp/", "/other/")
        cookie = app.cookies["kinto_openid"]
        app.get(back, headers={"Cookie": f"kinto_openid={cookie}"}, status=400)


def test_state_ends_by_the_clock_of_the_server(cached_app: TestApp) -> None:
    # BW-10: whatever the cache does
    back = at_provider(begin(cached_app))
    server = cached_app.app.registry.site.server
    cache = server.cache
    key = "openid:state:" + back.partition("state=")[2].partition("&")[0]
    kept = cache.get(key)
    cache.set(key, kept | {"until": server.clock() - 1}, 60)
    cached_app.get(back, status=400)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"nonce": "of another login"}, "nonce"),
        ({"nonce": None}, "nonce"),
        ({"aud": "another-client"}, "another client"),
        ({"aud": ["kinto", "another-client"]}, "another client"),
        ({"azp": "another-client"}, "another client"),
        ({"iss": "https://another.example.org"}, "another provider"),
        ({"exp": 1_000_000_000}, "expired"),
        ({"exp": None}, "no end"),
        ({"iat": 9_000_000_000}, "future"),
        ({"at_hash": "AAAA"}, "another access token"),
    ],
)
def test_id_token_must_be_the_answer_to_this_login(
    app: TestApp, provider: ProviderProcess, changes: Mapping[str, Any], reason: str
) -> None:
    # BW-11; OpenID Connect Core 3.1.3.7
    provider.want(id_token=changes)
    given = given_to_page(app.get(at_provider(begin(app)), status=307))
    assert given["error"] == "invalid_token"
    assert reason in given["error_description"]
    assert "access_token" not in given


@pytest.mark.parametrize(
    ("wanted", "error"),
    [
        ({"status": {"/token": 503}}, "temporarily_unavailable"),
        ({"body": {"/token": "<html>Sorry</html>"}}, "server_error"),
        ({"body": {"/token": "[1]"}}, "server_error"),
        ({"body": {"/token": '{"nothing": "useful"}'}}, "server_error"),
        ({"body": {"/token": '{"access_token": "a", "token_type": "Bearer"}'}}, "invalid_token"),
        ({"redirect": {"/token": "http://127.0.0.1:9/"}}, "server_error"),
    ],
)
def test_page_gets_errors_as_json(
    app: TestApp, provider: ProviderProcess, wanted: Mapping[str, Any], error: str
) -> None:
    # BW-11: whatever the provider answers
    back = at_provider(begin(app))
    provider.want(**wanted)
    given = given_to_page(app.get(back, status=307))
    assert given["error"] == error
    assert given["error_description"]


def test_provider_says_why_a_code_is_wrong(app: TestApp) -> None:
    # B-99; nothing else of its answer is passed on
    state = asked_of(begin(app))["state"]
    given = given_to_page(app.get(f"/v1/openid/idp/token?code=wrong&state={state}", status=307))
    assert given == {"error": "invalid_grant", "error_description": "No such code"}


def test_provider_refuses_the_user(app: TestApp) -> None:
    # B-100, BW-11: in the shape of tokens
    state = asked_of(begin(app))["state"]
    query = f"state={state}&error=access_denied&error_description=No+way"
    given = given_to_page(app.get(f"/v1/openid/idp/token?{query}", status=307))
    assert given == {"error": "access_denied", "error_description": "No way"}


def test_secret_in_a_header_for_providers_that_want_it_there(provider: ProviderProcess) -> None:
    provider.want(document={"token_endpoint_auth_methods_supported": ["client_secret_basic"]})
    with closing((app := app_for(provider.url)).app):
        assert "access_token" in given_to_page(app.get(at_provider(begin(app)), status=307))


def test_page_is_not_told_to_others(app: TestApp) -> None:
    response = app.get(at_provider(begin(app)), status=307)
    assert response.headers["Referrer-Policy"] == "no-referrer"


@pytest.mark.parametrize(
    ("query", "location", "name"),
    [
        ("scope=openid", "querystring", "callback"),
        (f"callback={'http://localhost:1/' + 'x' * 2048}&scope=openid", "querystring", "callback"),
        ("callback=http://localhost:1/&callback=http://localhost:2/&scope=openid",
         "querystring", "callback"),
        ("callback=http://localhost:1/&scope=openid&prompt=login", "querystring", "prompt"),
        ("callback=http://localhost:1/&scope=openid+admin", "body", "scope"),
        ("callback=https://evil.example/&scope=openid", "body", "callback"),
    ],
)  # fmt: skip
def test_what_may_not_be_asked_for(app: TestApp, query: str, location: str, name: str) -> None:
    # B-87 to B-90
    response = app.get(f"/v1/openid/idp/login?{query}", status=400)
    fault = response.json["details"][0]
    assert (fault["location"], fault["name"]) == (location, name)


def test_admin_page_is_trusted_while_there_is_one(provider: ProviderProcess) -> None:
    # B-93; nothing is trusted that a setting does not name once it names something
    query = f"callback={CALLBACK.replace('#', '%23')}&scope=openid"
    with closing((app := app_for(provider.url, trusted_callback_urls="https://app.io/*")).app):
        app.get(f"/v1/openid/idp/login?{query}", status=400)
        app.get("/v1/openid/idp/login?callback=https://app.io/&scope=openid", status=307)


def test_logs_have_neither_codes_nor_tokens(app: TestApp, caplog: pytest.LogCaptureFixture) -> None:
    # settings SW-18
    caplog.set_level("DEBUG")
    caplog.set_level("DEBUG", "request.summary")
    back = at_provider(begin(app))
    response = app.get(back, status=307)
    given = given_to_page(response)
    user_of(app, given["access_token"])
    user_of(app, given["access_token"] + "x")
    written = [JsonFormatter("kinto").format(record) for record in caplog.records]
    assert any('"path":"/v1/openid/idp/token"' in line.replace(": ", ":") for line in written)
    logged = "".join(written)
    code = back.partition("code=")[2].partition("&")[0]
    state = back.partition("state=")[2].partition("&")[0]
    payload = response.headers["Location"].removeprefix(CALLBACK)
    for secret in (given["access_token"], given["id_token"], payload, code, state, "secret of"):
        assert secret not in logged
