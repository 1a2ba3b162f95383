"""Providers that are away, slow, or say what they should not (built-in plugins BW-18)."""

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import Any

import pytest
from webtest import TestApp

from kinto_core.builtin.openid import fetching
from tests.unit.builtin.openid.rig import ProviderProcess, app_for, begin, user_of


@pytest.fixture
def own_provider() -> Iterator[ProviderProcess]:
    """A provider that may be stopped."""
    process = ProviderProcess()
    yield process
    process.stop()


@pytest.fixture
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look at once whether the provider is back."""
    monkeypatch.setattr(fetching, "PAUSE_SECONDS", 0.0)


@pytest.mark.usefixtures("no_pause")
def test_server_starts_and_serves_others_without_provider(own_provider: ProviderProcess) -> None:
    token = own_provider.access_token()
    own_provider.stop()
    with closing((app := app_for(own_provider.url)).app):
        hello = app.get("/v1/").json
        assert hello["capabilities"]["openid"]["providers"][0]["issuer"] == own_provider.url
        response = app.get("/v1/", headers={"Authorization": f"Bearer {token}"}, status=503)
        assert response.headers["Retry-After"] == "3"
        query = "callback=http://localhost:1/&scope=openid"
        response = app.get(f"/v1/openid/idp/login?{query}", status=503)
        assert response.headers["Retry-After"] == "3"
        assert app.get("/v1/__heartbeat__", status=503).json["openid"] is False
        app.authorization = ("Basic", ("bob", ""))
        app.put_json("/v1/buckets/b", status=201)
        app.authorization = None
        own_provider.start()
        assert app.get("/v1/__heartbeat__").json["openid"] is True
        assert user_of(app, own_provider.access_token()) is not None
        begin(app)


@pytest.mark.usefixtures("no_pause")
def test_verified_token_needs_no_provider(own_provider: ProviderProcess) -> None:
    with closing((app := app_for(own_provider.url)).app):
        token = own_provider.access_token()
        assert user_of(app, token) is not None
        own_provider.stop()
        assert user_of(app, token) is not None
        assert user_of(app, "unknown", status=503) is None


def test_provider_that_is_away_is_left_alone_for_a_while(provider: ProviderProcess) -> None:
    provider.want(delay={"/userinfo": 3})
    with closing((app := app_for(provider.url, timeout_seconds="0.2")).app):
        user_of(app, provider.opaque("opaque-1", {"sub": "bob"}), status=503)
        asked = provider.calls("/userinfo")
        user_of(app, provider.opaque("opaque-2", {"sub": "bob"}), status=503)
        assert provider.calls("/userinfo") == asked


@pytest.mark.parametrize("status", [429, 500, 503])
def test_provider_in_trouble_is_no_refusal(
    app: TestApp, provider: ProviderProcess, status: int
) -> None:
    token = provider.access_token()
    provider.want(status={"/userinfo": status})
    user_of(app, token, status=503)
    provider.want()
    assert user_of(app, token) is not None


@pytest.mark.parametrize(
    "document",
    [
        {"issuer": "https://another.example.org"},
        {"issuer": None},
        {"userinfo_endpoint": "http://internal.example.org/userinfo"},
        {"token_endpoint": "ftp://127.0.0.1/token"},
        {"jwks_uri": "https://user:word@example.org/jwks"},
        {"jwks_uri": 1},
        {"authorization_endpoint": "javascript:alert(1)"},
    ],
)
def test_document_that_may_not_be_followed(
    provider: ProviderProcess, document: Mapping[str, Any]
) -> None:
    token = provider.access_token()
    provider.want(document=document)
    with closing((app := app_for(provider.url)).app):
        user_of(app, token, status=503)
        assert provider.calls("/userinfo") == 0


@pytest.mark.parametrize(
    "wanted",
    [
        {"body": {"/.well-known/openid-configuration": "<html>"}},
        {"status": {"/.well-known/openid-configuration": 404}},
        {"body": {"/jwks": "{}"}},
        {"body": {"/userinfo": "x" * 300_000}},
        {"redirect": {"/.well-known/openid-configuration": "http://127.0.0.1:9/"}},
    ],
)
def test_answer_of_no_use(provider: ProviderProcess, wanted: Mapping[str, Any]) -> None:
    token = provider.access_token()
    provider.want(**wanted)
    with closing((app := app_for(provider.url)).app):
        user_of(app, token, status=503)


def test_redirections_are_not_followed(app: TestApp, provider: ProviderProcess) -> None:
    token = provider.access_token()
    provider.want(redirect={"/userinfo": f"{provider.url}/elsewhere"})
    assert user_of(app, token) is None
    assert provider.calls("/elsewhere") == 0


def test_slow_provider_takes_few_threads(
    provider: ProviderProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetching, "TURN_SECONDS", 0.01)
    provider.want(delay={"/userinfo": 1})
    fetcher = fetching.Fetcher(5, at_once=1)
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(fetcher.get, f"{provider.url}/userinfo")
        while not provider.calls("/userinfo"):
            pass  # it is on its way
        with pytest.raises(fetching.ProviderAway, match="too many"):
            fetcher.get(f"{provider.url}/jwks")
        assert first.result().status == 401
    assert fetcher.get(f"{provider.url}/jwks").is_success
