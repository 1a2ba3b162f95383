"""Callbacks, addresses and parameters: decisions without I/O."""

from collections.abc import Mapping

import pytest

from kinto_core.builtin.openid.addresses import address_problem
from kinto_core.builtin.openid.callbacks import is_trusted
from kinto_core.builtin.openid.logins import browser_of
from kinto_core.builtin.openid.settings import LOCAL_CALLBACKS, read_parameters
from kinto_core.errors import ConfigurationError


@pytest.mark.parametrize(
    "url",
    [
        "http://localhost:3000/#tokens=",
        "http://LOCALHOST/",
        "http://localhost",
        "http://127.0.0.1:99/a/b?c=d#e",
        "http://localhost:1?x=..",
    ],
)
def test_local_pages_are_trusted(url: str) -> None:
    assert is_trusted(url, LOCAL_CALLBACKS)  # B-93


@pytest.mark.parametrize(
    "url",
    [
        "https://localhost/",
        "http://localhost.evil.example/",
        "http://user@localhost:3000/",
        "http://localhost:3000@evil.example/",
        "http://localhost\\@evil.example/",
        "http://evil.example\\localhost/",
        "http://evil.example#localhost/",
        "http://[::1]:99/",
        "http://localhost:port/",
        "http://localhost:/",
        "http://localhost:123456/",
        "http://localhost/a/../b",
        "http://localhost/a/%2E%2e/b",
        "http://localhost/a\\..\\b",
        "http://localhost/a b",
        "http://localhost/\n",
        "javascript://localhost/%0aalert(1)",
        "//localhost/",
        "http:localhost",
        "",
    ],
)
def test_other_pages_are_not(url: str) -> None:
    assert not is_trusted(url, LOCAL_CALLBACKS)  # B-94, B-96


@pytest.mark.parametrize(
    ("pattern", "url", "is_fit"),
    [
        ("https://*.example.org/*", "https://a.b.example.org/", True),  # B-94
        ("https://*.example.org/*", "https://example.org/", False),
        ("https://*.example.org/*", "https://evil.io/.example.org/", False),
        ("https://app.example.com/*", "https://app.example.com:443/x", True),  # B-95
        ("https://app.example.com/*", "https://app.example.com:8443/x", False),
        ("https://app.example.com/a", "https://app.example.com/a", True),
        ("https://app.example.com/a", "https://app.example.com/a?b", False),
        ("https://app.example.com", "https://app.example.com/", True),
        ("http://[::1]:*/*", "http://[::1]:99/", True),
        ("*", "https://app.example.com/", False),  # B-96
        ("ftp://*/*", "ftp://app.example.com/", False),
    ],
)
def test_patterns(pattern: str, url: str, is_fit: bool) -> None:
    assert is_trusted(url, [pattern]) is is_fit


@pytest.mark.parametrize(
    ("url", "issuer", "is_allowed"),
    [
        ("https://accounts.example.org", None, True),
        ("http://accounts.example.org", None, False),
        ("http://localhost:8080/realms/x", None, True),
        ("http://127.0.0.2/", None, True),
        ("http://[::1]:1/", None, True),
        ("http://169.254.169.254/latest", None, False),
        ("http://127.0.0.1/admin", "https://accounts.example.org", False),
        ("http://127.0.0.1/userinfo", "http://localhost:1", True),
        ("https://elsewhere.example.org/userinfo", "https://accounts.example.org", True),
        ("https://", None, False),
        ("https://a:b@example.org", None, False),
        ("https://example.org:x", None, False),
        ("https://example.org/\r\nX: y", None, False),
        ("file:///etc/passwd", None, False),
    ],
)
def test_where_requests_may_go(url: str, issuer: str | None, is_allowed: bool) -> None:
    assert (address_problem(url, issuer=issuer) is None) is is_allowed


def test_every_problem_of_the_parameters_is_told() -> None:
    # B-72, B-73; settings S-137
    with pytest.raises(ConfigurationError) as caught:
        read_parameters("idp", {"issuer": "http://accounts.example.org", "header_type": "a b"})
    assert [problem.partition(":")[0] for problem in caught.value.problems] == [
        "multiauth.policy.idp.issuer",
        "multiauth.policy.idp.client_id",
        "multiauth.policy.idp.header_type",
    ]


@pytest.mark.parametrize(
    "parameters",
    [{"algorithms": "HS256"}, {"algorithms": "none"}, {"state_length": "4"}, {"isuer": "x"}],
)
def test_parameters_that_are_refused(parameters: Mapping[str, str]) -> None:
    usual = {"issuer": "https://accounts.example.org", "client_id": "c", "client_secret": "hidden"}
    with pytest.raises(ConfigurationError, match=r"multiauth\.policy\.idp") as caught:
        read_parameters("idp", usual | dict(parameters))
    assert "hidden" not in str(caught.value)


@pytest.mark.parametrize(
    ("cookies", "is_known"),
    [
        (f"kinto_openid={'a' * 43}", True),
        (f"other=1; kinto_openid={'a' * 43}", True),
        ("kinto_openid=short", False),
        ("kinto_openid=", False),
        ("a=b", False),
        ("[]=;;=", False),
        (None, False),
    ],
)
def test_browsers_are_known_by_a_cookie(cookies: str | None, is_known: bool) -> None:
    assert (browser_of(cookies) is not None) is is_known
