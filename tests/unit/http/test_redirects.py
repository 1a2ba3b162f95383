"""What has no route."""

from typing import Any

import pytest

from kinto_core.http.errors import HttpError
from kinto_core.http.exchange import Reply
from kinto_core.http.redirects import without_route
from kinto_core.http.site import Site
from kinto_core.testing import make_server


def ask(path: str, query: str = "", method: str = "GET", **values: str) -> Reply:
    """The reply to a request that nothing serves."""
    environ: dict[str, Any] = {
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "REQUEST_METHOD": method,
        "HTTP_HOST": "example.org",
        "wsgi.url_scheme": "http",
    }
    with make_server(values) as server:
        return without_route(Site.of(server), environ)


@pytest.mark.parametrize(
    ("path", "location"),
    [
        ("/buckets", "http://example.org/v1/buckets?a=%20"),  # protocol V-3
        ("/", "http://example.org/v1/?a=%20"),
        ("/v1", "http://example.org/v1/?a=%20"),  # protocol V-6
        ("/v1/buckets/", "http://example.org/v1/buckets?a=%20"),
        ("/v1/a b/", "http://example.org/v1/a%20b?a=%20"),
    ],
)
def test_redirects(path: str, location: str) -> None:
    reply = ask(path, "a=%20")
    assert reply.status == 307
    assert dict(reply.headers)["Location"] == location


@pytest.mark.parametrize("path", ["//evil.org/x", "//evil.org/x/", "/v1//evil.org/", "/\\evil.org"])
def test_no_redirect_leaves_the_site(path: str) -> None:
    location = dict(ask(path).headers)["Location"]
    assert location.startswith("http://example.org/v1")


@pytest.mark.parametrize(
    ("path", "errno"), [("/v2/x", 116), ("/v10/", 111), ("/v1x", 111), ("/v1/nope", 111)]
)
def test_other_urls_are_missing(path: str, errno: int) -> None:
    if path.endswith("/"):
        assert ask(path).status == 307  # begins with /v1, so its slash goes
        return
    with pytest.raises(HttpError) as caught:
        ask(path)  # protocol V-2
    assert caught.value.kind.errno == errno


def test_options_is_answered() -> None:
    assert ask("/buckets", method="OPTIONS").status == 200  # protocol V-4


def test_redirects_can_be_switched_off() -> None:
    with pytest.raises(HttpError) as caught:
        ask("/buckets", version_prefix_redirect_enabled="false")
    assert caught.value.kind.errno == 116  # protocol V-5
    with pytest.raises(HttpError) as missing:
        ask("/v1/buckets/", trailing_slash_redirect_enabled="false")
    assert missing.value.kind.errno == 111  # protocol V-8


def test_cache_headers() -> None:
    assert "Cache-Control" not in dict(ask("/buckets").headers)
    assert dict(ask("/v1/buckets/").headers)["Cache-Control"] == "max-age=3600"
    none = dict(ask("/buckets", version_prefix_redirect_ttl_seconds="0").headers)
    assert none["Pragma"] == "no-cache"
    assert "must-revalidate" in none["Cache-Control"]
