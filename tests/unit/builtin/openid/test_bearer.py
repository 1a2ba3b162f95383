"""Tokens that authenticate requests (built-in plugins 4.5)."""

import time
from collections.abc import Mapping
from contextlib import closing
from typing import Any

import pytest
from webtest import TestApp

from tests.unit.builtin.openid.rig import ProviderProcess, app_for, settings_for, user_of

NOW = int(time.time())  # when the tests were collected: a whole run may lie between
DAY = 86_400


def test_signed_token(cached_app: TestApp, provider: ProviderProcess) -> None:
    # B-102, B-103
    user = user_of(cached_app, provider.access_token())
    assert user is not None
    assert user["id"] == "idp:alice"
    assert user["profile"] == {
        "sub": "alice",
        "email": "alice@example.org",
        "email_verified": True,
    }


@pytest.mark.parametrize("key", ["rsa", "ec", "ed"])
@pytest.mark.parametrize("header", [{}, {"kid": None}, {"x-own": "header"}])
def test_asymmetric_signatures(
    app: TestApp, provider: ProviderProcess, key: str, header: Mapping[str, Any]
) -> None:
    claims = {"iss": provider.url, "sub": "alice", "aud": "kinto", "exp": NOW + DAY}
    token = provider.ask("sign", {"claims": claims, "key": key, "header": header})["token"]
    assert user_of(app, token) is not None


@pytest.mark.parametrize(
    "changes",
    [
        {"exp": NOW - DAY},
        {"exp": None},
        {"exp": "tomorrow"},
        {"exp": True},
        {"nbf": NOW + DAY},
        {"iat": NOW + DAY},
        {"iss": "https://another.example.org"},
        {"iss": None},
        {"azp": "another-client"},
        {"azp": None},
        {"azp": ["kinto"]},
        {"sub": "mallory"},  # the profile is Alice's
        {"at_hash": "AAAA"},  # an ID token
        {"events": {}},  # a logout token
    ],
)
def test_token_that_is_not_to_be_believed(
    app: TestApp, provider: ProviderProcess, changes: Mapping[str, Any]
) -> None:
    # BW-9
    token = provider.access_token(**changes)
    assert user_of(app, token) is None
    app.get("/v1/buckets", headers={"Authorization": f"Bearer {token}"}, status=401)


def test_clock_of_the_provider_may_differ_a_little(app: TestApp, provider: ProviderProcess) -> None:
    now = int(time.time())
    token = provider.access_token(exp=now - 10, iat=now + 10, nbf=now + 10)
    assert user_of(app, token) is not None


@pytest.mark.parametrize(
    ("key", "header"),
    [("other", {}), ("other", {"kid": None}), ("hs", {}), ("rsa", {"kid": "strange"})],
)
def test_signature_must_be_the_providers(
    app: TestApp, provider: ProviderProcess, key: str, header: Mapping[str, Any]
) -> None:
    # BW-9, RFC 8725: another key, or its public key used as a shared secret
    claims = {"iss": provider.url, "sub": "alice", "aud": "kinto", "exp": NOW + DAY}
    token = provider.ask("sign", {"claims": claims, "key": key, "header": header})["token"]
    assert user_of(app, token) is None


def test_unsigned_token(app: TestApp, provider: ProviderProcess) -> None:
    head, claims, _ = provider.access_token().split(".")
    assert user_of(app, f"eyJhbGciOiJub25lIn0.{claims}.") is None
    assert user_of(app, f"{head}.{claims}.AAAA") is None


def test_only_the_algorithms_of_the_setting(provider: ProviderProcess) -> None:
    with closing((app := app_for(provider.url, algorithms="ES256")).app):
        assert user_of(app, provider.access_token()) is None


def test_audience(provider: ProviderProcess) -> None:
    # B-105, BW-9
    with closing((app := app_for(provider.url, audience="our-api")).app):
        assert user_of(app, provider.access_token(aud="our-api")) is not None
        assert user_of(app, provider.access_token(aud=["x", "our-api"])) is not None
        assert user_of(app, provider.access_token(aud="kinto")) is None
        assert user_of(app, provider.opaque("opaque-a", {"sub": "alice"})) is None


def test_tokens_of_others_are_not_sent_to_the_provider(
    app: TestApp, provider: ProviderProcess
) -> None:
    token = provider.access_token(iss="https://another.example.org")
    provider.want()
    assert user_of(app, token) is None
    assert provider.calls("/userinfo") == 0


def test_opaque_token(app: TestApp, provider: ProviderProcess) -> None:
    # B-102
    token = provider.opaque("opaque-b", {"sub": "bob"})
    user = user_of(app, token)
    assert user is not None
    assert user["id"] == "idp:bob"
    assert user_of(app, "unknown") is None


@pytest.mark.parametrize(
    ("said", "is_accepted"),
    [
        ({"client_id": "kinto"}, True),
        ({"client_id": "kinto", "exp": NOW + DAY}, True),
        ({"aud": ["kinto"]}, True),
        ({"client_id": "another-client"}, False),
        ({}, False),
        ({"client_id": "kinto", "active": False}, False),
        ({"client_id": "kinto", "exp": NOW - DAY}, False),
        ({"client_id": "kinto", "sub": "mallory"}, False),
    ],
)
def test_introspection_says_for_whom_an_opaque_token_is(
    provider: ProviderProcess, said: Mapping[str, Any], is_accepted: bool
) -> None:
    # BW-9, RFC 7662
    provider.want(document={"introspection_endpoint": f"{provider.url}/introspect"})
    token = provider.opaque("opaque-c", {"sub": "bob"}, **said)
    with closing((app := app_for(provider.url)).app):
        assert (user_of(app, token) is not None) is is_accepted


@pytest.mark.parametrize(
    "profile",
    [
        {"sub": None},
        {"sub": ""},
        {"sub": {"a": 1}},
        {"sub": True},
        {"sub": "x" * 300},
        {"sub": "a\nb"},
    ],
)
def test_profile_without_usable_id(
    app: TestApp, provider: ProviderProcess, profile: Mapping[str, Any]
) -> None:
    # B-102
    assert (
        user_of(app, provider.opaque(f"opaque-{hash(str(profile))}".replace("-", ""), profile))
        is None
    )


def test_number_as_id(app: TestApp, provider: ProviderProcess) -> None:
    # B-102
    user = user_of(app, provider.opaque("opaque-d", {"sub": 42}))
    assert user is not None
    assert user["id"] == "idp:42"


def test_unverified_address_is_nobodys(provider: ProviderProcess) -> None:
    with closing((app := app_for(provider.url, userid_field="email")).app):
        assert user_of(app, provider.opaque("opaque-e", {"email": "a@b.c"})) is not None
        unverified = {"email": "a@b.c", "email_verified": False}
        assert user_of(app, provider.opaque("opaque-f", unverified)) is None


@pytest.mark.parametrize("body", ["[1]", "Sorry", '"text"', ""])
def test_profile_that_is_no_object(app: TestApp, provider: ProviderProcess, body: str) -> None:
    # B-102; an array gives no error
    token = provider.opaque("opaque-g", {"sub": "bob"})
    provider.want(body={"/userinfo": body})
    assert user_of(app, token) is None


def test_claims_as_profile(provider: ProviderProcess) -> None:
    with closing((app := app_for(provider.url, ask_userinfo="false")).app):
        user = user_of(app, provider.access_token(sub="carol"))
        assert user is not None
        assert user["id"] == "idp:carol"
        assert provider.calls("/userinfo") == 0


@pytest.mark.parametrize("header", ["Bearer", "Bearer ", "Bearer a b", "Bearer é", "Basic abc"])
def test_header_without_token(app: TestApp, provider: ProviderProcess, header: str) -> None:
    response = app.get("/v1/", headers={"Authorization": header})
    assert "user" not in response.json
    assert provider.calls("/userinfo") == 0


def test_other_scheme_and_realm(provider: ProviderProcess) -> None:
    # B-76, B-83, B-108
    with closing((app := app_for(provider.url, header_type="JWT", realm="Here")).app):
        token = provider.access_token()
        assert "user" in app.get("/v1/", headers={"Authorization": f"jwt {token}"}).json
        assert user_of(app, token) is None
        challenges = app.get("/v1/buckets", status=401).headers.getall("WWW-Authenticate")
        assert challenges == ['JWT realm="Here"', 'Basic realm="Realm"']


def test_policy_without_plugin(provider: ProviderProcess) -> None:
    # B-85: authentication, but neither capability nor endpoints nor profile
    with closing((app := app_for(provider.url, {"includes": ""})).app):
        user = user_of(app, provider.access_token())
        assert user is not None
        assert "profile" not in user
        assert "openid" not in app.get("/v1/").json["capabilities"]
        app.get("/v1/openid/idp/login", status=404)


def test_names_of_the_protocol_world(provider: ProviderProcess) -> None:
    # B-12, B-71
    more = {"includes": "kinto.plugins.openid"}
    use = "kinto.plugins.openid.OpenIDConnectPolicy"
    with closing((app := app_for(provider.url, more, use=use)).app):
        assert user_of(app, provider.access_token()) is not None
        assert app.get("/v1/").json["capabilities"]["openid"]["providers"] == [
            {
                "name": "idp",
                "issuer": provider.url,
                "auth_path": "/openid/idp/login",
                "client_id": "kinto",
                "audience": "",
                "header_type": "Bearer",
                "userinfo_endpoint": f"{provider.url}/userinfo",
            }
        ]


def test_plugin_without_policy() -> None:
    # B-85
    with closing((app := app_for("http://127.0.0.1:9", {"multiauth.policies": "basicauth"})).app):
        assert "openid" not in app.get("/v1/").json["capabilities"]
        assert "openid" not in app.get("/v1/__heartbeat__").json


def test_token_of_the_second_provider(provider: ProviderProcess) -> None:
    # B-107; the first is away, which is no reason to refuse the second one's users
    first = settings_for("http://127.0.0.1:9")
    more = {name.replace(".idp.", ".away."): value for name, value in first.items()}
    more |= {"multiauth.policies": "away idp"}
    with closing((app := app_for(provider.url, more)).app):
        assert user_of(app, provider.opaque("opaque-h", {"sub": "bob"})) is not None
        assert user_of(app, provider.access_token()) is not None
        app.get("/v1/", headers={"Authorization": "Bearer unknown"}, status=503)
