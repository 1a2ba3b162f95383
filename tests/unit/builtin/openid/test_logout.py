"""Sessions that the provider ends (built-in plugins BW-8; Back-Channel Logout 1.0)."""

import time
from collections.abc import Mapping
from contextlib import closing
from typing import Any

import pytest
from webtest import TestApp

from kinto_core.builtin.openid.tokens import LOGOUT_EVENT
from tests.unit.builtin.openid.rig import ProviderProcess, app_for, user_of


def logout(
    app: TestApp, provider: ProviderProcess, status: int = 200, **changes: object
) -> Mapping[str, Any]:
    """Tell the server that Alice was logged out just now."""
    now = int(time.time()) + 1
    claims = {
        "iss": provider.url,
        "aud": "kinto",
        "iat": now,
        "exp": now + 120,
        "jti": "1",
        "events": {LOGOUT_EVENT: {}},
        "sub": "alice",
    } | changes
    known = {name: value for name, value in claims.items() if value is not None}
    token = provider.ask("sign", {"claims": known})["token"]
    response = app.post("/v1/openid/idp/logout", {"logout_token": token}, status=status)
    found: Mapping[str, Any] = response.json
    return found


def test_tokens_of_the_user_count_no_more(cached_app: TestApp, provider: ProviderProcess) -> None:
    token = provider.access_token()
    assert user_of(cached_app, token) is not None
    logout(cached_app, provider)
    assert user_of(cached_app, token) is None
    assert user_of(cached_app, provider.access_token(iat=int(time.time()) + 2)) is not None


def test_other_users_and_sessions_stay(app: TestApp, provider: ProviderProcess) -> None:
    token = provider.access_token(sid="first")
    other = provider.access_token(sid="second")
    assert user_of(app, token) is not None
    logout(app, provider, sub="bob")
    logout(app, provider, sid="first")
    assert user_of(app, token) is None
    assert user_of(app, other) is not None


def test_opaque_token_is_asked_about_again(app: TestApp, provider: ProviderProcess) -> None:
    token = provider.opaque("opaque-z", {"sub": "alice"})
    assert user_of(app, token) is not None
    logout(app, provider)
    provider.want(status={"/userinfo": 401})
    assert user_of(app, token) is None


def test_other_processes_hear_of_it(provider: ProviderProcess, redis_url: str) -> None:
    more = {"cache_backend": "redis", "cache_url": redis_url}
    token = provider.access_token()
    with closing((first := app_for(provider.url, more)).app):
        assert user_of(first, token) is not None
        logout(first, provider)
    with closing((second := app_for(provider.url, more)).app):
        assert user_of(second, token) is None


@pytest.mark.parametrize(
    "changes",
    [
        {"events": None},
        {"events": {"another": {}}},
        {"nonce": "x"},
        {"aud": "another-client"},
        {"iss": "https://another.example.org"},
        {"sub": None},
        {"sub": 1},
        {"iat": None},
        {"exp": 1_000_000_000},
    ],
)
def test_other_tokens_end_nothing(
    app: TestApp, provider: ProviderProcess, changes: Mapping[str, object]
) -> None:
    token = provider.access_token()
    fault = logout(app, provider, status=400, **changes)["details"][0]
    assert fault["name"] == "logout_token"
    assert user_of(app, token) is not None


def test_form_without_token(app: TestApp) -> None:
    app.post("/v1/openid/idp/logout", b"\xff", status=400)
    app.post("/v1/openid/other/logout", {"logout_token": "a.b.c"}, status=400)
